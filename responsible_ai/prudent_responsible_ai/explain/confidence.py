"""Where a model was unsure of its answer, by the probabilities that it gave its own tokens. Knows no model.

Low probability is no sign of error by itself: there are many ways to say the same. Entropy of an answer as
mean and maximum over its tokens is what single-pass detectors of hallucination compare with a reference
(Calibrated Entropy Score, arXiv 2605.28264).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

UNSURE = 0.3
"""A token of less probability is named; neighbours become one stretch."""


@dataclass(frozen=True, slots=True)
class ScoredToken:
    """A token's text, its log-probability (nats), and those of the alternatives that were seen."""

    text: str
    logprob: float
    alternatives: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class UnsureStretch:
    """Characters [start, end) and the least probability of a token in them."""

    start: int
    end: int
    probability: float


def unsure_stretches(tokens: Iterable[ScoredToken]) -> list[UnsureStretch]:
    """The stretches of tokens that each have a probability below UNSURE."""
    found: list[UnsureStretch] = []
    at = 0
    for token in tokens:
        end = at + len(token.text)
        probability = math.exp(min(0.0, token.logprob))
        if probability < UNSURE and token.text.strip():
            if found and found[-1].end == at:
                last = found.pop()
                found.append(UnsureStretch(last.start, end, min(last.probability, probability)))
            else:
                start = at + len(token.text) - len(token.text.lstrip())
                found.append(UnsureStretch(start, end, probability))
        at = end
    return found


def entropy(token: ScoredToken) -> float:
    """A lower bound of a token's entropy (nats): of the alternatives seen, and all others as one."""
    seen = [math.exp(min(0.0, logprob)) for logprob in token.alternatives]
    rest = 1.0 - sum(seen)
    shares = [*seen, *([rest] if rest > 0 else [])]
    return -sum(share * math.log(share) for share in shares if share > 0)


def perplexity(tokens: Sequence[ScoredToken]) -> float:
    """exp of the mean negative log-probability; 1 for no tokens."""
    if not tokens:
        return 1.0
    return math.exp(-sum(token.logprob for token in tokens) / len(tokens))
