"""Where a streamed text can be cut into sentences. Where they end depends on the text alone, not its chunks.

A Latin sentence ends before the white space after its full stop; a Chinese one after its own. Short ones are
read with the next: the first of a text soon, since somebody waits for it, later ones only from
`LATER_SHORTEST` characters on, since each reading costs a pass of the encoder. What never ends is cut at
`LONGEST_SENTENCE` characters, at white space where there is some.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST_SENTENCE = 600
"""The most characters that a check of sentences holds back."""

SHORTEST = 16
"""Fewer characters say too little alone."""
LATER_SHORTEST = 60
"""Characters from which on what follows the first sentence is read."""

_END = re.compile(r"[.!?][\"'”’)\]]*(?=\s)|[。！？；\n]")
_WHITE = re.compile(r"\s(?=\S*\Z)")


def sentence_end(text: str, start: int, *, final: bool, shortest: int = SHORTEST) -> int | None:
    """The end of what is read together from `start` on, `shortest` characters at least.

    None where more of the text must come first.
    """
    limit = start + LONGEST_SENTENCE
    for found in _END.finditer(text, start + shortest - 1, limit):
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
