"""The only module that meets the gguf library: block types by number, their sizes, and dequantisation.

It does not know files. The library is untyped where we use it, so its answers are given types here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import gguf
import numpy as np
from numpy.typing import NDArray

from prudent.compiler.readers.weights import FloatArray

# The package has partial hints; seen as Any, its untyped calls stay inside this file.
_gguf = cast("Any", gguf)

_SPAN_ELEMENTS = 4096
"""The library works in groups of 16 rows. Rows of about this many elements keep a group in the cache and
make the groups few: two to three times faster than rows of 576 elements."""

_BATCH_SPANS = 1024
"""Spans given to the library at once: it holds its answer twice, so this bounds the extra memory to 32 MB."""


@dataclass(frozen=True, slots=True)
class BlockType:
    """How weights are packed: `elements` weights in `bytes` bytes."""

    name: str
    elements: int
    bytes: int


def block_type(type_id: int) -> BlockType | None:
    """The block type with this number in the format, or None where it is unknown or cannot be dequantised."""
    try:
        kind = _gguf.GGMLQuantizationType(type_id)
    except ValueError:
        return None
    elements, size = cast("tuple[int, int]", _gguf.GGML_QUANT_SIZES[kind])
    candidate = BlockType(str(kind.name), elements, size)
    try:
        dequantize(np.zeros(size, np.uint8), candidate)
    except NotImplementedError:
        return None
    return candidate


def dequantize(data: NDArray[np.uint8], block: BlockType) -> FloatArray:
    """Float32 values of whole blocks: (bytes) -> (elements), in memory of its own."""
    kind = _gguf.GGMLQuantizationType[block.name]
    span = max(1, _SPAN_ELEMENTS // block.elements) * block.bytes
    out = np.empty(data.size // block.bytes * block.elements, np.float32)
    filled = 0
    # A damaged file may hold infinite scales; the reader judges the values, so no warning here.
    with np.errstate(all="ignore"):
        for rows in _batches(data, span):
            values: FloatArray = _gguf.quants.dequantize(rows, kind).reshape(-1)
            out[filled : filled + values.size] = values
            filled += values.size
    return out


def _batches(data: NDArray[np.uint8], span: int) -> Iterator[NDArray[np.uint8]]:
    """The bytes as matrices of rows of `span` bytes, and what is left over as one shorter row."""
    whole = data.size // span * span
    for start in range(0, whole, span * _BATCH_SPANS):
        yield data[start : min(whole, start + span * _BATCH_SPANS)].reshape(-1, span)
    if whole < data.size:
        yield data[whole:].reshape(1, -1)
