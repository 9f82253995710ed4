"""The two sides of the generation benchmark, each in a process of its own that is idle while it waits.

Run as `contestants.py prudent|llama.cpp MODEL GGUF THREADS`: reads one job a line on standard input and
answers with one line of JSON. In one process the threads of one side would spin while the other is timed.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path
from typing import Protocol

from llama_context import LlamaContext

PROMPT = 512
DECODE = 64
BATCH_PROMPT = 100
BATCH_DECODE = 24
CONTEXT = 1024
MOST_ROWS = 16


class Contestant(Protocol):
    """What is timed."""

    def single(self) -> dict[str, float]:
        """Tokens/s of prefill over PROMPT tokens and of DECODE tokens after it, one stream."""
        ...

    def batch(self, rows: int) -> dict[str, float]:
        """Tokens/s of decode over all rows, each with BATCH_PROMPT tokens and a little more behind it."""
        ...


def tokens(count: int, seed: int) -> list[int]:
    """Token ids that both vocabularies have and that are not control tokens."""
    draw = random.Random(seed)
    return [draw.randrange(1000, 20000) for _ in range(count)]


class Prudent:
    """The whole engine: scheduling, sampling, text and events included."""

    def __init__(self, model: str, threads: int) -> None:
        from prudent.diagnosis.trial import Trial
        from prudent.store import open_decoder

        artifact = open_decoder(model)
        self._trial = Trial(artifact, streams=MOST_ROWS, threads=threads)
        self.precision = artifact.card.precision

    def single(self) -> dict[str, float]:
        prefill, decode = self._trial.prompt_and_stream(PROMPT, DECODE)
        return {"prefill": prefill, "decode": decode}

    def batch(self, rows: int) -> dict[str, float]:
        lengths = [BATCH_PROMPT + 3 * row for row in range(rows)]
        return {"decode": self._trial.streams(lengths, 2 * BATCH_DECODE + 8)}


class LlamaCpp:
    """The bare loop of the binding: no sampling, no text, nothing but evaluation."""

    def __init__(self, gguf: Path, threads: int) -> None:
        self._llama = LlamaContext(gguf, threads=threads, sequences=MOST_ROWS, length=CONTEXT, batch=2048)

    def single(self) -> dict[str, float]:
        prompt = tokens(PROMPT + DECODE, seed=1)
        self._llama.clear()
        started = time.perf_counter()
        self._llama.decode([(token, at, 0, at == PROMPT - 1) for at, token in enumerate(prompt[:PROMPT])])
        prefilled = time.perf_counter()
        for at in range(PROMPT, PROMPT + DECODE - 1):
            self._llama.decode([(prompt[at], at, 0, True)])
        return {
            "prefill": PROMPT / (prefilled - started),
            "decode": (DECODE - 1) / (time.perf_counter() - prefilled),
        }

    def batch(self, rows: int) -> dict[str, float]:
        self._llama.clear()
        lengths = [BATCH_PROMPT + 3 * row for row in range(rows)]
        for row, length in enumerate(lengths):
            prompt = tokens(length, seed=row)
            self._llama.decode([(token, at, row, at == length - 1) for at, token in enumerate(prompt)])
        started = time.perf_counter()
        for step in range(BATCH_DECODE):
            self._llama.decode(
                [(1000 + step, length + step, row, True) for row, length in enumerate(lengths)]
            )
        return {"decode": rows * BATCH_DECODE / (time.perf_counter() - started)}


def main() -> None:
    """Serve jobs: `single` or `batch N`."""
    side, model, gguf, threads = sys.argv[1:]
    contestant: Contestant = (
        Prudent(model, int(threads)) if side == "prudent" else LlamaCpp(Path(gguf), int(threads))
    )
    print(json.dumps({"precision": getattr(contestant, "precision", None)}), flush=True)
    for line in sys.stdin:
        words = line.split()
        result = contestant.single() if words[0] == "single" else contestant.batch(int(words[1]))
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
