"""One step done: the cache prepared, the batch computed, tokens chosen. Knows no queue and no listener.

It joins cache, runner and sampler; what a request makes of its tokens is the request's.
"""

from __future__ import annotations

from collections.abc import Sequence as Several
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from prudent.generation.active import ActiveRequest
from prudent.generation.block_store import BlockStore
from prudent.generation.feeds import feeds_of
from prudent.generation.kv_cache import KVCache
from prudent.generation.lookup import LONGEST_DRAFT
from prudent.generation.prefix_cache import PrefixCache
from prudent.generation.runner import Runner
from prudent.generation.sampler import Sample, Sampler
from prudent.generation.scheduler import SCORED_CHUNK, Decode, Extend, Step
from prudent.generation.sequence import Sequence
from prudent.runtime.artifact import DecoderConfig
from prudent.runtime.session import Session

Chosen: TypeAlias = list[Sample] | Exception


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step gave one request: its tokens, none while its prompt goes on, or what went wrong."""

    request: ActiveRequest
    chosen: Chosen


class Stepper:
    """Does steps with one session and one cache. One thread at a time."""

    def __init__(
        self, session: Session, config: DecoderConfig, cache: KVCache, prefixes: PrefixCache
    ) -> None:
        self._cache = cache
        self._prefixes = prefixes
        self._blocks = BlockStore(cache, prefixes.capacity)
        self._runner = Runner(
            session, config, cache, logits=max(cache.slots, SCORED_CHUNK, 1 + LONGEST_DRAFT)
        )
        self._sampler = Sampler(config.vocab_size)

    @property
    def session_seconds(self) -> float:
        """Time spent in ONNX Runtime so far."""
        return self._runner.session_seconds

    def run(self, step: Step, requests: Several[ActiveRequest]) -> list[Outcome]:
        """Do a step; `requests` are those of the batch's sequences, in its order.

        Raises:
            InternalError: ONNX Runtime failed.
        """
        for slot, sequence, tokens in step.stores:
            self._store(sequence, slot, tokens)
        for slot, match in step.loads:
            self._blocks.load(slot, match.blocks)
            self._prefixes.release(match)
        batch = step.batch
        if isinstance(batch, Decode):
            for move in batch.moves:
                self._cache.move(move)
        logits = self._runner.run(feeds_of(batch))
        if isinstance(batch, Extend):
            return [Outcome(requests[0], self._extended(batch, requests[0], logits))]
        return self._sampled(requests, logits)

    def keep(self, sequence: Sequence) -> None:
        """Keep the keys and values of what a sequence has computed, for whoever begins alike."""
        if sequence.slot is not None:
            self._store(sequence, sequence.slot, sequence.computed)

    def _store(self, sequence: Sequence, slot: int, computed: int) -> None:
        tokens = sequence.tokens(0, sequence.length)
        self._blocks.store(slot, self._prefixes.insert(sequence.isolation, tokens, computed))

    def _sampled(self, requests: Several[ActiveRequest], logits: NDArray[np.float32]) -> list[Outcome]:
        """One row a request; those whose next token is known already take none."""
        wanted = [row for row, request in enumerate(requests) if request.sequence.pending == 0]
        outcomes = [Outcome(request, []) for request in requests]
        rows = logits if len(wanted) == len(requests) else logits[wanted]
        samples = self._sampler.sample(
            rows, [requests[row].sampler for row in wanted], [requests[row].constraint for row in wanted]
        )
        for row, sample in zip(wanted, samples, strict=True):
            outcomes[row] = Outcome(requests[row], sample if isinstance(sample, Exception) else [sample])
        return outcomes

    def _extended(self, batch: Extend, request: ActiveRequest, logits: NDArray[np.float32]) -> Chosen:
        sequence = batch.sequence
        try:
            if sequence.scored and batch.logits > 0 and batch.start < len(sequence.prompt):
                self._score(batch, request, logits)
            if sequence.pending > 0 or sequence.max_tokens == 0:
                return []
            if not sequence.draft:
                only = self._sampler.sample(logits[-1:], [request.sampler], [request.constraint])[0]
                return only if isinstance(only, Exception) else [only]
            samples = self._sampler.verify(logits, request.sampler, sequence.draft, request.constraint)
            # What was computed of a draft counts as far as it came true; the rest is overwritten.
            sequence.computed += len(samples) - 1
        except Exception as error:  # noqa: BLE001  one request's fault is its own
            return error
        return samples

    def _score(self, batch: Extend, request: ActiveRequest, logits: NDArray[np.float32]) -> None:
        """The logits at each position are those of the token after it."""
        after = batch.sequence.tokens(batch.start + 1, batch.start + 1 + len(batch.tokens))
        wanted = request.request.prompt_logprobs
        entries = self._sampler.logprobs(logits[: len(after)], after, wanted or 0)
        request.score(entries, batch.start + 1)
