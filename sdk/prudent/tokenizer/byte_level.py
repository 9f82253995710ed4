"""The alphabet in which byte-level BPE vocabularies are written: one printable character a byte.

Knows no vocabulary. Bytes that are printable in Latin-1 stand for themselves, the others are the characters
from U+0100 on, in order of their value; so any byte string can be written as text without blanks.
"""

from __future__ import annotations

import codecs
import functools
from collections.abc import Sequence


@functools.cache
def alphabet() -> str:
    """The 256 characters, indexed by the byte that each stands for."""
    characters: list[str] = []
    shifted = 0x100
    for byte in range(256):
        if 0x21 <= byte <= 0x7E or (0xA1 <= byte <= 0xFF and byte != 0xAD):
            characters.append(chr(byte))
        else:
            characters.append(chr(shifted))
            shifted += 1
    return "".join(characters)


def to_bytes(tokens: Sequence[str]) -> list[bytes | None]:
    """The bytes that each token stands for; None for one that is not written in the alphabet."""
    mapping = codecs.charmap_build(alphabet())
    encode = codecs.charmap_encode
    try:
        # One pass over all of them is several times as fast as one call a token.
        together = encode("".join(tokens), "strict", mapping)[0]
    except UnicodeEncodeError:
        return [_one(token) for token in tokens]
    result: list[bytes | None] = []
    start = 0
    for token in tokens:
        end = start + len(token)
        result.append(together[start:end])
        start = end
    return result


def _one(token: str) -> bytes | None:
    try:
        return codecs.charmap_encode(token, "strict", codecs.charmap_build(alphabet()))[0]
    except UnicodeEncodeError:
        return None
