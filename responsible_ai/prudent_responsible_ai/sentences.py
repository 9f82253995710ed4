"""Where a streamed text can be cut into sentences. Where they end depends on the text alone, not its chunks.

A Latin sentence ends before the white space after its full stop; a Chinese one after its own. Short ones are
read with the next. What never ends is cut at `LONGEST_SENTENCE` characters, at white space where there is
some.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST_SENTENCE = 600
"""The most characters that a check of sentences holds back."""

_SHORTEST = 16
"""Fewer characters say too little alone."""

_END = re.compile(r"[.!?][\"'”’)\]]*(?=\s)|[。！？；\n]")
_WHITE = re.compile(r"\s(?=\S*\Z)")


def sentence_end(text: str, start: int, *, final: bool) -> int | None:
    """The end of the sentence that begins at `start`; None where more of the text must come first."""
    limit = start + LONGEST_SENTENCE
    for found in _END.finditer(text, start + _SHORTEST - 1, limit):
        return found.end()
    if len(text) > limit:
        space = _WHITE.search(text, start + LONGEST_SENTENCE // 2, limit)
        return space.end() if space else limit
    return len(text) if final and len(text) > start else None


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence of a whole text begins and ends, short ones too; together they are the text."""
    start = 0
    for found in _END.finditer(text):
        yield start, found.end()
        start = found.end()
    if start < len(text):
        yield start, len(text)
