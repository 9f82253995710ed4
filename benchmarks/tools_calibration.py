"""Fits the weights of prudent's decisions about tools on the development half of BFCL's questions.

    python benchmarks/tools_calibration.py collect --data FOLDER --into FILE [--model ID] [--questions N]
    python benchmarks/tools_calibration.py fit --data FOLDER FILE... [--model ID] [--write]

`collect` runs the model over questions whose answers are known and keeps what it proposes, a line a question;
it goes on where it was stopped. `fit` reads such files, prints how well each decision is made on questions
left out of its fit (ten folds), and with --write puts the weights into the package.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
from bfcl.collection import proposals
from bfcl.fitting import (
    FIT,
    FIT_UNAIDED,
    FOLLOWS,
    WANTED,
    Labelled,
    area,
    cross_validated,
    fit_labels,
    follow_labels,
    regress,
    threshold,
    wanted_labels,
)
from bfcl.questions import Json, Question, read

from prudent.capabilities.chat import ChatModel
from prudent.capabilities.loading import LoadOptions, load_chat_model
from prudent.capabilities.tools import calibration
from prudent.capabilities.tools.conversation import request_text, with_tools
from prudent.capabilities.tools.driving import Driver
from prudent.capabilities.tools.language import Language
from prudent.capabilities.tools.similarity import ToolEncoder
from prudent.capabilities.tools.toolset import prepared_tools
from prudent.catalog import Catalog
from prudent.generation.engine import EngineOptions
from prudent.generation.grammar import Lark
from prudent.types.chat import ChatCompletionRequest

CATEGORIES = ("irrelevance", "parallel", "simple_python", "multiple", "parallel_multiple")
FILE = Path(calibration.__file__).with_name("calibration.json")
RIDGE = 20.0
MISSES = 0.05
"""Of requests that a tool fits, the share that may be answered without one."""


async def collect(asked: argparse.Namespace) -> None:
    """Ask for proposals, a few questions at a time, and keep them as they come."""
    known = (
        {json.loads(line)["id"] for line in asked.into.read_text().splitlines()}
        if asked.into.exists()
        else set()
    )
    encoder = ToolEncoder.local()
    options = LoadOptions(engine=EngineOptions(slots=asked.at_once, threads=asked.threads))
    model = load_chat_model(Catalog.load().get(asked.model), options, None, encoder)
    turn = asyncio.Semaphore(asked.at_once)

    async def one(question: Question) -> None:
        async with turn:
            rows = await _proposed(model, encoder, question)
            with asked.into.open("a", encoding="utf-8") as file:
                file.write(
                    json.dumps({"id": question.id, "category": question.category, "rows": rows}) + "\n"
                )

    for category in asked.categories.split(","):
        questions = [q for q in read(asked.data, category) if q.half == "development"][: asked.questions]
        await asyncio.gather(*(one(question) for question in questions if question.id not in known))
        print(category, "done", flush=True)
    model.close()


async def _proposed(model: ChatModel, encoder: ToolEncoder, question: Question) -> list[Json]:
    request = ChatCompletionRequest.model_validate({"messages": question.messages, "tools": question.tools})
    tools = prepared_tools(request.tools or [])
    prompt = model.encode_plain(with_tools(request.messages, tools))
    text = request_text(request.messages)
    program = proposals(
        Language.of(model.tokenizer),
        prompt,
        tools,
        question,
        text,
        encoder.similarities(text, tools),
        model.calibration.wanted,
    )
    driver = Driver(
        model.engine, lambda text: model.grammars.compile(Lark(text)).grammar, model.template_of(request)
    )
    results: list[list[Json]] = []
    async for _ in driver.run(program, results):
        pass
    return results[0]


def fit(asked: argparse.Namespace) -> None:
    """Fit every decision and say how good it is on what it has not seen."""
    questions = {q.id: q for category in CATEGORIES for q in read(asked.data, category)}
    lines = [json.loads(line) for file in asked.files for line in file.read_text().splitlines()]
    rows = {line["id"]: line["rows"] for line in lines}
    collected = [(questions[id], found) for id, found in rows.items() if questions[id].half == "development"]
    called = [(question, found) for question, found in collected if question.truth]
    measured: dict[str, float] = {}
    fitted: Json = {
        "fits": _decision("fits", fit_labels(collected), FIT, measured, misses=MISSES),
        "fits_unaided": _decision(
            "fits_unaided", fit_labels(collected), FIT_UNAIDED, measured, misses=MISSES
        ),
        "wanted": _decision("wanted", wanted_labels(called), WANTED, measured),
        "follows": _decision("follows", follow_labels(called), FOLLOWS, measured),
        "fitted_on": f"{asked.model}, {len(collected)} questions of BFCL V4's development half",
        "measured": measured,
    }
    if asked.write:
        whole = json.loads(FILE.read_text(encoding="utf-8"))
        whole["models"][asked.model] = fitted
        if asked.default:
            whole["models"]["default"] = fitted
        FILE.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
        print(f"written to {FILE}")


def _decision(
    name: str,
    labelled: Labelled,
    names: tuple[str, ...],
    measured: dict[str, float],
    *,
    misses: float | None = None,
) -> Json:
    signals, labels = labelled
    truth = np.array(labels)
    held = cross_validated(signals, labels, names, ridge=RIDGE)
    weights = regress(signals, labels, names, ridge=RIDGE)
    if misses is not None:
        weights["threshold"] = round(threshold(labels, held, misses=misses), 4)
    said = held >= weights["threshold"]
    figures: dict[str, Any] = {
        "questions": len(labels),
        "area": round(area(labels, held), 4),
        "right": round(float((said == truth).mean()), 4),
        "yes_found": round(float(said[truth == 1].mean()), 4),
        "no_found": round(float((~said[truth == 0]).mean()), 4),
    }
    print(name, figures)
    for signal, part in weights["signals"].items():
        print(f"    {signal:20} {part['weight']:+.2f}")
    measured.update({f"{name}_{key}": value for key, value in figures.items()})
    return weights


def main() -> None:
    """Read the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    collecting, fitting = commands.add_parser("collect"), commands.add_parser("fit")
    for command in (collecting, fitting):
        command.add_argument("--data", type=Path, required=True)
        command.add_argument("--model", default="qwen2.5-coder-0.5b-instruct")
    collecting.add_argument("--into", type=Path, required=True)
    collecting.add_argument("--categories", default=",".join(CATEGORIES))
    collecting.add_argument("--questions", type=int)
    collecting.add_argument("--at-once", type=int, default=8)
    collecting.add_argument("--threads", type=int)
    fitting.add_argument("files", type=Path, nargs="+")
    fitting.add_argument("--write", action="store_true")
    fitting.add_argument("--default", action="store_true", help="these weights also serve every other model")
    asked = parser.parse_args()
    if asked.command == "collect":
        asyncio.run(collect(asked))
    else:
        fit(asked)


if __name__ == "__main__":
    main()
