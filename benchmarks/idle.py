"""What waiting costs: processor time of an idle engine, and the first token after a pause, by spinning.

    python benchmarks/idle.py [--model ID] [--rounds 3] [--pause 2]

Each setting has a process of its own; they take turns in one run. Decode is there because spinning is what
makes it fast: threads that sleep between operators have to be woken some hundred times a step.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import threading
import time

from machine import describe, keep
from workers import Worker

from prudent.runtime.session import Spinning

FIGURES = ("idle, % of a core", "first token after the pause, ms", "first token at once, ms", "decode, ms")
DECODE = 32


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--model", default="qwen2.5-coder-0.5b-instruct")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pause", type=float, default=2.0)
    parser.add_argument("--serve", choices=[mode.value for mode in Spinning], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.model, Spinning(options.serve))
        return
    workers = {
        mode.value: Worker([sys.executable, __file__, "--model", options.model, "--serve", mode.value])
        for mode in Spinning
    }
    figures: dict[str, dict[str, list[float]]] = {name: {mode: [] for mode in workers} for name in FIGURES}
    try:
        for number in range(options.rounds + 1):
            for mode, worker in workers.items():
                for name, value in worker.ask(str(options.pause)).items():
                    figures[name][mode] += [value] * bool(number)
    finally:
        for worker in workers.values():
            worker.close()
    machine = describe()
    print(f"{options.model}; {machine['processor']}; a pause of {options.pause:g} s")
    print(f"{'':34}" + "".join(f"{mode:>15}" for mode in workers))
    for name, sides in figures.items():
        print(f"{name:34}" + "".join(f"{statistics.median(values):15.1f}" for values in sides.values()))
    print(f"raw run: {keep('idle', vars(options), figures).name}")


def serve(model: str, spinning: Spinning) -> None:
    """Answer each pause in seconds with the figures after it."""
    from prudent.generation.engine import Engine
    from prudent.generation.options import EngineOptions
    from prudent.store import open_decoder
    from prudent.tokenizer import Tokenizer, TokenizerSpec

    artifact = open_decoder(model)
    options = EngineOptions(context=256, spinning=spinning, prefix_cache_bytes=0, prompt_lookup=False)
    engine = Engine(artifact, Tokenizer(TokenizerSpec.load(artifact.tokenizer)), options)
    generate(engine)
    print(json.dumps({}), flush=True)
    for line in sys.stdin:
        generate(engine)
        busy, started = time.process_time(), time.perf_counter()
        time.sleep(float(line))
        share = (time.process_time() - busy) / (time.perf_counter() - started)
        after_pause, _ = generate(engine)
        at_once, step = generate(engine)
        print(
            json.dumps(dict(zip(FIGURES, (100 * share, after_pause, at_once, step), strict=True))), flush=True
        )


def generate(engine) -> tuple[float, float]:
    """Milliseconds to the first of some tokens after a prompt of 32, and between two of them."""
    from prudent.generation.request import GenerationEvent, GenerationRequest, SamplingParams

    times: list[float] = []
    ended = threading.Event()

    def hear(event: GenerationEvent) -> None:
        times.extend([time.perf_counter()] * len(event.tokens))
        if event.finish is not None:
            ended.set()

    request = GenerationRequest(tuple(range(1000, 1032)), SamplingParams(temperature=0.0), max_tokens=DECODE)
    started = time.perf_counter()
    engine.submit(request, hear)
    ended.wait()
    return 1e3 * (times[0] - started), 1e3 * (times[-1] - times[0]) / max(1, len(times) - 1)


if __name__ == "__main__":
    main()
