"""Documents cut into sentences, and those of them that are nearest to a claim. It judges nothing."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from prudent_responsible_ai.grounding.facts import Fact, facts
from prudent_responsible_ai.grounding.words import Word, telling, words

MOST_CHARACTERS = 200_000
"""Of the documents of a request only so many are read: some 100 pages."""
_LONGEST = 400
_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+|(?<=[。！？；\n])[\s”」]*")


@dataclass(frozen=True)
class Passage:
    """A sentence of a document: characters [start, end) of part `part` of the request."""

    part: int
    start: int
    end: int
    text: str

    @cached_property
    def words(self) -> list[Word]:
        """Its words, small ones too."""
        return words(self.text)

    @cached_property
    def stems(self) -> Counter[str]:
        """How often each word that says something stands in it."""
        return Counter(word.stem for word in telling(self.words))

    @cached_property
    def facts(self) -> list[Fact]:
        """Its numbers, dates and names."""
        return facts(self.text)


class Documents:
    """All passages of the documents of a request, with what a word weighs among them."""

    def __init__(self, texts: Iterable[tuple[int, str]]) -> None:
        """`texts` are the documents with the index of their part."""
        self.passages: list[Passage] = []
        left = MOST_CHARACTERS
        self.complete = True
        """Whether all was read: beyond `MOST_CHARACTERS` nothing is."""
        read: list[str] = []
        for part, text in texts:
            self.complete = self.complete and len(text) <= left
            self.passages += _cut(part, text[:left])
            read.append(text[:left].strip())
            left = max(0, left - len(text))
        self.whole = "\n".join(filter(None, read))
        """The documents as one text, as far as they were read."""
        self._holding: Counter[str] = Counter()
        for passage in self.passages:
            self._holding.update(passage.stems.keys())

    def weight(self, stem: str) -> float:
        """How much a word tells: the fewer passages have it, the more (inverse document frequency)."""
        return 1.0 + math.log((1 + len(self.passages)) / (1 + self._holding[stem]))

    def holds(self, stem: str) -> bool:
        """Whether any passage has the word."""
        return stem in self._holding

    def nearest(self, claimed: Sequence[Word], most: int) -> list[tuple[float, Passage]]:
        """The passages with most of the weight of a claim's words, the best first; those with none are out.

        The share of the weight (0-1) stands before each.
        """
        weights = {stem: self.weight(stem) for stem in {word.stem for word in claimed}}
        whole = sum(weights.values()) or 1.0
        scored: list[tuple[float, int]] = []
        for index, passage in enumerate(self.passages):
            share = sum(weight for stem, weight in weights.items() if stem in passage.stems) / whole
            if share > 0:
                # Of equals the shorter is the better witness.
                scored.append((share - 1e-4 * math.log(1 + len(passage.text)), index))
        scored.sort(key=lambda one: (-one[0], one[1]))
        return [(max(0.0, share), self.passages[index]) for share, index in scored[:most]]


def _cut(part: int, text: str) -> list[Passage]:
    found: list[Passage] = []
    start = 0
    for end in [*(match.end() for match in _END.finditer(text)), len(text)]:
        while end > start:
            stop = end if end - start <= _LONGEST else _space(text, start + _LONGEST)
            piece = text[start:stop]
            if piece.strip():
                found.append(Passage(part, start, stop, piece))
            start = stop
    return found


def _space(text: str, limit: int) -> int:
    at = text.rfind(" ", limit - _LONGEST // 2, limit)
    return limit if at < 0 else at + 1
