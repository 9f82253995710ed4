"""The alphabet in which byte-level BPE vocabularies are written: one printable character a byte.

Knows no vocabulary. Bytes that are printable in Latin-1 stand for themselves, the others are the characters
from U+0100 on, in order of their value; so any byte string can be written as text without blanks.
"""

from __future__ import annotations

import codecs
import functools
from collections.abc import Iterable


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


def to_bytes(tokens: Iterable[str]) -> list[bytes | None]:
    """The bytes that each token stands for; None for one that is not written in the alphabet."""
    mapping = codecs.charmap_build(alphabet())
    encode = codecs.charmap_encode
    result: list[bytes | None] = []
    for token in tokens:
        try:
            result.append(encode(token, "strict", mapping)[0])
        except UnicodeEncodeError:
            result.append(None)
    return result
