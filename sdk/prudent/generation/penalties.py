"""What changes a sequence's logits before a choice: bias and the three penalties. Knows no probabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from prudent.generation.request import SamplingParams

_FIRST_CAPACITY = 64


class TokenCounts:
    """How often each token occurred, as arrays that grow: a step adds one token and reads them all."""

    def __init__(self) -> None:
        self._place: dict[int, int] = {}
        self._tokens = np.empty(_FIRST_CAPACITY, np.int64)
        self._counts = np.zeros(_FIRST_CAPACITY, np.float32)

    def add(self, token: int) -> None:
        """Count one more of `token`."""
        place = self._place.setdefault(token, len(self._place))
        if place == len(self._tokens):
            self._tokens = np.concatenate([self._tokens, np.empty_like(self._tokens)])
            self._counts = np.concatenate([self._counts, np.zeros_like(self._counts)])
        self._tokens[place] = token
        self._counts[place] += 1

    @property
    def tokens(self) -> NDArray[np.int64]:
        """The different tokens that occurred, int64 (n,)."""
        return self._tokens[: len(self._place)]

    @property
    def counts(self) -> NDArray[np.float32]:
        """How often each of `tokens` occurred, float32 (n,)."""
        return self._counts[: len(self._place)]


class Penalties:
    """Bias and penalties of one sequence, in the order that `SamplingParams` gives.

    Repetition counts prompt and answer (Keskar et al. 2019, CTRL, section 4.1): a positive logit of a token
    that occurred is divided, a negative one multiplied. Frequency and presence count the answer only, as in
    the OpenAI API's formula: logit - count * frequency - (count > 0) * presence.
    """

    def __init__(self, params: SamplingParams, prompt: tuple[int, ...]) -> None:
        self._repetition = params.repetition_penalty
        self._frequency = params.frequency_penalty
        self._presence = params.presence_penalty
        self._biased = np.array(list(params.logit_bias.keys()), np.int64)
        self._bias = np.array(list(params.logit_bias.values()), np.float32)
        self._repeats = self._repetition != 1.0
        self._counts_answer = self._frequency != 0.0 or self._presence != 0.0
        self._seen = TokenCounts()
        self._answer = TokenCounts()
        if self._repeats:
            for token in prompt:
                self._seen.add(token)

    @property
    def active(self) -> bool:
        """Whether `apply` would change anything."""
        return bool(self._biased.size) or self._repeats or self._counts_answer

    def record(self, token: int) -> None:
        """Count a token of the answer."""
        if self._repeats:
            self._seen.add(token)
        if self._counts_answer:
            self._answer.add(token)

    def apply(self, logits: NDArray[np.float32], scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Write the changed logits to `scores`, float32 (vocab_size,), and return it."""
        np.copyto(scores, logits)
        if self._biased.size:
            scores[self._biased] += self._bias
        if self._repeats:
            seen = scores[self._seen.tokens]
            factor = np.float32(self._repetition)
            scores[self._seen.tokens] = np.where(seen > 0, seen / factor, seen * factor)
        if self._counts_answer:
            scores[self._answer.tokens] -= self._answer.counts * np.float32(self._frequency) + np.float32(
                self._presence
            )
        return scores
