"""Texts as the encoder reads them: windows of whole sentences, each with the labels that hold in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rows import ATTACKS, LABELS, Row

from prudent.tokenizer.unigram import UnigramTokenizer

LONGEST = 128
"""Tokens of a window, with the marks of beginning and end."""

_SENTENCE_END = re.compile(r"(?<=[.!?。！？；\n])\s*")
_MOST_CHARACTERS = 40_000
_MOST_OF_A_ROW = 5
_MARKS = 2
_FIRST_ATTACK = LABELS.index(ATTACKS[0])


@dataclass(frozen=True, eq=False)
class Window:
    """Token ids with both marks, the labels, and the index of the row."""

    ids: NDArray[np.int32]
    labels: NDArray[np.float32]
    row: int


def windows_of(
    rows: Sequence[Row], tokenizer: UnigramTokenizer, *, seed: int, longest: int = LONGEST
) -> list[Window]:
    """The windows of all rows, of at most `longest` tokens.

    Of a long training text some are drawn; of a test text all are kept. In a document with an injected text
    only the windows that hold most of it are attacks.
    """
    drawn = np.random.default_rng(seed)
    cutter = _Cutter(tokenizer, longest)
    found: list[Window] = []
    for index, row in enumerate(rows):
        pieces = list(cutter.pieces(row.text[:_MOST_CHARACTERS]))
        labelled = [Window(cutter.ids(text), _labels(row, start, text), index) for start, text in pieces]
        if row.split == "train" and len(labelled) > _MOST_OF_A_ROW:
            labelled = _drawn(labelled, drawn)
        found += labelled
    return found


class _Cutter:
    """Cuts texts at the ends of sentences."""

    def __init__(self, tokenizer: UnigramTokenizer, longest: int) -> None:
        self._tokenizer = tokenizer
        self._longest = longest

    def pieces(self, text: str) -> Iterator[tuple[int, str]]:
        """Runs of sentences that fit, with where they begin; a longer sentence is cut."""
        start, length = 0, _MARKS
        for first, end in self._sentences(text):
            added = len(self._tokenizer.encode(text[first:end])) - _MARKS
            if first > start and length + added > self._longest:
                yield start, text[start:first]
                start, length = first, _MARKS
            length += added
        if start < len(text):
            yield start, text[start:]

    def ids(self, text: str) -> NDArray[np.int32]:
        """The tokens of a piece with both marks."""
        ids = self._tokenizer.encode(text)
        if len(ids) > self._longest:
            ids = [*ids[: self._longest - 1], self._tokenizer.eos_id]
        return np.array(ids, np.int32)

    def _sentences(self, text: str) -> Iterator[tuple[int, int]]:
        start = 0
        for end in [*(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]:
            if end > start:
                yield from self._halved(text, start, end)
                start = end

    def _halved(self, text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The sentence, or halves of it that fit."""
        if end - start < 2 or len(self._tokenizer.encode(text[start:end])) <= self._longest:
            yield start, end
            return
        middle = (start + end) // 2
        yield from self._halved(text, start, middle)
        yield from self._halved(text, middle, end)


def _labels(row: Row, start: int, text: str) -> NDArray[np.float32]:
    if row.injected is None:
        return row.labels
    at = row.text.find(row.injected)
    shared = min(start + len(text), at + len(row.injected)) - max(start, at)
    if at < 0 or shared > 0.5 * min(len(row.injected), len(text)):
        return row.labels
    clean = row.labels.copy()
    clean[_FIRST_ATTACK:] = 0
    return clean


def _drawn(windows: list[Window], drawn: np.random.Generator) -> list[Window]:
    """A few of a text's windows, its attacks first."""
    attacks = [window for window in windows if window.labels[_FIRST_ATTACK] == 1]
    others = [window for window in windows if window.labels[_FIRST_ATTACK] != 1]
    room = max(1, _MOST_OF_A_ROW - len(attacks))
    kept = drawn.choice(len(others), min(room, len(others)), replace=False)
    return [*attacks[:_MOST_OF_A_ROW], *(others[index] for index in sorted(kept))]
