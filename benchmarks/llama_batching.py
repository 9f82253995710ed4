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

from contestants import tokens
from llama_context import Item, LlamaContext

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
        self._llama = LlamaContext(
            gguf, threads=threads, sequences=SEQUENCES, length=CONTEXT, batch=BATCH + SEQUENCES
        )

    def run(self, work: list[tuple[int, int]]) -> dict[str, Any]:
        """Serve the workload; each place takes the next request when its last one is answered."""
        self._llama.clear()
        queue = deque(enumerate(work))
        places: list[Sequence | None] = [None] * SEQUENCES
        firsts: list[float] = []
        started = time.perf_counter()
        while queue or any(places):
            for place, sequence in enumerate(places):
                if sequence is None and queue:
                    number, (prompt, answer) = queue.popleft()
                    self._llama.forget(place)
                    places[place] = Sequence(tokens(prompt, seed=number), answer, time.perf_counter())
            rows = self._step(places)
            for row, place in rows:
                sequence = places[place]
                assert sequence is not None
                sequence.newest = int(self._llama.logits(row).argmax())
                if sequence.said == 0:
                    firsts.append(time.perf_counter() - sequence.begun)
                sequence.said += 1
                if sequence.said == sequence.answer:
                    places[place] = None
        return {"firsts": firsts, "seconds": time.perf_counter() - started}

    def _step(self, places: list[Sequence | None]) -> list[tuple[int, int]]:
        """One batch; the rows that have logits, with the places they belong to."""
        items: list[Item] = []
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
        self._llama.decode(items)
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
