"""Read and check the directory of a CTranslate2 model.bin: scalars, tensors' places, aliases.

It does not know what the tensors are for. Little-endian throughout, version 6 of the format:

    u32 version   string specification   u32 revision
    u32 variables; each: string name, u8 rank, u32 dims[rank], u8 type, u32 bytes, payload in C order
    u32 aliases; each: string alias, string name of the variable
    string: u16 bytes (a final NUL counted), the bytes, NUL
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from prudent.compiler.readers.cursor import Cursor
from prudent.errors import UnsupportedModelError

VERSION = 6
MAGIC = struct.pack("<I", VERSION)
"""The format has none; a file begins with its version."""

MAX_VARIABLES = 1 << 14
MAX_RANK = 4

_TYPES: Mapping[int, tuple[str, int]] = {
    0: ("float32", 4),
    1: ("int8", 1),
    2: ("int16", 2),
    3: ("int32", 4),
    4: ("float16", 2),
    5: ("bfloat16", 2),
}
_WHOLE: Mapping[str, str] = {"int8": "<b", "int16": "<h", "int32": "<i"}


@dataclass(frozen=True, slots=True)
class RawTensor:
    """A tensor's entry: `offset` is into the file, `shape` outermost first."""

    name: str
    shape: tuple[int, ...]
    kind: str
    offset: int


@dataclass(frozen=True, slots=True)
class Ct2Header:
    """A checked directory. `scalars` are the variables without dimensions, all of them whole numbers."""

    specification: str
    revision: int
    scalars: dict[str, int]
    tensors: tuple[RawTensor, ...]
    aliases: dict[str, str]


def read_header(view: memoryview, name: str) -> Ct2Header:
    """Walk the file whose bytes are `view`; `name` is for messages. No payload is copied.

    Raises:
        ModelFileError: truncated, or a field contradicts the file's size or the format.
        UnsupportedModelError: a version of the format, or a type, that is not read.
    """
    cursor = Cursor(view, name, "a CTranslate2")
    version = cursor.number("<I")
    if version != VERSION:
        raise UnsupportedModelError(f"{name} is CTranslate2 version {version}; version {VERSION} is read.")
    specification, revision = _string(cursor), cursor.number("<I")
    scalars: dict[str, int] = {}
    tensors: dict[str, RawTensor] = {}
    for _ in range(cursor.count("<I", item_bytes=9, what="variables", most=MAX_VARIABLES)):
        variable = _variable(cursor)
        if isinstance(variable, RawTensor):
            key = variable.name
            fresh = key not in tensors and key not in scalars
            tensors[key] = variable
        else:
            key, value = variable
            fresh = key not in tensors and key not in scalars
            scalars[key] = value
        if not fresh:
            raise cursor.error(f"names the variable {key} twice")
    aliases = _aliases(cursor, set(tensors) | set(scalars))
    if cursor.offset != len(view):
        raise cursor.error(f"goes on for {len(view) - cursor.offset:,} bytes after its last alias")
    return Ct2Header(specification, revision, scalars, tuple(tensors.values()), aliases)


def _variable(cursor: Cursor) -> RawTensor | tuple[str, int]:
    name = _string(cursor)
    rank = cursor.number("<B")
    if rank > MAX_RANK:
        raise cursor.error(f"gives {name} {rank} dimensions")
    shape = tuple(cursor.number("<I") for _ in range(rank))
    type_id = cursor.number("<B")
    if type_id not in _TYPES:
        raise UnsupportedModelError(f"CTranslate2 type {type_id} of the variable {name} is not read.")
    kind, item_bytes = _TYPES[type_id]
    size = cursor.number("<I")
    if size != prod(shape) * item_bytes or not size:
        raise cursor.error(f"gives {name} {size:,} bytes for {shape} of {kind}")
    offset = cursor.offset
    # A view of the file's memory that is alive in a traceback would keep the file from closing.
    payload = b"" if shape else bytes(cursor.take(min(size, 4)))
    if shape:
        cursor.take(size).release()
        return RawTensor(name, shape, kind, offset)
    if kind not in _WHOLE:
        raise UnsupportedModelError(f"The variable {name} is a single {kind}, which no Whisper has.")
    value: int = struct.unpack(_WHOLE[kind], payload)[0]
    return name, value


def _aliases(cursor: Cursor, names: set[str]) -> dict[str, str]:
    aliases: dict[str, str] = {}
    for _ in range(cursor.count("<I", item_bytes=4, what="aliases", most=MAX_VARIABLES)):
        alias, target = _string(cursor), _string(cursor)
        if alias in names or alias in aliases or target not in names:
            raise cursor.error(f"gives {target} the name {alias}")
        aliases[alias] = target
    return aliases


def _string(cursor: Cursor) -> str:
    raw = bytes(cursor.take(cursor.number("<H")))
    text = raw[:-1]
    # Names are plain words; anything else would end up in messages and on terminals.
    if not raw.endswith(b"\0") or not text.isascii() or not text.decode("ascii").isprintable():
        raise cursor.error("has a name that is not plain text")
    return text.decode("ascii")
