"""Logits in, tokens out, for a whole batch. Knows no text, no scheduling and no session.

Rows do not influence each other: each sequence has its own generator, and every sum runs over one row, so a
seed gives the same answer whoever shares the batch. What goes wrong in one row fails that row alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prudent.errors import InternalError
from prudent.generation.constraint import Constraint
from prudent.generation.distribution import draw
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
        """Count a token that came without being sampled."""
        self.penalties.record(token)


class Sampler:
    """Chooses one token a row."""

    def __init__(self, vocab_size: int) -> None:
        self._scratch = np.empty(vocab_size, np.float32)

    def sample(
        self,
        logits: NDArray[np.float32],
        samplers: Sequence[SequenceSampler],
        constraints: Sequence[Constraint | None],
    ) -> list[Sample | Exception]:
        """Choose for each row of `logits`, float32 (B, vocab_size); a row's fault stands in its place."""
        likeliest = logits.argmax(axis=1)
        results: list[Sample | Exception] = []
        for row, top, sampler, constraint in zip(logits, likeliest, samplers, constraints, strict=True):
            try:
                results.append(self._choose(row, int(top), sampler, constraint))
            except Exception as error:  # noqa: BLE001  one row's fault must not end the others
                results.append(error)
        return results

    def verify(
        self,
        logits: NDArray[np.float32],
        sampler: SequenceSampler,
        draft: Sequence[int],
        constraint: Constraint | None,
    ) -> list[Sample]:
        """Sample position after position of one sequence, as long as what comes is what the draft says.

        `logits` is float32 (len(draft) + 1, vocab_size). Each token is drawn as it would be without a draft,
        so nothing about the text changes but the time. The constraint takes in all samples but the last.
        """
        samples: list[Sample] = []
        for place, row in enumerate(logits):
            if samples and constraint is not None:
                constraint.accept(samples[-1].token)
            samples.append(self._choose(row, int(row.argmax()), sampler, constraint))
            if place < len(draft) and samples[-1].token != draft[place]:
                break
        return samples

    def logprobs(self, logits: NDArray[np.float32], tokens: Sequence[int], wanted: int) -> list[TokenLogprob]:
        """Log-probability of one given token a row, with the `wanted` most likely ones."""
        return [
            self._logprob(row, float(row.max()), token, wanted)
            for row, token in zip(logits, tokens, strict=True)
        ]

    def _choose(
        self,
        logits: NDArray[np.float32],
        likeliest: int,
        sampler: SequenceSampler,
        constraint: Constraint | None,
    ) -> Sample:
        highest = float(logits[likeliest])
        if not math.isfinite(highest):  # argmax stops at the first NaN, so this sees NaN anywhere in the row
            raise InternalError(
                "The model computed logits that are not numbers for this request.",
                hint="Try again; if it stays, verify the model's files with `prudent models verify`.",
            )
        scores, top = logits, likeliest
        if sampler.penalties.active:
            scores = sampler.penalties.apply(logits)
            top = int(scores.argmax())
        if constraint is not None:
            scores = self._masked(scores, constraint)
            top = int(scores.argmax())
        if sampler.greedy:
            token = top
        else:
            token = draw(scores, float(scores[top]), sampler.params, sampler.generator)
        sampler.penalties.record(token)
        wanted = sampler.params.top_logprobs
        return Sample(token, None if wanted is None else self._logprob(logits, highest, token, wanted))

    def _masked(self, scores: NDArray[np.float32], constraint: Constraint) -> NDArray[np.float32]:
        """The scores with minus infinity where the constraint allows no token, as a new array."""
        words = np.zeros(-(-scores.size // 32), np.int32)
        constraint.fill_mask(words)
        bits = np.unpackbits(words.view(np.uint8), bitorder="little")[: scores.size]
        allowed = np.flatnonzero(bits)
        if allowed.size == 0:
            raise InternalError("The grammar allows no token here.")
        masked = np.full_like(scores, -np.inf)
        masked[allowed] = scores[allowed]
        return masked

    def _logprob(self, logits: NDArray[np.float32], highest: float, token: int, wanted: int) -> TokenLogprob:
        """Of the model's own distribution: softmax of the logits as they came."""
        np.subtract(logits, np.float32(highest), out=self._scratch)
        with np.errstate(under="ignore"):
            np.exp(self._scratch, out=self._scratch)
        log_total = highest + math.log(float(self._scratch.sum(dtype=np.float64)))
        top: tuple[tuple[int, float], ...] = ()
        if wanted:
            first = len(logits) - wanted
            best = np.argpartition(logits, first)[first:]
            best = best[np.lexsort((best, -logits[best]))]
            top = tuple((int(i), float(logits[i]) - log_total) for i in best)
        return TokenLogprob(token, float(logits[token]) - log_total, top)
