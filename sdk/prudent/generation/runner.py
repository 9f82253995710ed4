"""Feeds in, logits out: one run of the decoder over the cache. Knows no requests and no sampling."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prudent.generation.feeds import Feeds
from prudent.generation.kv_cache import KVCache
from prudent.runtime.artifact import DecoderConfig
from prudent.runtime.binding import Binding
from prudent.runtime.session import Session


@dataclass(frozen=True, slots=True)
class _Bound:
    """A binding and the arrays that a run reads its small inputs from."""

    binding: Binding
    feeds: Feeds
    logits: NDArray[np.float32]


class Runner:
    """Runs batches on one session and one cache. One thread at a time."""

    def __init__(self, session: Session, config: DecoderConfig, cache: KVCache, *, logits: int) -> None:
        """`logits` is the most rows of logits that a run may want."""
        self._session = session
        self._cache = cache
        self._logits = np.empty((logits, config.vocab_size), np.float32)
        self._decode_bindings: dict[int, _Bound] = {}
        self.session_seconds = 0.0

    def run(self, feeds: Feeds) -> NDArray[np.float32]:
        """Compute the batch and return its logits, float32 (Q, vocab_size).

        The array is the runner's own and holds until the next run.

        Raises:
            InternalError: ONNX Runtime failed.
        """
        bound = self._bound(feeds)
        started = time.perf_counter()
        try:
            bound.binding.run()
        finally:
            self.session_seconds += time.perf_counter() - started
        return bound.logits

    def _bound(self, feeds: Feeds) -> _Bound:
        """A binding that holds these feeds.

        Decode meets the same few shapes step after step: their bindings are kept and only the values are
        changed. A prompt's chunk is bound anew, which is nothing beside its run.
        """
        rows, new_tokens = feeds.input_ids.shape
        if feeds.first_slot != 0 or new_tokens != 1:
            return self._bind(feeds)
        known = self._decode_bindings.get(rows)
        if known is None or known.feeds.logit_rows.shape != feeds.logit_rows.shape:
            known = self._decode_bindings[rows] = self._bind(feeds)
            return known
        known.feeds.input_ids[:] = feeds.input_ids
        known.feeds.seqlens_k[:] = feeds.seqlens_k
        known.feeds.total_length[:] = feeds.total_length
        known.feeds.logit_rows[:] = feeds.logit_rows
        return known

    def _bind(self, feeds: Feeds) -> _Bound:
        binding = Binding(self._session)
        binding.bind_input("input_ids", feeds.input_ids)
        binding.bind_input("seqlens_k", feeds.seqlens_k)
        binding.bind_input("total_length", feeds.total_length)
        binding.bind_input("logit_rows", feeds.logit_rows)
        rows = slice(feeds.first_slot, feeds.first_slot + feeds.input_ids.shape[0])
        for index, layer in enumerate(self._cache.layers):
            for kind, buffer in (("key", layer.keys), ("value", layer.values)):
                binding.bind_input(f"past_{kind}_{index}", buffer[rows])
                binding.bind_output(f"present_{kind}_{index}", buffer[rows])
        logits = self._logits[: feeds.logit_rows.shape[0]]
        binding.bind_output("logits", logits)
        return _Bound(binding, feeds, logits)
