"""Milliseconds that Python spends around each decode step, at batch 1 and 16.

    python benchmarks/python_overhead.py [--model qwen2.5-coder-0.5b-instruct] [--runs 7] [--steps 48]

A step outside of ONNX Runtime's run is building inputs, sampling, decoding text and calling listeners; it is
time in which the model does not compute. Each figure is the median over the runs, with the extremes beside
it: all settings take turns within one run, so a disturbance of the machine meets them alike.
"""

from __future__ import annotations

import argparse
import os
import statistics
import threading
import time

import numpy as np

from prudent.generation.engine import Engine
from prudent.generation.options import EngineOptions
from prudent.generation.request import GenerationEvent, GenerationRequest, SamplingParams
from prudent.runtime.threads import usable_cores
from prudent.store import open_decoder
from prudent.tokenizer.encoding import Tokenizer
from prudent.tokenizer.spec import TokenizerSpec

BATCHES = (1, 16)
SETTINGS = {
    "greedy": SamplingParams(temperature=0.0),
    "temperature 0.7": SamplingParams(temperature=0.7, seed=1),
    "temperature 0.7, top_p 0.9": SamplingParams(temperature=0.7, top_p=0.9, seed=1),
    "the same, penalties": SamplingParams(temperature=0.7, top_p=0.9, frequency_penalty=0.5, seed=1),
    "greedy, 5 logprobs": SamplingParams(temperature=0.0, top_logprobs=5),
}
PROMPT = "A letter to a friend about the first snow of the year:\n\nDear"


def measure(engine: Engine, request: GenerationRequest, batch: int) -> tuple[float, float]:
    """Milliseconds a step (outside, inside) of ONNX Runtime while `batch` requests decode together."""
    ended = threading.Semaphore(0)

    def listen(event: GenerationEvent) -> None:
        if event.finish is not None:
            ended.release()

    before = engine.stats()
    for _ in range(batch):
        engine.submit(request, listen)
    for _ in range(batch):
        ended.acquire()
    time.sleep(0.01)  # the last step is counted after its listeners were called
    after = engine.stats()
    steps = after.decode_steps - before.decode_steps
    outside = after.decode_overhead_seconds - before.decode_overhead_seconds
    return 1e3 * outside / steps, 1e3 * (after.decode_seconds - before.decode_seconds) / steps


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="qwen2.5-coder-0.5b-instruct")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--steps", type=int, default=48)
    arguments = parser.parse_args()
    artifact = open_decoder(arguments.model)
    tokenizer = Tokenizer(TokenizerSpec.load(artifact.tokenizer))
    prompt = tuple(tokenizer.encode(PROMPT))
    options = EngineOptions(slots=max(BATCHES), context=len(prompt) + arguments.steps + 1)
    outside: dict[tuple[str, int], list[float]] = {}
    inside: dict[tuple[str, int], list[float]] = {}
    with Engine(artifact, tokenizer, options) as engine:
        for _ in range(arguments.runs):
            for name, sampling in SETTINGS.items():
                for batch in BATCHES:
                    request = GenerationRequest(prompt, sampling, max_tokens=arguments.steps)
                    out, run = measure(engine, request, batch)
                    outside.setdefault((name, batch), []).append(out)
                    inside.setdefault((name, batch), []).append(run)
    print(f"{arguments.model}, vocabulary {artifact.config.vocab_size:,}, numpy {np.__version__}")
    print(f"{arguments.steps} steps, {arguments.runs} runs; {usable_cores()} of {os.cpu_count()} cores")
    print(f"{'':28} batch  ms outside a run: median (min to max)   ms inside")
    for (name, batch), values in outside.items():
        print(
            f"{name:28} {batch:5}  {statistics.median(values):8.3f} ({min(values):.3f} to {max(values):.3f})"
            f"{statistics.median(inside[name, batch]):22.1f}"
        )


if __name__ == "__main__":
    main()
