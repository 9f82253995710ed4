"""Scores of changed texts within a budget, each text scored once. Knows no words and no model."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Score: TypeAlias = Callable[[Sequence[str]], Sequence[float]]
"""Texts to the probability (0-1) of one label for each; a text's score does not depend on its neighbours."""

_LEAST = 1e-9
"""Probabilities nearer to 0 or 1 than this are taken for it, so that their log-odds are finite."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much may be spent on one explanation, counted in words that the model reads.

    A count, not a time, so that the same text has the same explanation on any machine. `search` is for
    finding the words, `proof` the most words that a text may have for a counterfactual to be proved on it,
    `draws` how many random removals the words are compared with.
    """

    search: int
    proof: int
    draws: int


SWIFT = Effort(search=300, proof=800, draws=1)
"""Beside a verdict that stops somebody: about 45 ms for 100 words where the model reads 8 words a ms."""

THOROUGH = Effort(search=20_000, proof=8_000, draws=8)
"""For a person who asks; a few seconds at most."""


class Ledger:
    """A score function that remembers, and counts the words it had to read. One explanation, one thread."""

    def __init__(self, score: Score, words: int) -> None:
        self._score = score
        self._known: dict[str, float] = {}
        self.left = words
        self.texts = 0
        """Texts that were scored."""

    def affords(self, words: int) -> bool:
        """Whether so many words may still be read."""
        return words <= self.left

    def score(self, texts: Sequence[str], words: int) -> list[float]:
        """The scores of texts, which have `words` words together; those known already cost nothing."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._known]
        if fresh:
            self._known.update(zip(fresh, self._score(fresh), strict=True))
            self.texts += len(fresh)
            self.left -= words * len(fresh) // len(texts)
        return [self._known[text] for text in texts]


def log_odds(probability: float) -> float:
    """ln(p / (1 - p)), finite also for 0 and 1."""
    bounded = min(max(probability, _LEAST), 1 - _LEAST)
    return math.log(bounded / (1 - bounded))
