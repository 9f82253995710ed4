"""A page whose text was changed by a check: what was taken out is in no line and in no word.

Knows no check, no model and no HTTP.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from prudent.types.reading import TextLine, TextPage, TextWord

_TOKENS = re.compile(r"\s|[^\s]+")
"""Single spaces and the words between them."""


@dataclass(frozen=True, slots=True)
class _Change:
    """Characters [start, end) of the old text and what stands in their place."""

    start: int
    end: int
    text: str


def with_text(page: TextPage, text: str) -> TextPage:
    """The page with another text. A line or word that the change touches has the new text or none.

    What takes the place of several lines stands in the first of them; lines without text are left out.
    """
    if text == page.text:
        return page
    changes = _changes(page.text, text)
    lines: list[TextLine] = []
    for line in page.lines:
        changed = _changed(line, [c for c in changes if _touches(c, line.offset, len(line.text))], changes)
        if changed.text.strip():
            lines.append(changed)
    return page.model_copy(update={"text": text, "lines": lines})


def _changes(old: str, new: str) -> list[_Change]:
    """What differs, word by word."""
    before, after = _TOKENS.findall(old), _TOKENS.findall(new)
    starts = [0]
    for token in before:
        starts.append(starts[-1] + len(token))
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return [
        _Change(starts[a], starts[b], "".join(after[c:d]))
        for kind, a, b, c, d in matcher.get_opcodes()
        if kind != "equal"
    ]


def _touches(change: _Change, start: int, length: int) -> bool:
    return change.start < start + length and change.end > start


def _changed(line: TextLine, own: Sequence[_Change], changes: Sequence[_Change]) -> TextLine:
    offset = line.offset + _moved(line.offset, changes)
    if not own:
        return line if offset == line.offset else line.model_copy(update={"offset": offset})
    text = line.text
    for change in reversed(own):
        start, end = change.start - line.offset, change.end - line.offset
        # A change that began in a line before left its text there.
        text = text[: max(0, start)] + (change.text if start >= 0 else "") + text[end:]
    words = None if line.words is None else _kept_words(line, own)
    return line.model_copy(update={"text": text, "offset": offset, "words": words})


def _moved(offset: int, changes: Sequence[_Change]) -> int:
    """By how much the text before a place grew."""
    before = bisect_right([change.start for change in changes], offset - 1)
    return sum(len(change.text) - (change.end - change.start) for change in changes[:before])


def _kept_words(line: TextLine, own: Sequence[_Change]) -> list[TextWord]:
    """The words that no change touches; what stands in place of others has no single place."""
    kept: list[TextWord] = []
    at = 0
    for word in line.words or ():
        at = max(0, line.text.find(word.text, at))
        start = line.offset + at
        at += len(word.text)
        if not any(_touches(change, start, len(word.text)) for change in own):
            kept.append(word)
    return kept
