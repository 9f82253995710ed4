"""llama.cpp's side of the load benchmark: continuous batching through the binding's batch API.

Run as `llama_batching.py GGUF THREADS`: reads a workload (JSON list of prompt and answer lengths) a line and
answers with the times of first tokens and of the whole. It batches as llama.cpp's server does: one token of
every sequence that decodes, and what fits of the prompts that wait, in one batch.
"""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from contestants import tokens

SEQUENCES = 16
CONTEXT = 1024
BATCH = 512


@dataclass
class Sequence:
    """A request in a sequence's place."""

    prompt: list[int]
    answer: int
    begun: float
    done: int = 0
    said: int = 0
    newest: int = 0


class LlamaBatching:
    """The loop."""

    def __init__(self, gguf: Path, threads: int) -> None:
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
        params.n_ctx, params.n_batch, params.n_ubatch = CONTEXT * SEQUENCES, BATCH + SEQUENCES, BATCH
        params.n_seq_max = SEQUENCES
        params.n_threads = params.n_threads_batch = threads
        params.kv_unified = False
        self._context = native.llama_init_from_model(self._model, params)
        self._batch = native.llama_batch_init(BATCH + SEQUENCES, 0, 1)

    def run(self, work: list[tuple[int, int]]) -> dict[str, Any]:
        """Serve the workload; each place takes the next request when its last one is answered."""
        native = self._native
        native.llama_memory_clear(native.llama_get_memory(self._context), True)
        queue = deque(enumerate(work))
        places: list[Sequence | None] = [None] * SEQUENCES
        firsts: list[float] = []
        started = time.perf_counter()
        while queue or any(places):
            for place, sequence in enumerate(places):
                if sequence is None and queue:
                    number, (prompt, answer) = queue.popleft()
                    native.llama_memory_seq_rm(native.llama_get_memory(self._context), place, -1, -1)
                    places[place] = Sequence(tokens(prompt, seed=number), answer, time.perf_counter())
            rows = self._step(places)
            for row, place in rows:
                sequence = places[place]
                assert sequence is not None
                logits = native.llama_get_logits_ith(self._context, row)
                sequence.newest = int(np.ctypeslib.as_array(logits, shape=(self._words,)).argmax())
                if sequence.said == 0:
                    firsts.append(time.perf_counter() - sequence.begun)
                sequence.said += 1
                if sequence.said == sequence.answer:
                    places[place] = None
        return {"firsts": firsts, "seconds": time.perf_counter() - started}

    def _step(self, places: list[Sequence | None]) -> list[tuple[int, int]]:
        """One batch; the rows that have logits, with the places they belong to."""
        items: list[tuple[int, int, int, bool]] = []
        for place, sequence in enumerate(places):
            if sequence is not None and sequence.said:
                items.append((sequence.newest, sequence.done, place, True))
                sequence.done += 1
        for place, sequence in enumerate(places):
            if sequence is None or sequence.said:
                continue
            part = sequence.prompt[sequence.done : sequence.done + BATCH - len(items)]
            for token in part:
                last = sequence.done + 1 == len(sequence.prompt)
                items.append((token, sequence.done, place, last))
                sequence.done += 1
        batch = self._batch
        batch.n_tokens = len(items)
        for index, (token, position, place, wanted) in enumerate(items):
            batch.token[index], batch.pos[index] = token, position
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = place
            batch.logits[index] = wanted
        if self._native.llama_decode(self._context, batch) != 0:
            raise RuntimeError("llama_decode failed")
        self._native.llama_synchronize(self._context)
        return [(index, place) for index, (_, _, place, wanted) in enumerate(items) if wanted]


def main() -> None:
    """Serve workloads."""
    gguf, threads = sys.argv[1:]
    peer = LlamaBatching(Path(gguf), int(threads))
    print(json.dumps({}), flush=True)
    for line in sys.stdin:
        print(json.dumps(peer.run([(p, a) for p, a in json.loads(line)])), flush=True)


if __name__ == "__main__":
    main()
