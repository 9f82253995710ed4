"""Cuts texts into windows of whole sentences that fit the encoder. Knows a tokenizer and no model.

The same cuts serve training and use, so that the encoder meets what it learnt on. What is repeated more than
twice counts as two repeats, so that padding takes no room.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from prudent_responsible_ai.encoder.repeats import without_repeats

LONGEST = 128
"""Tokens of a window, with the marks of beginning and end."""

_SENTENCE_END = re.compile(r"(?<=[.!?。！？；\n])\s*")
_MARKS = 2
_LONGEST_RUN = 2_000
"""Characters that are tokenized at once to find out whether they fit; more never do."""


class Tokenizer(Protocol):
    """Text to ids between the marks of beginning and end."""

    @property
    def eos_id(self) -> int:
        """The mark of the end."""
        ...

    def encode(self, text: str) -> list[int]:
        """The ids of a text."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """What is read together: `text` stands at `start` of the whole. `ids` and `places` as `Cutter.tokens`."""

    start: int
    text: str
    ids: list[int]
    places: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class _Sentence:
    """Where a sentence begins, and its tokens without marks."""

    start: int
    tokens: int


class Cutter:
    """Cuts texts at the ends of sentences."""

    def __init__(self, tokenizer: Tokenizer, longest: int = LONGEST) -> None:
        self._tokenizer = tokenizer
        self._longest = longest

    def cut(self, text: str) -> list[Piece]:
        """The text where it fits as a whole, else runs of sentences that fit; a longer one is cut in halves.

        The last two are of like length. An empty text has no pieces.
        """
        if len(text) <= _LONGEST_RUN:
            ids, places = without_repeats(self._tokenizer.encode(text))
            if len(ids) <= self._longest:
                return [Piece(0, text, ids, places)] if text else []
        return [Piece(start, piece, *self.tokens(piece)) for start, piece in self._runs(text)]

    def pieces(self, text: str) -> Iterator[tuple[int, str]]:
        """Where the pieces of a text begin, and what they say."""
        return ((piece.start, piece.text) for piece in self.cut(text))

    def ids(self, text: str) -> list[int]:
        """The tokens of a piece with both marks, without repeats."""
        return self.tokens(text)[0]

    def tokens(self, text: str) -> tuple[list[int], NDArray[np.intp]]:
        """The tokens of a piece with both marks, without repeats, and which stands for each of the text's.

        Tokens that find no room have no place: the places end before them.
        """
        ids, places = without_repeats(self._tokenizer.encode(text))
        if len(ids) > self._longest:
            ids = [*ids[: self._longest - 1], self._tokenizer.eos_id]
            places = places[: int(np.argmax(places >= self._longest - 1))]
        return ids, places

    def _runs(self, text: str) -> Iterator[tuple[int, str]]:
        runs: list[list[_Sentence]] = []
        room = -1
        for first, end in self._sentences(text):
            added = self._length(text[first:end]) - _MARKS
            if added > room:
                runs.append([])
                room = self._longest - _MARKS
            runs[-1].append(_Sentence(first, added))
            room -= added
        runs[-2:] = _evened(runs[-2:])
        starts = [run[0].start for run in runs]
        for start, end in itertools.zip_longest(starts, starts[1:]):
            yield start, text[start:end]

    def _length(self, text: str) -> int:
        return len(without_repeats(self._tokenizer.encode(text))[0])

    def _sentences(self, text: str) -> Iterator[tuple[int, int]]:
        start = 0
        for end in [*(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]:
            if end > start:
                yield from self._halved(text, start, end)
                start = end

    def _halved(self, text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The sentence, or halves of it that fit."""
        fits = end - start <= _LONGEST_RUN and self._length(text[start:end]) <= self._longest
        if end - start < 2 or fits:
            yield start, end
            return
        middle = (start + end) // 2
        yield from self._halved(text, start, middle)
        yield from self._halved(text, middle, end)


def _evened(runs: list[list[_Sentence]]) -> list[list[_Sentence]]:
    """Two runs, divided where the longer of them is shortest: a few words alone are misread.

    Only the last two of a text, so that the others stay as they are while it grows.
    """
    sentences = list(itertools.chain.from_iterable(runs))
    if len(runs) < 2:
        return runs
    whole = sum(one.tokens for one in sentences)
    before = list(itertools.accumulate(one.tokens for one in sentences))[:-1]
    at = min(range(len(before)), key=lambda index: max(before[index], whole - before[index])) + 1
    return [sentences[:at], sentences[at:]]
