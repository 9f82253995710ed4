"""Read and check a GGUF file's header without trusting a byte of it. Knows nothing of block contents.

Every count, length and offset is checked against the file's size before anything is allocated for it, so a
damaged or hostile file costs a quick ModelFileError and bounded memory. The gguf library's own reader does
not do this, and makes an array object for every string (several seconds for a vocabulary of 150,000).

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import cast

import numpy as np

from prudent.compiler.readers.cursor import Cursor
from prudent.compiler.readers.weights import MetadataValue
from prudent.errors import UnsupportedModelError

MAGIC = b"GGUF"
VERSIONS = (2, 3)
DEFAULT_ALIGNMENT = 32
MAX_ALIGNMENT = 1 << 16
MAX_DIMENSIONS = 4
MAX_ENTRIES = 1 << 16
"""Most key-value pairs, and most tensors; real files have some dozens and some hundreds."""
MAX_ELEMENTS = 1 << 22
"""Most array elements in all metadata together; a vocabulary of 262,144 and its merges are under 1 << 20."""
MAX_NAME_BYTES = 1 << 12
MAX_STRING_BYTES = 1 << 24


class _Type(IntEnum):
    UINT8 = 0
    INT8 = 1
    UINT16 = 2
    INT16 = 3
    UINT32 = 4
    INT32 = 5
    FLOAT32 = 6
    BOOL = 7
    STRING = 8
    ARRAY = 9
    UINT64 = 10
    INT64 = 11
    FLOAT64 = 12


_NUMBERS: Mapping[_Type, np.dtype[np.generic]] = {
    _Type.UINT8: np.dtype("<u1"),
    _Type.INT8: np.dtype("<i1"),
    _Type.UINT16: np.dtype("<u2"),
    _Type.INT16: np.dtype("<i2"),
    _Type.UINT32: np.dtype("<u4"),
    _Type.INT32: np.dtype("<i4"),
    _Type.FLOAT32: np.dtype("<f4"),
    _Type.BOOL: np.dtype("<u1"),
    _Type.UINT64: np.dtype("<u8"),
    _Type.INT64: np.dtype("<i8"),
    _Type.FLOAT64: np.dtype("<f8"),
}


@dataclass(frozen=True, slots=True)
class RawTensor:
    """A tensor's entry in the header: dimensions innermost first, offset into the data section."""

    name: str
    dimensions: tuple[int, ...]
    type_id: int
    offset: int


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """A checked header. `data_start` is the file offset of the data section, `alignment` is in bytes."""

    metadata: dict[str, MetadataValue]
    tensors: tuple[RawTensor, ...]
    data_start: int
    alignment: int


def read_header(view: memoryview, name: str) -> GgufHeader:
    """Parse the header of the file whose bytes are `view`; `name` is for messages.

    Raises:
        ModelFileError: truncated, or a field contradicts the file's size or the format.
        UnsupportedModelError: a version of the format that is not read.
    """
    cursor = _Cursor(view, name)
    if bytes(cursor.take(4)) != MAGIC:
        raise cursor.error("does not begin with the GGUF magic")
    version = cursor.number("<I")
    if version not in VERSIONS:
        raise UnsupportedModelError(
            f"{name} is GGUF version {version}; versions 2 and 3 (little-endian) are read.",
            hint="Convert the model again with a current llama.cpp.",
        )
    tensor_count = cursor.count("<Q", item_bytes=24, what="tensors", most=MAX_ENTRIES)
    pair_count = cursor.count("<Q", item_bytes=13, what="metadata entries", most=MAX_ENTRIES)
    metadata: dict[str, MetadataValue] = {}
    for _ in range(pair_count):
        key = cursor.string(MAX_NAME_BYTES, "metadata key")
        if key in metadata:
            raise cursor.error(f"has the metadata key {key!r} twice")
        metadata[key] = _value(cursor, key)
    tensors = tuple(_tensor(cursor) for _ in range(tensor_count))
    if len({tensor.name for tensor in tensors}) != len(tensors):
        raise cursor.error("names a tensor twice")
    alignment = _alignment(metadata, cursor)
    data_start = -(-cursor.offset // alignment) * alignment
    return GgufHeader(metadata, tensors, data_start, alignment)


class _Cursor(Cursor):
    """A cursor that knows GGUF's arrays and strings, and how many array elements the file may still have."""

    def __init__(self, view: memoryview, name: str) -> None:
        super().__init__(view, name, "a GGUF")
        self._elements_left = MAX_ELEMENTS

    def array_length(self, item_bytes: int, key: str) -> int:
        length = self.count(
            "<Q", item_bytes=item_bytes, what=f"elements in {key!r}", most=self._elements_left
        )
        self._elements_left -= length
        return length

    def string(self, most: int, what: str) -> str:
        length = self.number("<Q")
        if length > most:
            raise self.error(f"claims a {what} of {length:,} bytes")
        try:
            return str(self.take(length), "utf-8")
        except UnicodeDecodeError as error:
            raise self.error(f"holds a {what} that is not UTF-8") from error


def _type(cursor: _Cursor, key: str) -> _Type:
    code = cursor.number("<I")
    try:
        return _Type(code)
    except ValueError as error:
        raise cursor.error(f"gives {key!r} the unknown type {code}") from error


def _value(cursor: _Cursor, key: str) -> MetadataValue:
    kind = _type(cursor, key)
    if kind is _Type.STRING:
        return cursor.string(MAX_STRING_BYTES, f"string in {key!r}")
    if kind is _Type.ARRAY:
        return _array(cursor, key)
    return _numbers(cursor, kind, 1)[0]


def _array(cursor: _Cursor, key: str) -> MetadataValue:
    kind = _type(cursor, key)
    if kind is _Type.ARRAY:
        raise cursor.error(f"nests arrays in {key!r}")
    if kind is _Type.STRING:
        length = cursor.array_length(8, key)
        return [cursor.string(MAX_STRING_BYTES, f"string in {key!r}") for _ in range(length)]
    return _numbers(cursor, kind, cursor.array_length(_NUMBERS[kind].itemsize, key))


def _numbers(cursor: _Cursor, kind: _Type, length: int) -> list[int] | list[float] | list[bool]:
    dtype = _NUMBERS[kind]
    array = np.frombuffer(cursor.take(length * dtype.itemsize), dtype)
    if kind is _Type.BOOL:
        array = array.astype(np.bool_)
    return cast(list[int] | list[float] | list[bool], array.tolist())


def _tensor(cursor: _Cursor) -> RawTensor:
    name = cursor.string(MAX_NAME_BYTES, "tensor name")
    rank = cursor.number("<I")
    if not 1 <= rank <= MAX_DIMENSIONS:
        raise cursor.error(f"gives the tensor {name!r} {rank:,} dimensions")
    dimensions = tuple(cursor.number("<Q") for _ in range(rank))
    return RawTensor(name, dimensions, type_id=cursor.number("<I"), offset=cursor.number("<Q"))


def _alignment(metadata: Mapping[str, MetadataValue], cursor: _Cursor) -> int:
    alignment = metadata.get("general.alignment", DEFAULT_ALIGNMENT)
    if (
        not isinstance(alignment, int)
        or not 1 <= alignment <= MAX_ALIGNMENT
        or alignment & (alignment - 1) != 0
    ):
        raise cursor.error(f"claims the alignment {alignment!r}")
    return alignment
