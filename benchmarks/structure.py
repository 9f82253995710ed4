"""Structure: how many real schemas are enforced and how fast, what answers under them are, what it costs.

    python benchmarks/structure.py schemas  [--model ID]
    python benchmarks/structure.py answers  [--model ID] [--pairs 500] [--tokens 256] [--minutes M]
    python benchmarks/structure.py overhead [--model ID] [--rounds 5]

`schemas` feeds the instances of JSONSchemaBench's schemas to the masks, token by token: a valid instance
should be writable, an invalid one must not be. `answers` lets the model answer under schemas drawn from those
that are enforced, and holds finished answers to the `jsonschema` package; answers that max_tokens cut are
counted as such; after --minutes no further pairs are begun, and `pairs` says how many were. `overhead`
compares decode steps of eight streams with a grammar and without. Times of compiling and of masks are the
processor's, which other work does not lengthen.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
from machine import describe, keep

from prudent.errors import GrammarError
from prudent.generation.engine import Engine
from prudent.generation.grammar import GrammarCompiler, JsonSchema
from prudent.generation.options import EngineOptions
from prudent.generation.request import FinishReason, GenerationRequest, SamplingParams
from prudent.store import open_decoder
from prudent.tokenizer import ChatTemplate, Tokenizer, TokenizerSpec

SCHEMAS = Path(__file__).parents[2] / "shared" / "data" / "schemas" / "jsonschemabench"
PUBLISHED = {
    "LLGuidance 0.7.10, 11,306 schemas": {
        "compiled": "79.0 %", "passing": "78.8 %", "valid refused": 20, "invalid accepted": 0,
        "mask us p50 / p99": "46 / 533",
    },
    "XGrammar 0.1.17": {"passing": "71.8 %", "valid refused": 1408, "invalid accepted": 1368},
    "llama.cpp": {"passing": "57.5 %"},
    "Outlines-core 0.2.3": {"passing": "62.4 %"},
}  # fmt: skip
"""From the README of maskbench; the sample here is 1,103 of the same schemas, fewer of the large ones."""

_LONGEST_SCHEMA = 4000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b-instruct")
    parser.add_argument("--data", type=Path, default=SCHEMAS)
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--minutes", type=float, default=600.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    results = PARTS[options.part](options)
    settings = {**vars(options), "data": options.data.name}
    print(json.dumps({"machine": describe(), "settings": settings, "results": results}, indent=1))
    print(keep(f"structure-{options.part}", settings, results))


class Model:
    """A model with its tokenizer, template and compiler."""

    def __init__(self, name: str) -> None:
        self.artifact = open_decoder(name)
        self.tokenizer = Tokenizer(TokenizerSpec.load(self.artifact.tokenizer))
        self.template = ChatTemplate.from_spec(self.tokenizer.spec)
        self.compiler = GrammarCompiler(self.tokenizer)

    def engine(self, threads: int) -> Engine:
        """Eight streams, and no guessing, which would blur what a step is."""
        return Engine(
            self.artifact,
            self.tokenizer,
            EngineOptions(slots=8, context=2048, threads=threads, prompt_lookup=False),
        )

    def prompt(self, text: str) -> tuple[int, ...]:
        """A user's message, ready to be answered."""
        return tuple(self.tokenizer.encode_prompt(self.template.render([{"role": "user", "content": text}])))


def cases(folder: Path) -> Iterator[dict[str, Any]]:
    """The schemas with their instances."""
    for file in sorted(folder.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def schemas(options: argparse.Namespace) -> dict[str, Any]:
    """Every schema compiled, every instance tried."""
    model = Model(options.model)
    model.compiler.compile(JsonSchema("{}"))  # the vocabulary's tables
    counts: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    splits: dict[str, list[int]] = {}
    compile_ms: list[float] = []
    mask_us: list[float] = []
    for case in cases(options.data):
        counts["schemas"] += 1
        split = splits.setdefault(case["id"].partition("---")[0], [0, 0])
        split[1] += 1
        started = time.thread_time()
        try:
            grammar = model.compiler.compile(JsonSchema(json.dumps(case["schema"]))).grammar
        except GrammarError as error:
            refused[str(error.details.get("keyword", "the schema as a whole"))] += 1
            compile_ms.append((time.thread_time() - started) * 1e3)
            continue
        compile_ms.append((time.thread_time() - started) * 1e3)
        counts["accepted"] += 1
        split[0] += 1
        wrong = 0
        for test in case["tests"]:
            tokens = model.tokenizer.encode(json.dumps(test["data"], ensure_ascii=False))
            written = _writable(grammar.start(), tokens, model.tokenizer, mask_us if test["valid"] else None)
            counts["valid instances" if test["valid"] else "invalid instances"] += 1
            if written != test["valid"]:
                wrong += 1
                counts["valid refused" if test["valid"] else "invalid accepted"] += 1
        counts["passing"] += not wrong
    return {
        **counts,
        "share accepted": round(counts["accepted"] / counts["schemas"], 4),
        "share passing": round(counts["passing"] / counts["schemas"], 4),
        "accepted of schemas, by source": {
            name: f"{some} of {all_}" for name, (some, all_) in splits.items()
        },
        "refused by keyword": dict(refused.most_common()),
        "compile ms": _percentiles(compile_ms),
        "mask us": _percentiles(mask_us),
        "published": PUBLISHED,
    }


def _writable(constraint: Any, tokens: list[int], tokenizer: Tokenizer, mask_us: list[float] | None) -> bool:
    """Whether the masks allow the tokens one after the other and an end after them; times the masks."""
    mask = np.zeros(-(-tokenizer.vocab_size // 32), np.int32)
    for token in tokens:
        started = time.thread_time()
        constraint.fill_mask(mask)
        if mask_us is not None:
            mask_us.append((time.thread_time() - started) * 1e6)
        if not mask[token // 32] >> (token % 32) & 1:
            return False
        constraint.accept(token)
    if constraint.complete:
        return True
    constraint.fill_mask(mask)
    return any(mask[token // 32] >> (token % 32) & 1 for token in tokenizer.stop_ids)


def answers(options: argparse.Namespace) -> dict[str, Any]:
    """Real answers, held to an independent validator."""
    model = Model(options.model)
    pairs = _pairs(model, options)
    counts: Counter[str] = Counter(pairs=0)
    wrong: list[dict[str, str]] = []
    started = time.perf_counter()
    with model.engine(options.threads) as engine:
        for first in range(0, len(pairs), 16):
            batch = pairs[first : first + 16]
            if time.perf_counter() - started > options.minutes * 60:
                break
            counts["pairs"] += len(batch)
            streams = [
                engine.generate(
                    GenerationRequest(
                        prompt=model.prompt(prompt),
                        grammar=model.compiler.compile(JsonSchema(json.dumps(schema))).grammar,
                        sampling=SamplingParams(temperature=0.7, top_p=0.95, seed=first + place),
                        max_tokens=options.tokens,
                        stop_tokens=model.tokenizer.stop_ids,
                    )
                )
                for place, (schema, prompt) in enumerate(batch)
            ]
            for (schema, _), stream in zip(batch, streams, strict=True):
                events = list(stream)
                text = "".join(event.text for event in events)
                verdict = _judge(schema, text, events[-1].finish)
                counts[verdict] += 1
                if verdict not in ("valid", "cut by max_tokens"):
                    wrong.append({"verdict": verdict, "schema": json.dumps(schema), "text": text})
            print(dict(counts), f"{time.perf_counter() - started:.0f} s", flush=True)
        stats = engine.stats()
    finished = counts["pairs"] - counts["cut by max_tokens"]
    return {
        **counts,
        "share valid of finished": counts["valid"] / finished,
        "tokens": stats.generated_tokens,
        "share of tokens forced": round(stats.forced_tokens / stats.generated_tokens, 3),
        "seconds": round(time.perf_counter() - started, 1),
        "not valid": wrong[:10],
    }


def _pairs(model: Model, options: argparse.Namespace) -> list[tuple[dict[str, Any], str]]:
    """Schemas that are enforced and fit the model, each with a request in words; the same ones every time."""
    usable: list[dict[str, Any]] = []
    for case in cases(options.data):
        schema = case["schema"]
        if len(json.dumps(schema)) > _LONGEST_SCHEMA or not isinstance(schema, dict):
            continue
        try:
            model.compiler.compile(JsonSchema(json.dumps(schema)))
        except GrammarError:
            continue
        usable.append(schema)
    random.Random(7).shuffle(usable)
    return [(schema, _request(schema)) for schema in usable[: options.pairs]]


def _request(schema: dict[str, Any]) -> str:
    about = str(schema.get("description") or schema.get("title") or "a record")[:200]
    names = list(schema.get("properties", {}))[:12]
    parts = [f"Write a short, realistic example of the following as JSON: {about}."]
    if names:
        parts.append(f"It has these fields: {', '.join(names)}.")
    return " ".join(parts)


def _judge(schema: dict[str, Any], text: str, finish: FinishReason | None) -> str:
    if finish is FinishReason.LENGTH:
        return "cut by max_tokens"
    if finish is not FinishReason.STOP:
        return "failed"
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    try:
        kind(schema, format_checker=kind.FORMAT_CHECKER).validate(json.loads(text))
    except (jsonschema.ValidationError, ValueError):
        return "invalid"
    return "valid"


def overhead(options: argparse.Namespace) -> dict[str, Any]:
    """The time of a decode step of eight streams, with a grammar and without, in turns."""
    model = Model(options.model)
    text = {"type": "string"}
    long = {f"part_{number}": text for number in range(40)}
    schema = {"type": "object", "properties": long, "required": list(long), "additionalProperties": False}
    grammar = model.compiler.compile(JsonSchema(json.dumps(schema))).grammar
    sides = {"free": None, "structured": grammar}
    steps: dict[str, list[float]] = {side: [] for side in sides}
    with model.engine(options.threads) as engine:
        for round_ in range(options.rounds + 1):
            for side in sides if round_ % 2 else reversed(sides):
                before = engine.stats()
                streams = [
                    engine.generate(
                        GenerationRequest(
                            prompt=model.prompt("Tell a long story in forty parts."),
                            grammar=sides[side],
                            sampling=SamplingParams(temperature=0.7, seed=seed),
                            max_tokens=96,
                        )
                    )
                    for seed in range(8)
                ]
                for stream in streams:
                    list(stream)
                after = engine.stats()
                seconds = (after.decode_seconds + after.decode_overhead_seconds) - (
                    before.decode_seconds + before.decode_overhead_seconds
                )
                if round_:  # the first is for warming up
                    steps[side].append(seconds / (after.decode_steps - before.decode_steps) * 1e3)
    medians = {side: statistics.median(times) for side, times in steps.items()}
    return {
        "ms per step, median": {side: round(value, 3) for side, value in medians.items()},
        "ms per step": {side: [round(value, 3) for value in times] for side, times in steps.items()},
        "overhead": round(medians["structured"] / medians["free"] - 1, 4),
    }


def _percentiles(values: list[float]) -> dict[str, float]:
    p50, p99 = np.percentile(values, [50, 99])
    return {"p50": round(float(p50), 3), "p99": round(float(p99), 3), "most": round(max(values), 3)}


PARTS = {"schemas": schemas, "answers": answers, "overhead": overhead}


if __name__ == "__main__":
    main()
