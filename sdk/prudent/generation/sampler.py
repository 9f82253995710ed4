"""Logits in, tokens out, for a whole batch. Knows no text, no scheduling and no session.

Rows do not influence each other: each sequence has its own generator, and every sum runs over one row, so a
seed gives the same answer whoever shares the batch. What goes wrong in one row fails that row alone.

A batch is worked on row by row. At 152,000 tokens a row everything is bound by memory: a row stays in the
processor's cache from one operation to the next, a batch does not, and numpy's call is a small part of each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prudent.errors import InternalError
from prudent.generation.constraint import Constraint
from prudent.generation.distribution import Scratch, draw
from prudent.generation.logprobs import log_probability
from prudent.generation.mask import TokenMask
from prudent.generation.penalties import Penalties
from prudent.generation.request import SamplingParams, TokenLogprob

# A temperature below this cannot be told from 0 in float32.
_COLDEST = 1e-5

_SEED_RANGE = 2**64


@dataclass(frozen=True, slots=True)
class Sample:
    """A chosen token, with its log-probability where it was asked for."""

    token: int
    logprob: TokenLogprob | None = None


class SequenceSampler:
    """The choices of one sequence: its parameters, its generator and what its penalties count."""

    def __init__(self, params: SamplingParams, prompt: tuple[int, ...]) -> None:
        self.params = params
        self.penalties = Penalties(params, prompt)
        self.generator = np.random.default_rng(None if params.seed is None else params.seed % _SEED_RANGE)

    @property
    def greedy(self) -> bool:
        """Whether the most likely token is always taken."""
        return self.params.temperature < _COLDEST

    def record(self, token: int) -> None:
        """Count a token of the answer; for those that were not sampled, the sampler counts its own."""
        self.penalties.record(token)


class Sampler:
    """Chooses one token a row."""

    def __init__(self, vocab_size: int) -> None:
        self._scratch = Scratch(vocab_size)
        self._scores = np.empty(vocab_size, np.float32)
        self._mask = TokenMask(vocab_size)

    def sample(
        self,
        logits: NDArray[np.float32],
        samplers: Sequence[SequenceSampler],
        constraints: Sequence[Constraint | None],
    ) -> list[Sample | Exception]:
        """Choose for each row of `logits`, float32 (B, vocab_size); a row's fault stands in its place.

        A row with a constraint takes a token that it allows; whoever takes the token has the constraint
        accept it.
        """
        results: list[Sample | Exception] = []
        for row, sampler, constraint in zip(logits, samplers, constraints, strict=True):
            try:
                results.append(self._choose(row, sampler, constraint))
            except Exception as error:  # noqa: BLE001  one row's fault must not end the others
                results.append(error)
        return results

    def verify(
        self,
        logits: NDArray[np.float32],
        sampler: SequenceSampler,
        draft: Sequence[int],
        constraint: Constraint | None = None,
    ) -> list[Sample]:
        """Choose at consecutive positions of one sequence, as far as the draft comes true.

        `logits` is float32 (K, vocab_size), at the position before the draft and after each of its tokens.
        The tokens are those that sampling one by one would take: all but the last are the draft's, and there
        is at least one. The constraint has accepted all but the last, or all where it is complete, which
        ends them.

        Raises: what goes wrong at any of the positions.
        """
        samples: list[Sample] = []
        for place, row in enumerate(logits):
            sample = self._choose(row, sampler, constraint)
            samples.append(sample)
            if place + 1 == len(logits) or place >= len(draft) or sample.token != draft[place]:
                break
            if constraint is not None:
                constraint.accept(sample.token)
                if constraint.complete:
                    break
        return samples

    def logprobs(self, logits: NDArray[np.float32], tokens: Sequence[int], wanted: int) -> list[TokenLogprob]:
        """Log-probability of each row's token, with the `wanted` most likely beside it.

        `logits` is float32 (B, vocab_size), with one token a row.

        Raises:
            InternalError: the logits are not numbers.
        """
        return [
            log_probability(row, _finite(row.max()), token, wanted, self._scratch.weights)
            for row, token in zip(logits, tokens, strict=True)
        ]

    def _choose(
        self, logits: NDArray[np.float32], sampler: SequenceSampler, constraint: Constraint | None
    ) -> Sample:
        top = int(logits.argmax())
        highest = _finite(logits[top])  # argmax stops at the first NaN, so this sees NaN anywhere in the row
        scores = logits
        if sampler.penalties.active:
            scores = sampler.penalties.apply(logits, self._scores)
            top = int(scores.argmax())
        if constraint is None:
            token = self._pick(scores, top, sampler)
        else:
            token = self._pick_allowed(scores, top, sampler, constraint)
        sampler.record(token)
        wanted = sampler.params.top_logprobs
        if wanted is None:
            return Sample(token)
        return Sample(token, log_probability(logits, highest, token, wanted, self._scratch.weights))

    def _pick_allowed(
        self, scores: NDArray[np.float32], top: int, sampler: SequenceSampler, constraint: Constraint
    ) -> int:
        self._mask.fill(constraint)
        if sampler.greedy and self._mask.allows(top):
            return top
        allowed, ids = self._mask.restrict(scores)
        place = self._pick(allowed, int(allowed.argmax()), sampler)
        return place if ids is None else int(ids[place])

    def _pick(self, scores: NDArray[np.float32], top: int, sampler: SequenceSampler) -> int:
        """The place in `scores`, of which `top` is the largest, that the sequence's parameters choose."""
        highest = _finite(scores[top])
        if sampler.greedy:
            return top
        return draw(scores, highest, sampler.params, sampler.generator, self._scratch)


def _finite(highest: np.float32) -> float:
    value = float(highest)
    if not math.isfinite(value):
        raise InternalError(
            "The model computed logits that are not numbers for this request.",
            hint="Try again; if it stays, verify the model's files with `prudent models verify`.",
        )
    return value
