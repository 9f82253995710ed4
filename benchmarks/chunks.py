"""What a prompt's chunk costs by its size, beside what a decode step costs: the engine's budget rests on it.

    python benchmarks/chunks.py [--model ID] [--rounds 3]

Milliseconds of one run over the cache, as the engine makes it: a chunk behind 512 tokens, and a decode step
of rows with about 200. All sizes take turns within a round; figures are medians of the rounds.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
from machine import describe, keep

from prudent.generation.feeds import Feeds
from prudent.generation.kv_cache import KVCache
from prudent.generation.runner import Runner
from prudent.runtime.session import SessionOptions, open_session
from prudent.store import open_decoder

CHUNKS = (8, 16, 32, 64, 128, 256, 512)
ROWS = (1, 4, 8, 16)
BEHIND = 512


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--model", default="qwen2.5-coder-0.5b-instruct")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    artifact = open_decoder(options.model)
    cache = KVCache(artifact.config, slots=max(ROWS), length=2 * BEHIND)
    for layer in cache.layers:  # every page is memory of its own
        layer.keys[:] = layer.values[:] = 0.01
    runner = Runner(open_session(artifact.graph, SessionOptions()), artifact.config, cache, logits=max(ROWS))
    chunks: dict[int, list[float]] = {size: [] for size in CHUNKS}
    steps: dict[int, list[float]] = {rows: [] for rows in ROWS}
    for number in range(options.rounds + 1):
        for size in CHUNKS:
            took = milliseconds(runner, feeds(1, size, [BEHIND + size]))
            chunks[size] += [took] * bool(number)
        for rows in ROWS:
            lengths = [200 + 3 * row for row in range(rows)]
            took = milliseconds(runner, feeds(rows, 1, lengths))
            steps[rows] += [took] * bool(number)
    machine = describe()
    print(f"{options.model}; {machine['processor']}, {', '.join(machine['instructions'])}")
    for size, values in chunks.items():
        took = statistics.median(values)
        print(f"chunk of {size:4}{took:9.1f} ms{took / size:8.2f} ms/token{1e3 * size / took:8.0f} tokens/s")
    for rows, values in steps.items():
        took = statistics.median(values)
        longest = max((size for size in CHUNKS if statistics.median(chunks[size]) <= 2 * took), default=0)
        print(
            f"decode of {rows:3} rows{took:8.1f} ms; the largest of these chunks within two steps: {longest}"
        )
    results = {"chunk, ms": chunks, "decode, ms": steps}
    print(f"raw run: {keep('chunks', vars(options), results).name}")


def feeds(rows: int, new: int, lengths: list[int]) -> Feeds:
    """Inputs of one run; logits of the last token of every row."""
    return Feeds(
        first_slot=0,
        input_ids=np.full((rows, new), 1000, np.int64),
        seqlens_k=np.array(lengths, np.int32) - 1,
        total_length=np.array([max(lengths)], np.int32),
        logit_rows=np.arange(1, rows + 1, dtype=np.int64) * new - 1,
    )


def milliseconds(runner: Runner, inputs: Feeds) -> float:
    """Median of a quarter second's runs, three at least."""
    times: list[float] = []
    stop = time.perf_counter() + 0.25
    while len(times) < 3 or time.perf_counter() < stop:
        started = time.perf_counter()
        runner.run(inputs)
        times.append(time.perf_counter() - started)
    return 1e3 * statistics.median(times)


if __name__ == "__main__":
    main()
