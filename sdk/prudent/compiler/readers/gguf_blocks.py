"""The only module that meets the gguf library: block types by number, their sizes, and dequantisation.

It does not know files. The library is untyped where we use it, so its answers are given types here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize as _library_dequantize  # pyright: ignore[reportUnknownVariableType]
from numpy.typing import NDArray

from prudent.compiler.readers.weights import FloatArray

_SIZES = cast(Mapping[GGMLQuantizationType, tuple[int, int]], GGML_QUANT_SIZES)
_dequantize = cast(Callable[[NDArray[np.uint8], GGMLQuantizationType], NDArray[Any]], _library_dequantize)

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
        kind = GGMLQuantizationType(type_id)
    except ValueError:
        return None
    elements, size = _SIZES[kind]
    candidate = BlockType(kind.name, elements, size)
    try:
        dequantize(np.zeros(size, np.uint8), candidate)
    except NotImplementedError:
        return None
    return candidate


def dequantize(data: NDArray[np.uint8], block: BlockType) -> FloatArray:
    """Float32 values of whole blocks: (bytes) -> (elements), in memory of its own."""
    kind = GGMLQuantizationType[block.name]
    span = max(1, _SPAN_ELEMENTS // block.elements) * block.bytes
    out = np.empty(data.size // block.bytes * block.elements, np.float32)
    filled = 0
    # A damaged file may hold infinite scales; the reader judges the values, so no warning here.
    with np.errstate(all="ignore"):
        for rows in _batches(data, span):
            values = _dequantize(rows, kind).reshape(-1)
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
