"""Which kernel of GroupQueryAttention is faster where: flash or not, keys and values in float32 or int8.

    python -m benchmarks.kernels.attention [--shape 0.5B] [--rounds 3] [--context 128 1024 4096]

The attention of all layers and nothing else, milliseconds a run. Rows have different lengths, from half to
all of the context. Flash is switched by an environment variable that a kernel reads when it is built.
"""

from __future__ import annotations

import argparse
import statistics
import sys

from benchmarks.kernels.attention_stack import CACHES, SHAPES
from benchmarks.machine import describe, keep
from benchmarks.workers import Worker, take_turns

ROWS = (1, 4, 8, 16)
PROMPTS = ("1 512 512", "1 64 2112")


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--shape", choices=SHAPES, default="0.5B")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cache", nargs="+", choices=CACHES, default=["float32", "int8"])
    parser.add_argument("--context", nargs="+", type=int, default=[128, 1024, 4096])
    parser.add_argument("--rows", nargs="+", type=int, default=ROWS)
    options = parser.parse_args()
    jobs = [f"{rows} 1 {context}" for context in options.context for rows in options.rows]
    argv = [sys.executable, "-m", "benchmarks.kernels.attention_stack", options.shape]
    workers = {
        f"{cache}{', flash' if flash else ''}": Worker(
            [*argv, cache], {"ORT_GQA_DISABLE_FLASH_ATTENTION": "0" if flash else "1"}
        )
        for cache in options.cache
        for flash in (True, False)
    }
    try:
        figures = take_turns(workers, [*jobs, *PROMPTS], options.rounds)
    finally:
        for worker in workers.values():
            worker.close()
    machine = describe()
    print(f"{machine['processor']}, {', '.join(machine['instructions'])}; {options.shape}, ms a run")
    print(f"{'rows, new tokens, context':28}" + "".join(f"{name:>17}" for name in workers))
    for job, sides in figures.items():
        medians = [statistics.median(values) for values in sides.values()]
        print(f"{job:28}" + "".join(f"{value:17.2f}" for value in medians))
    print(f"raw run: {keep('attention', vars(options), figures).name}")


if __name__ == "__main__":
    main()
