"""Whether anything is said in a text that the encoder could judge. Knows no model.

The encoder has learnt on what people say. Of a row of dashes, a table of numbers or a shrug made of signs it
gives scores all the same, and they mean nothing.
"""

from __future__ import annotations

import re
import unicodedata

_LETTERS = 2
"""So many letters are the least that a word has where letters are sounds."""
_WORD_ALONE = re.compile(
    "[\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff\U0001f000-\U0001faff]"
)
"""Signs that say something alone: Han, Hangul's syllables, pictures."""


def says_something(text: str) -> bool:
    """Whether there are two letters or a sign that is a word, in whatever width or style."""
    if _WORD_ALONE.search(text):
        return True
    letters = filter(str.isalpha, map(_plain, text))
    return sum(1 for _, _ in zip(letters, range(_LETTERS), strict=False)) == _LETTERS


def _plain(character: str) -> str:
    """The letter within a sign such as U+24D0, circled a; in brackets it stands between them."""
    return unicodedata.normalize("NFKC", character).strip("()")
