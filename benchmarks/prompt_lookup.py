"""Prompt lookup: tokens/s of one stream with guessing and without, where answers repeat their prompt and not.

    python benchmarks/prompt_lookup.py [--model ID] [--prompts 12] [--tokens 96] [--threads 2] [--tuning]

Two engines in one process answer each prompt in turn; who goes first changes. Greedy. The ratio of a kind is
that of all its decode times, each for a token, and must be at least 1.4 on summarise-or-edit and 0.97 on free
questions. Prompts are those of prompts.py; `--tuning` takes the half that figures are not reported on.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from machine import describe, keep
from prompts import LOAD, edits, free

from prudent.generation.engine import Engine
from prudent.generation.options import EngineOptions
from prudent.generation.request import GenerationRequest, SamplingParams
from prudent.store import open_decoder
from prudent.tokenizer import ChatTemplate, Tokenizer, TokenizerSpec

SIDES = {"on": True, "off": False}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--model", default="qwen2.5-coder-0.5b-instruct")
    parser.add_argument("--prompts", type=int, default=12)
    parser.add_argument("--tokens", type=int, default=96)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--data", type=Path, default=LOAD)
    parser.add_argument("--tuning", action="store_true")
    options = parser.parse_args()
    artifact = open_decoder(options.model)
    tokenizer = Tokenizer(TokenizerSpec.load(artifact.tokenizer))
    template = ChatTemplate.from_spec(tokenizer.spec)
    engines = {
        side: Engine(
            artifact,
            tokenizer,
            EngineOptions(slots=1, context=2048, threads=options.threads, prompt_lookup=lookup),
        )
        for side, lookup in SIDES.items()
    }
    kinds = {
        "summarise or edit": edits(options.data, tuning=options.tuning),
        "free chat": free(options.data, tuning=options.tuning),
    }
    results = {}
    for kind, texts in kinds.items():
        runs = []
        for number, text in enumerate(texts[: options.prompts]):
            rendered = template.render([{"role": "user", "content": text}])
            prompt = tuple(tokenizer.encode_prompt(rendered))
            order = list(engines) if number % 2 else list(reversed(engines))
            timed = {side: answer(engines[side], prompt, tokenizer, options.tokens) for side in order}
            if timed["off"][0] > 1:
                runs.append(timed)
        results[kind] = report(kind, runs)
    for side, engine in engines.items():
        stats = engine.stats()
        print(f"{side}: {stats.drafted_tokens} tokens guessed, {stats.accepted_tokens} came true")
        engine.close()
    print(f"{describe()['processor']}, threads {options.threads}")
    settings = {**vars(options), "data": options.data.name}
    print(f"raw run: {keep('prompt_lookup', settings, results).name}")


def answer(
    engine: Engine, prompt: tuple[int, ...], tokenizer: Tokenizer, most: int
) -> tuple[int, float, list[int]]:
    """Tokens after the first, the seconds they took, and which they were."""
    request = GenerationRequest(
        prompt, SamplingParams(temperature=0.0), max_tokens=most, stop_tokens=tokenizer.stop_ids
    )
    events = list(engine.generate(request))
    tokens = [token for event in events for token in event.tokens]
    return len(tokens) - 1, events[-1].decode_seconds, tokens


def report(kind: str, runs: list[dict[str, tuple[int, float, list[int]]]]) -> dict[str, object]:
    """Print one kind's figures and return them with the times of each prompt."""
    rates = {side: sum(run[side][0] for run in runs) / sum(run[side][1] for run in runs) for side in SIDES}
    ratios = [
        (run["on"][0] / run["on"][1]) / (run["off"][0] / run["off"][1]) for run in runs if run["on"][0] > 1
    ]
    same = sum(run["on"][2] == run["off"][2] for run in runs)
    ratio = rates["on"] / rates["off"]
    print(f"{kind:20} on {rates['on']:6.1f}  off {rates['off']:6.1f} tokens/s  ratio {ratio:.2f}")
    print(
        f"{'':20} by prompt: median {statistics.median(ratios):.2f}, {min(ratios):.2f} to {max(ratios):.2f}"
    )
    print(f"{'':20} {same} of {len(runs)} answers the same")
    return {
        "tokens_per_second": rates,
        "ratio": ratio,
        "by_prompt": ratios,
        "same_answers": [same, len(runs)],
    }


if __name__ == "__main__":
    main()
