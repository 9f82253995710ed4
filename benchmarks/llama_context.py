"""llama.cpp through its binding's batch API: sequences in a context, a batch at a time. Times nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Item = tuple[int, int, int, bool]
"""A token, its position, its sequence, and whether its logits are wanted."""


class LlamaContext:
    """A model with room for `sequences` sequences of `length` tokens; a batch has at most `batch` tokens."""

    def __init__(
        self, gguf: Path, *, threads: int, sequences: int, length: int, batch: int, micro_batch: int = 512
    ) -> None:
        from llama_cpp import llama_cpp as native

        self._native = native
        native.llama_backend_init()
        self._quiet = native.llama_log_callback(lambda *_: None)
        native.llama_log_set(self._quiet, None)
        self._model = native.llama_model_load_from_file(
            str(gguf).encode(), native.llama_model_default_params()
        )
        self._words = native.llama_vocab_n_tokens(native.llama_model_get_vocab(self._model))
        params = native.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = length * sequences, batch, micro_batch
        params.n_seq_max = sequences
        params.n_threads = params.n_threads_batch = threads
        params.kv_unified = False
        self._context = native.llama_init_from_model(self._model, params)
        self._batch = native.llama_batch_init(batch, 0, 1)

    def clear(self) -> None:
        """Forget every sequence."""
        self._native.llama_memory_clear(self._native.llama_get_memory(self._context), True)

    def forget(self, sequence: int) -> None:
        """Forget one sequence."""
        self._native.llama_memory_seq_rm(self._native.llama_get_memory(self._context), sequence, -1, -1)

    def decode(self, items: Sequence[Item]) -> None:
        """Evaluate a batch and wait for it."""
        batch = self._batch
        batch.n_tokens = len(items)
        for index, (token, position, sequence, wanted) in enumerate(items):
            batch.token[index], batch.pos[index] = token, position
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = sequence
            batch.logits[index] = wanted
        if self._native.llama_decode(self._context, batch) != 0:
            raise RuntimeError("llama_decode failed")
        self._native.llama_synchronize(self._context)

    def logits(self, index: int) -> NDArray[np.float32]:
        """Logits (vocabulary) of the batch's item at `index`, which wanted them."""
        row = self._native.llama_get_logits_ith(self._context, index)
        return np.ctypeslib.as_array(row, shape=(self._words,))
