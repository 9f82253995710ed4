"""Open a safetensors file as Weights, with the config.json and tokenizer.json that lie beside it.

Every count and offset is checked before it is used. It does not know what the tensors are for. Integer
tensors are buffers, such as the positions 0 to 511, and no weights: they are left out.

Format: https://github.com/huggingface/safetensors#format (u64 header size, JSON header, data)
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from prudent.compiler.readers.gguf_blocks import BlockType, block_type
from prudent.compiler.readers.hub_folder import folder_metadata
from prudent.compiler.readers.mapped_file import MappedFile, Stored
from prudent.compiler.readers.mapped_weights import Located, MappedWeights
from prudent.compiler.readers.weights import TensorInfo
from prudent.errors import UnsupportedModelError

_SIZE_BYTES = 8
_MAX_HEADER_BYTES = 1 << 24
"""A header has some hundred bytes a tensor."""

_MAX_DIMENSIONS = 4
_DESCRIPTION = "__metadata__"

_GGUF_KINDS: Mapping[str, int] = {"F32": 0, "F16": 1, "BF16": 30}
"""The file's types as GGUF's block types of one element."""

_INTEGERS = frozenset({"BOOL", "U8", "I8", "U16", "I16", "U32", "I32", "U64", "I64"})


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    dtype: str
    shape: Annotated[list[Annotated[int, Field(ge=1, le=1 << 31)]], Field(max_length=_MAX_DIMENSIONS)]
    data_offsets: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=2, max_length=2)]


_HEADER = TypeAdapter(dict[str, _Entry])


class SafetensorsWeights(MappedWeights):
    """An open safetensors file (see `Weights`); metadata as `hub_folder` gives them."""

    def __init__(self, path: Path) -> None:
        """Map the file and check its header, every tensor's place and the files beside it.

        Raises:
            ModelFileError: a file is truncated, inconsistent or cannot be opened.
            UnsupportedModelError: a type of number or a feature that prudent does not read.
        """
        super().__init__(path, lambda file: _locate(file, path.parent))


def is_safetensors(beginning: bytes) -> bool:
    """Whether a file that begins so may be one: after eight bytes its header's JSON opens."""
    return beginning[_SIZE_BYTES : _SIZE_BYTES + 1] == b"{"


def _locate(file: MappedFile, folder: Path) -> Located:
    entries, data_start = _header(file)
    stored = {
        name: _place(name, entry, data_start, file)
        for name, entry in entries.items()
        if entry.dtype not in _INTEGERS
    }
    return folder_metadata(folder), stored


def _header(file: MappedFile) -> tuple[dict[str, _Entry], int]:
    with file.view() as view:
        size = int.from_bytes(view[:_SIZE_BYTES], "little")
        if len(view) < _SIZE_BYTES or size > min(_MAX_HEADER_BYTES, len(view) - _SIZE_BYTES):
            raise file.damaged(f"its header would have {size:,} bytes")
        content = bytes(view[_SIZE_BYTES : _SIZE_BYTES + size])
    try:
        found: dict[str, Any] = json.loads(content, object_pairs_hook=_once)
        found.pop(_DESCRIPTION, None)
        return _HEADER.validate_python(found), _SIZE_BYTES + size
    except (ValueError, AttributeError, RecursionError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise file.damaged(f"its header cannot be read ({reason[:80]})") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _place(name: str, entry: _Entry, data_start: int, file: MappedFile) -> Stored:
    kind = _GGUF_KINDS.get(entry.dtype)
    block: BlockType | None = None if kind is None else block_type(kind)
    if block is None:
        raise UnsupportedModelError(
            f"{file.name}: prudent cannot read the type {entry.dtype[:20]} of the tensor {name[:80]}.",
            hint=f"Use a file of {', '.join(_GGUF_KINDS)}.",
        )
    start, end = entry.data_offsets
    shape = tuple(entry.shape) or (1,)
    rows = shape[0] if len(shape) > 1 else 1
    row_bytes = math.prod(shape) // rows * block.bytes
    if end - start != rows * row_bytes:
        raise file.damaged(f"the tensor {name[:80]} has {end - start:,} bytes for {shape}")
    return Stored(TensorInfo(name, shape, block.name), block, data_start + start, rows, row_bytes)
