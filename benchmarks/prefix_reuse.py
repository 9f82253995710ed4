"""Prefix reuse: an agent's six steps with a 1,500-token system prompt, with the prefix cache and without.

    python benchmarks/prefix_reuse.py [--model ID] [--rounds 2] [--system 1500] [--threads 2]

Each step's prompt is the conversation so far: system prompt with tools, task, and for each earlier step the
model's own answer and a tool's result. Two engines in one process do each step in turn. Counted are the
prompt tokens computed and the time to the first token. Every round is another task under the same system
prompt; the first is a warm-up. Aim: 80 % fewer prompt tokens computed, first tokens 5 times sooner at every
step.
"""

from __future__ import annotations

import argparse
import statistics

from machine import describe, keep

from prudent.generation.engine import Engine
from prudent.generation.options import EngineOptions
from prudent.generation.request import GenerationRequest, SamplingParams
from prudent.store import open_decoder
from prudent.tokenizer import ChatTemplate, Tokenizer, TokenizerSpec

STEPS = 6
ANSWER = 32
_TOOL = (
    "Tool {n}: find_order_{n}(order: string, customer: string, since: date) gives the state of an order, its "
    "lines with their prices, and who packed it; it fails where the customer is not the one who ordered.\n"
)
_RESULT = (
    "Result: order {n}17-{n}4 of customer {n}90, placed on 2026-0{n}-11, three lines: a kettle at 39.90, two "
    "lamps at 24.50 each, a rug at 120.00; packed by station {n}, handed to the carrier, not yet delivered."
)
_TASKS = (
    "Where is my kettle?",
    "I want to send the lamps back.",
    "Was the rug packed?",
    "Who has my parcel?",
)
Times = dict[str, list[float]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--model", default="qwen2.5-coder-0.5b-instruct")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--system", type=int, default=1500, help="tokens of the system prompt")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    artifact = open_decoder(options.model)
    tokenizer = Tokenizer(TokenizerSpec.load(artifact.tokenizer))
    template = ChatTemplate.from_spec(tokenizer.spec)
    engines = {
        side: Engine(
            artifact,
            tokenizer,
            EngineOptions(
                slots=1, context=4096, threads=options.threads, prefix_cache_bytes=size, prompt_lookup=False
            ),
        )
        for side, size in {"with": 512 * 2**20, "without": 0}.items()
    }
    system = system_prompt(tokenizer, options.system)
    steps: list[dict[str, list[float]]] = [
        {"prompt": [], "computed": [], "with": [], "without": []} for _ in range(STEPS)
    ]
    for number in range(options.rounds + 1):
        found = conversation(engines, tokenizer, template, system, _TASKS[number % len(_TASKS)])
        for step, figures in zip(steps, found, strict=True):
            if number:
                for name, value in figures.items():
                    step[name].append(value)
    show(steps)
    for engine in engines.values():
        engine.close()
    print(f"{describe()['processor']}, threads {options.threads}, medians of {options.rounds} conversations")
    print(f"raw run: {keep('prefix_reuse', vars(options), steps).name}")


def system_prompt(tokenizer: Tokenizer, tokens: int) -> str:
    """Rules and tools, of about so many tokens."""
    text, number = "You help the customers of a shop. Use one tool at a time and be brief.\n", 0
    while len(tokenizer.encode(text)) < tokens:
        number += 1
        text += _TOOL.format(n=number)
    return text


def conversation(
    engines: dict[str, Engine], tokenizer: Tokenizer, template: ChatTemplate, system: str, task: str
) -> list[dict[str, float]]:
    """The figures of each step."""
    messages = [{"role": "system", "content": system}, {"role": "user", "content": task}]
    found = []
    for step in range(STEPS):
        prompt = tuple(tokenizer.encode_prompt(template.render(messages)))
        figures: dict[str, float] = {"prompt": len(prompt)}
        said = ""
        for side in engines if step % 2 else reversed(engines):
            request = GenerationRequest(
                prompt, SamplingParams(temperature=0.0), max_tokens=ANSWER, stop_tokens=tokenizer.stop_ids
            )
            events = list(engines[side].generate(request))
            figures[side] = events[-1].queue_seconds + events[-1].prefill_seconds
            if side == "with":
                figures["computed"] = len(prompt) - events[-1].cached_tokens
                said = "".join(event.text for event in events)
        found.append(figures)
        messages += [
            {"role": "assistant", "content": said},
            {"role": "user", "content": _RESULT.format(n=step + 1)},
        ]
    return found


def show(steps: list[Times]) -> None:
    """Print a row a step."""
    heads = f"{'step':>4}{'prompt':>8}{'computed':>10}{'less':>7}"
    print(f"{heads}{'first token, s: with':>22}{'without':>9}{'x':>7}")
    for number, step in enumerate(steps, 1):
        prompt, computed = statistics.median(step["prompt"]), statistics.median(step["computed"])
        reused, plain = statistics.median(step["with"]), statistics.median(step["without"])
        ratio = statistics.median(b / a for a, b in zip(step["with"], step["without"], strict=True))
        print(
            f"{number:4}{prompt:8.0f}{computed:10.0f}{1 - computed / prompt:7.0%}"
            f"{reused:22.3f}{plain:9.3f}{ratio:7.1f}"
        )
    prompts, computed = (sum(sum(step[name]) for step in steps) for name in ("prompt", "computed"))
    print(f"all: {1 - computed / prompts:.0%} fewer prompt tokens computed")


if __name__ == "__main__":
    main()
