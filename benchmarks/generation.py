"""prudent against llama.cpp on the same GGUF: prefill, decode, and decode of 1, 4 and 16 streams.

    python benchmarks/generation.py [--model ID ...] [--rounds 5] [--threads 2]

Needs the extra `bench`. The two sides take turns in one run, each in its own process that is idle while the
other is timed; figures are medians, ratios are medians of the rounds' own ratios. prudent is timed through
its whole engine (sampling, text and events included), llama.cpp through its binding's bare evaluation.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

from machine import describe, keep
from workers import Worker

SIDES = ("prudent", "llama.cpp")
JOBS = ("single", "batch 1", "batch 4", "batch 16")
MODELS = ("qwen2.5-coder-0.5b-instruct", "smollm2-135m-instruct")


def main() -> None:
    """Run the benchmark and print a table for each model."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--model", action="append", help="a chat model of the catalog; may be repeated")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    machine = describe()
    print(f"{machine['processor']}, {', '.join(machine['instructions'])}; threads {options.threads}")
    results = {}
    for model in options.model or MODELS:
        results[model] = compare(model, options.rounds, options.threads)
        show(model, results[model])
    file = keep("generation", vars(options), results)
    print(f"raw run: {file.relative_to(Path(__file__).parent.parent)}")


def compare(model: str, rounds: int, threads: int) -> dict[str, dict[str, list[float]]]:
    """Figures of every round: measure -> side -> tokens/s."""
    from prudent.catalog import Catalog
    from prudent.catalog.fetch import fetch
    from prudent.store import open_decoder

    entry = Catalog.load().get(model)
    gguf = fetch(entry) / entry.files[0].name
    open_decoder(entry.id)
    script = str(Path(__file__).with_name("contestants.py"))
    workers = {
        side: Worker([sys.executable, script, side, entry.id, str(gguf), str(threads)]) for side in SIDES
    }
    figures: dict[str, dict[str, list[float]]] = {}
    try:
        for round_number in range(rounds + 1):
            for job in JOBS:
                # Who goes first changes from round to round.
                for side in SIDES if round_number % 2 else reversed(SIDES):
                    measured = workers[side].ask(job)
                    if round_number == 0:
                        continue  # a warm-up
                    for name, value in measured.items():
                        key = f"{name} {PROMPTS[job]}" if job == "single" else f"{name}, {job}"
                        figures.setdefault(key, {s: [] for s in SIDES})[side].append(value)
    finally:
        for worker in workers.values():
            worker.close()
    return figures


PROMPTS = {"single": "(one stream, 512 + 64)"}


def show(model: str, figures: dict[str, dict[str, list[float]]]) -> None:
    """Print one model's table."""
    print(f"\n{model}, tokens/s, median of {len(next(iter(figures.values()))['prudent'])} rounds")
    print(f"{'':34}{'prudent':>10}{'llama.cpp':>11}{'ratio':>8}{'min':>7}{'max':>7}")
    for name, sides in figures.items():
        ours, theirs = sides["prudent"], sides["llama.cpp"]
        ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
        print(
            f"{name:34}{statistics.median(ours):10.1f}{statistics.median(theirs):11.1f}"
            f"{statistics.median(ratios):8.2f}{min(ratios):7.2f}{max(ratios):7.2f}"
        )
    one, sixteen = figures["decode, batch 1"]["prudent"], figures["decode, batch 16"]["prudent"]
    gains = [b / a for a, b in zip(one, sixteen, strict=True)]
    print(f"{'prudent, batch 16 / batch 1':34}{statistics.median(gains):10.2f}")


if __name__ == "__main__":
    main()
