"""Read and check the header of an E5S1 file: dimensions, vocabulary, normalisation, the tensors' directory.

It does not know what the tensors are for. Little-endian throughout:

    "E5S1"  u32 version
    i32 hidden, layers, heads, ffn, vocab, positions, token types   f32 epsilon   i32 weights in a block
    i32 pieces, bos, eos, pad, unk   u64 blob bytes   u32 offsets[pieces + 1]   f32 scores[pieces]   blob
    i32 normalisation entries, u32 bytes; an entry is u32 code point, u8 n, u32 code points[n]
    i32 tensors; a tensor is u16 name length, name, u8 kind, u32 elements, u64 offset, u64 bytes
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np

from prudent.compiler.readers.cursor import Cursor
from prudent.compiler.readers.weights import MetadataValue
from prudent.errors import UnsupportedModelError

MAGIC = b"E5S1"
VERSION = 1
ARCHITECTURE = "e5"
MAX_PIECES = 1 << 20
MAX_PIECE_BYTES = 1 << 10
MAX_REPLACED = 1 << 16
MAX_TENSORS = 1 << 14
LAST_CODE_POINT = 0x10FFFF

_DIMENSIONS = (
    "embedding_length",
    "block_count",
    "attention.head_count",
    "feed_forward_length",
    "vocab_size",
    "context_length",
    "token_type_count",
)


@dataclass(frozen=True, slots=True)
class RawTensor:
    """A tensor's entry in the directory: `offset` is into the file."""

    name: str
    kind: int
    elements: int
    offset: int
    bytes: int


@dataclass(frozen=True, slots=True)
class E5Header:
    """A checked header. `end` is the offset of the first byte after it; `block` the weights in a block."""

    metadata: dict[str, MetadataValue]
    dimensions: Mapping[str, int]
    tensors: tuple[RawTensor, ...]
    block: int
    end: int


def read_header(view: memoryview, name: str) -> E5Header:
    """Parse the header of the file whose bytes are `view`; `name` is for messages.

    Raises:
        ModelFileError: truncated, or a field contradicts the file's size or the format.
        UnsupportedModelError: a version of the format that is not read.
    """
    cursor = Cursor(view, name, "an E5S1")
    if bytes(cursor.take(4)) != MAGIC:
        raise cursor.error("does not begin with the E5S1 magic")
    version = cursor.number("<I")
    if version != VERSION:
        raise UnsupportedModelError(f"{name} is E5S1 version {version}; version {VERSION} is read.")
    sizes = {key: cursor.count("<i", item_bytes=1, what=key, most=MAX_PIECES) for key in _DIMENSIONS}
    epsilon: float = struct.unpack("<f", cursor.take(4))[0]
    block = cursor.number("<i")
    metadata: dict[str, MetadataValue] = {"general.architecture": ARCHITECTURE}
    metadata |= {f"{ARCHITECTURE}.{key}": value for key, value in sizes.items()}
    metadata[f"{ARCHITECTURE}.attention.layer_norm_epsilon"] = epsilon
    metadata |= _vocabulary(cursor)
    metadata |= _normalisation(cursor)
    tensors = _directory(cursor)
    return E5Header(metadata, sizes, tensors, block, cursor.offset)


def _vocabulary(cursor: Cursor) -> dict[str, MetadataValue]:
    count = cursor.count("<i", item_bytes=8, what="vocabulary pieces", most=MAX_PIECES)
    roles = {role: cursor.number("<i") for role in ("bos", "eos", "padding", "unknown")}
    blob_bytes = cursor.count("<Q", item_bytes=1, what="bytes of vocabulary", most=count * MAX_PIECE_BYTES)
    # Copies: an array over the file's own memory, alive in a traceback, would keep the file from closing.
    bounds = np.frombuffer(bytes(cursor.take(4 * (count + 1))), "<u4").astype(np.int64)
    scores = np.frombuffer(bytes(cursor.take(4 * count)), "<f4")
    if bounds[0] != 0 or bounds[-1] != blob_bytes or bool((np.diff(bounds) < 0).any()):
        raise cursor.error("has a vocabulary whose pieces are not one after the other")
    if not bool(np.isfinite(scores).all()):
        raise cursor.error("has scores in its vocabulary that are not finite numbers")
    blob, ends = bytes(cursor.take(blob_bytes)), cast("list[int]", bounds.tolist())
    try:
        pieces = [blob[ends[i] : ends[i + 1]].decode() for i in range(count)]
    except UnicodeDecodeError as error:
        raise cursor.error("has a piece in its vocabulary that is not UTF-8") from error
    return {
        "tokenizer.unigram.pieces": pieces,
        "tokenizer.unigram.scores": cast("list[float]", scores.tolist()),
        **{f"tokenizer.unigram.{role}_id": value for role, value in roles.items()},
    }


def _normalisation(cursor: Cursor) -> dict[str, MetadataValue]:
    """Single code points and what each becomes."""
    count = cursor.count("<i", item_bytes=5, what="normalisation entries", most=MAX_REPLACED)
    size = cursor.count("<I", item_bytes=1, what="bytes of normalisation", most=MAX_REPLACED * 1025)
    end = cursor.offset + size
    points: list[int] = []
    replacements: list[str] = []
    for _ in range(count):
        point = cursor.number("<I")
        if point > LAST_CODE_POINT:
            raise cursor.error(f"replaces the character {point:#x}, which is none")
        points.append(point)
        try:
            replacements.append(str(cursor.take(4 * cursor.number("<B")), "utf-32-le"))
        except UnicodeDecodeError as error:
            raise cursor.error("replaces a character by what is not text") from error
    if cursor.offset != end or len(set(points)) != count:
        raise cursor.error("has a normalisation map that contradicts its own size")
    return {"tokenizer.unigram.replaced": points, "tokenizer.unigram.replacements": replacements}


def _directory(cursor: Cursor) -> tuple[RawTensor, ...]:
    count = cursor.count("<i", item_bytes=23, what="tensors", most=MAX_TENSORS)
    tensors = tuple(_tensor(cursor) for _ in range(count))
    if len({tensor.name for tensor in tensors}) != count:
        raise cursor.error("names a tensor twice")
    return tensors


def _tensor(cursor: Cursor) -> RawTensor:
    raw = bytes(cursor.take(cursor.number("<H")))
    # Names are plain words; anything else would end up in messages and on terminals.
    if not raw.isascii() or not raw.decode("ascii").isprintable():
        raise cursor.error("has a tensor whose name is not plain text")
    kind, elements, offset, size = (cursor.number(code) for code in ("<B", "<I", "<Q", "<Q"))
    return RawTensor(raw.decode("ascii"), kind, elements, offset, size)
