"""Texts as the words that are searched for, for scripts with spaces and without. Knows no index.

SQLite's tokenizer cuts at spaces, and so would take a Chinese sentence for one word; its trigrams miss words
of two signs, which are most. So runs of such scripts become overlapping pairs, as in Lucene.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

VERSION = 1
"""Of how texts are cut: an index made by another one is made anew."""

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Thai, Lao, Burmese, Khmer, Chinese, Japanese, Korean."""
_SIGNS_OF_VOWELS = "\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0dff"
"""Marks inside words that Python takes for their ends."""
_RUNS = re.compile(rf"([{_UNSPACED}]+)|((?:[^\W_{_UNSPACED}]|[{_SIGNS_OF_VOWELS}])+)")
_SIGN = re.compile(rf"[{_UNSPACED}]")
_LONGEST = 64
"""Characters of a word that are kept: what is longer is no word."""


def words(text: str) -> Iterator[str]:
    """The words of a text in order, folded; pairs of signs where a script has no spaces."""
    for match in _RUNS.finditer(unicodedata.normalize("NFKC", text).casefold()):
        run = match[1]
        if run is None:
            yield match[2][:_LONGEST]
        elif len(run) == 1:
            yield run
        else:
            yield from (run[place : place + 2] for place in range(len(run) - 1))


def signs(text: str) -> int:
    """How many characters are of scripts without spaces."""
    return len(_SIGN.findall(text))
