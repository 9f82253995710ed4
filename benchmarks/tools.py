"""Tool calls of small models on BFCL's single-turn questions: passes under a mask against free decoding.

    python benchmarks/tools.py --data FOLDER [--model ID] [--half test] [--questions N] [--ways masked,free]
                               [--categories simple_python,...] [--minutes M] [--at-once 8] [--threads 2]

FOLDER holds BFCL_v4_*.json and possible_answer/. Scored by the leaderboard's rules (bfcl/scoring.py). The
`development` half was tuned on; figures to report are of the `test` half. `masked` is what a client of
prudent gets with tool_choice auto. `free` shows the model the same prompt, lets it write, and reads every
call that can be read. Both are greedy. `everyday` requests (bfcl/everyday.json: English, Chinese) ask only
for the right tool, or none. Beside them stand the leaderboard's scores for models of like size, which are of
its full sets.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import re
import time
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from pathlib import Path
from typing import Any

from bfcl.everyday import CATEGORY as EVERYDAY
from bfcl.everyday import read_everyday
from bfcl.questions import CATEGORIES, Question, read
from bfcl.scoring import Call, is_right
from machine import describe, keep

from prudent.capabilities.chat import ChatModel
from prudent.capabilities.fold import Folding
from prudent.capabilities.generations import Generations
from prudent.capabilities.loading import LoadOptions, load_chat_model
from prudent.capabilities.tools.conversation import with_tools
from prudent.capabilities.tools.similarity import ToolEncoder
from prudent.capabilities.tools.toolset import prepared_tools
from prudent.catalog import Catalog
from prudent.generation.options import EngineOptions
from prudent.types.chat import ChatCompletionRequest

NON_LIVE = ("simple", "multiple", "parallel", "parallel_multiple")
PUBLISHED = {
    "Qwen2.5-0.5B-Instruct (FC)": (62.3, 61.2, 78.0, 60.0, 50.0, 46.2),
    "Qwen3-0.6B (FC)": (71.8, 64.2, 86.0, 67.5, 69.5, 80.8),
    "Hammer2.1-0.5b (FC)": (66.0, 62.4, 81.0, 69.0, 51.5, 80.8),
    "Qwen2.5-1.5B-Instruct (FC)": (79.1, 72.4, 87.0, 81.5, 75.5, 62.7),
    "Qwen3-1.7B (FC)": (82.9, 70.7, 92.5, 88.5, 80.0, 76.5),
}
_BLOCK = re.compile(r"<tool_call>\s*(.*?)\s*(?:</tool_call>|$)", re.DOTALL)
_FENCE = re.compile(r"```(?:json)?\s*(.*?)\s*(?:```|$)", re.DOTALL)

Way = Callable[[ChatModel, Question], Coroutine[Any, Any, dict[str, Any]]]


async def masked(model: ChatModel, question: Question) -> dict[str, Any]:
    """As a client gets it; a plain answer is not waited for."""
    answer = Folding()
    async with aclosing(model.stream(_request(question))) as chunks:
        async for chunk in chunks:
            if any(choice.delta.content for choice in chunk.choices):
                return {"calls": []}
            answer.add(chunk)
    choice = answer.completion().choices[0]
    calls = [
        (call.function.name, json.loads(call.function.arguments)) for call in choice.message.tool_calls or []
    ]
    decision = choice.tool_decision
    return {"calls": calls, "confidence": None if decision is None else decision.confidence}


async def free(model: ChatModel, question: Question) -> dict[str, Any]:
    """The same prompt, and the model writes what it likes."""
    request = _request(question)
    prompt = model.encode_plain(with_tools(request.messages, prepared_tools(request.tools or [])))
    (generation,) = model.requests(request, [prompt], max_tokens=512, top_logprobs=None)
    text = ""
    async for _, event in Generations(model.engine).run([generation]):
        text += event.text
    return {"calls": calls_in(text), "text": text}


WAYS: dict[str, Way] = {"masked": masked, "free": free}


def calls_in(text: str) -> list[Call]:
    """Every call in a text: in the form asked for, or JSON in a fence, or bare."""
    pieces = _BLOCK.findall(text) or _FENCE.findall(text) or [text]
    found: list[Call] = []
    for piece in pieces:
        for value in _values(piece):
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict) and isinstance(one.get("name"), str):
                    found.append((one["name"], one.get("arguments", one.get("parameters", {}))))
    return found


def _values(text: str) -> list[Any]:
    """JSON values one after the other, up to the first text that is none."""
    values: list[Any] = []
    decoder, position = json.JSONDecoder(), 0
    while position < len(text):
        try:
            value, position = decoder.raw_decode(text, position)
        except ValueError:
            return values
        values.append(value)
        while position < len(text) and text[position] in " \n,;":
            position += 1
    return values


def _request(question: Question) -> ChatCompletionRequest:
    return ChatCompletionRequest.model_validate(
        {"messages": question.messages, "tools": question.tools, "temperature": 0.0, "max_tokens": 512}
    )


async def run(model: ChatModel, asked: argparse.Namespace) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Ask every question in every way, so many at a time, the categories in turns.

    After asked.minutes no question is begun any more: every category has then been asked about as many.
    """
    chosen = [_questions(asked, category) for category in asked.categories.split(",")]
    in_turns = [question for row in itertools.zip_longest(*chosen) for question in row if question]
    ways = asked.ways.split(",")
    found: dict[str, dict[str, list[dict[str, Any]]]] = {way: {} for way in ways}
    turn = asyncio.Semaphore(asked.at_once)
    began = time.perf_counter()

    async def ask(question: Question) -> None:
        async with turn:
            if time.perf_counter() - began > asked.minutes * 60:
                return
            for way in ways:  # one after the other: they read the same prompt
                answer = await _answer(model, way, question)
                found[way].setdefault(question.category, []).append(answer)
                print(way, question.id, answer["right"], flush=True)

    await asyncio.gather(*map(ask, in_turns))
    return found


async def _answer(model: ChatModel, way: str, question: Question) -> dict[str, Any]:
    began = time.perf_counter()
    try:
        answer = await WAYS[way](model, question)
    except Exception as error:  # noqa: BLE001  a question that fails is a wrong answer, and said so
        answer = {"calls": [("error", str(error))], "error": f"{type(error).__name__}: {error}"}
    seconds = round(time.perf_counter() - began, 3)
    return {"id": question.id, "right": is_right(question, answer["calls"]), "seconds": seconds, **answer}


def _questions(asked: argparse.Namespace, category: str) -> list[Question]:
    found = read_everyday() if category == EVERYDAY else read(asked.data, category)
    return [question for question in found if asked.half in ("both", question.half)][: asked.questions]


def summary(shares: dict[str, float]) -> dict[str, float]:
    """The leaderboard's means: simple is the mean of its languages, non-live of the four groups."""
    simple = [shares[name] for name in shares if name.startswith("simple_")]
    groups = dict(shares)
    if simple:
        groups["simple"] = sum(simple) / len(simple)
    if all(name in groups for name in NON_LIVE):
        groups["non_live"] = sum(groups[name] for name in NON_LIVE) / len(NON_LIVE)
    return {name: round(share, 2) for name, share in groups.items()}


async def main() -> None:
    """Run, print, keep."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b-instruct")
    parser.add_argument("--half", choices=("development", "test", "both"), default="test")
    parser.add_argument("--questions", type=int, help="at most so many of a category")
    parser.add_argument("--categories", default=",".join((*CATEGORIES, EVERYDAY)))
    parser.add_argument("--ways", default="masked,free")
    parser.add_argument("--minutes", type=float, default=600.0)
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--without-encoder", action="store_true")
    asked = parser.parse_args()
    encoder = None if asked.without_encoder else ToolEncoder.local()
    options = LoadOptions(engine=EngineOptions(slots=asked.at_once, threads=asked.threads))
    model = load_chat_model(Catalog.load().get(asked.model), options, None, encoder)
    settings = {**vars(asked), "data": asked.data.name, "greedy": True, "calibration": "as shipped"}
    print(json.dumps({"machine": describe(), "settings": settings}))
    results: dict[str, Any] = {}
    for way, answered in (await run(model, asked)).items():
        shares: dict[str, float] = {}
        for category, answers in answered.items():
            shares[category] = 100 * sum(answer["right"] for answer in answers) / len(answers)
            print(f"{way:8} {category:20} {shares[category]:5.1f} % of {len(answers)}")
        results[way] = {**answered, "summary": summary(shares)}
        print(f"{way:8} {results[way]['summary']}")
    print("published (full sets): non-live, simple, multiple, parallel, parallel_multiple, irrelevance")
    for name, scores in PUBLISHED.items():
        print(f"  {name:28} {scores}")
    print(keep(f"tools-{asked.model}-{asked.half}", settings, results))
    model.close()


if __name__ == "__main__":
    asyncio.run(main())
