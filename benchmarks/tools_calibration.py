"""Fits the weights of prudent's decisions about tools on development halves: BFCL's, and everyday requests.

    python benchmarks/tools_calibration.py collect --data FOLDER --into FILE [--model ID] [--questions N]
    python benchmarks/tools_calibration.py compare --data FOLDER --into FILE [--questions N]
    python benchmarks/tools_calibration.py fit --data FOLDER FILE... [--model ID] [--decisions fits] [--write]

`collect` runs the model over questions whose answers are known and keeps what it proposes, a line a question;
it goes on where it was stopped. `compare` keeps what the encoder and the words say, which takes no model and
a tenth of the time. `fit` reads files of both (what was collected counts where both have a question; what
was only compared lacks the model's signals, and missing ones weigh nothing), prints how well each decision is
made on questions left out of its fit (ten folds), and with --write puts the weights into the package;
decisions that are not named keep theirs.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
from bfcl.collection import proposals
from bfcl.everyday import CATEGORY as EVERYDAY
from bfcl.everyday import read_everyday
from bfcl.fitting import (
    FIT,
    FIT_FOREIGN,
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
from bfcl.questions import CATEGORIES, Json, Question, read
from numpy.typing import NDArray

from prudent.capabilities.chat import ChatModel
from prudent.capabilities.loading import LoadOptions, load_chat_model
from prudent.capabilities.tools import calibration
from prudent.capabilities.tools.conversation import request_text, with_tools
from prudent.capabilities.tools.driving import Driver
from prudent.capabilities.tools.fit import request_signals
from prudent.capabilities.tools.grounding import Evidence
from prudent.capabilities.tools.language import Language
from prudent.capabilities.tools.similarity import ToolEncoder
from prudent.capabilities.tools.toolset import prepared_tools
from prudent.catalog import Catalog
from prudent.generation.engine import EngineOptions
from prudent.generation.grammar import Lark
from prudent.types.chat import ChatCompletionRequest

ALL = (EVERYDAY, *CATEGORIES)
FILE = Path(calibration.__file__).with_name("calibration.json")
RIDGE = 20.0
MISSES = 0.04
"""Of requests that a tool fits, the share that may be answered without one."""
COUNT_IN_FULL = 4.0
"""How often a question counts that the model was asked, where others were only compared."""


async def collect(asked: argparse.Namespace) -> None:
    """Ask for proposals, the categories in turns, and keep them as they come: it may be stopped."""
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

    chosen = [_questions(asked.data, category)[: asked.questions] for category in asked.categories.split(",")]
    in_turns = [question for row in itertools.zip_longest(*chosen) for question in row if question]
    await asyncio.gather(*(one(question) for question in in_turns if question.id not in known))
    model.close()


def _questions(data: Path, category: str) -> list[Question]:
    found = read_everyday() if category == EVERYDAY else read(data, category)
    return [question for question in found if question.half == "development"]


def compare(asked: argparse.Namespace) -> None:
    """Keep the signals of each question that are there before the model has said a word."""
    encoder = ToolEncoder.local()
    with asked.into.open("w", encoding="utf-8") as file:
        for category in asked.categories.split(","):
            for question in _questions(asked.data, category)[: asked.questions]:
                request = ChatCompletionRequest.model_validate(
                    {"messages": question.messages, "tools": question.tools}
                )
                tools = prepared_tools(request.tools or [])
                text = request_text(request.messages)
                near = encoder.similarities(text, tools)
                if near is None:
                    raise SystemExit("The encoder is not there: prudent models pull multilingual-e5-small")
                tool = max(tools, key=lambda tool: near[tool.name].tool)
                row = {"name": tool.name, "fit": request_signals(tool, Evidence(text), near)}
                file.write(
                    json.dumps({"id": question.id, "category": question.category, "rows": [row]}) + "\n"
                )
    encoder.close()


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
    questions = {q.id: q for category in ALL for q in _questions(asked.data, category)}
    rows: dict[str, list[Json]] = {}
    for line in (json.loads(line) for file in asked.files for line in file.read_text().splitlines()):
        if line["id"] in questions and "judged" not in rows.get(line["id"], [{}])[0]:
            rows[line["id"]] = line["rows"]
    collected = [(questions[id], found) for id, found in rows.items()]
    asked_in_full = [row for row in collected if "judged" in row[1][0]]
    called = [row for row in asked_in_full if row[0].truth and row[0].category != EVERYDAY]
    english = [row for row in collected if Evidence(row[0].messages[-1]["content"]).is_english]
    foreign = [row for row in collected if row not in english]
    whole = json.loads(FILE.read_text(encoding="utf-8"))
    fitted: Json = whole["models"].get(asked.model, whole["models"]["default"])
    measured: dict[str, float] = fitted["measured"]
    labels = {
        "fits": (fit_labels(english), FIT, _counts(english)),
        "fits_foreign": (fit_labels(foreign), FIT_FOREIGN, _counts(foreign)),
        "fits_unaided": (fit_labels(asked_in_full), FIT_UNAIDED, _counts(asked_in_full)),
        "wanted": (wanted_labels(called), WANTED, None),
        "follows": (follow_labels(called), FOLLOWS, None),
    }
    for name in asked.decisions.split(","):
        labelled, signals, counts = labels[name]
        fitted[name] = _decision(name, labelled, signals, measured, counts=counts)
    fitted["fitted_on"] = (
        f"{asked.model}, development halves of BFCL V4 and of everyday requests: {len(collected)} questions, "
        f"{len(asked_in_full)} of them asked in full; {asked.decisions}"
    )
    print(fitted["fitted_on"])
    if asked.write:
        whole["models"][asked.model] = fitted
        if asked.default:
            whole["models"]["default"] = fitted
        FILE.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
        print(f"written to {FILE}")


def _counts(rows: list[tuple[Question, list[Json]]]) -> NDArray[np.float64]:
    return np.array([COUNT_IN_FULL if "judged" in found[0] else 1.0 for _, found in rows])


def _decision(
    name: str,
    labelled: Labelled,
    names: tuple[str, ...],
    measured: dict[str, float],
    *,
    counts: NDArray[np.float64] | None = None,
) -> Json:
    signals, labels = labelled
    truth = np.array(labels)
    held = cross_validated(signals, labels, names, ridge=RIDGE, counts=counts)
    weights = regress(signals, labels, names, ridge=RIDGE, counts=counts)
    if counts is not None:
        weights["threshold"] = round(threshold(list(truth), held, misses=MISSES), 4)
    said = held >= weights["threshold"]
    figures: dict[str, Any] = {
        "questions": len(truth),
        "area": round(area(list(truth), held), 4),
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
    collecting, comparing, fitting = map(commands.add_parser, ("collect", "compare", "fit"))
    for command in (collecting, comparing, fitting):
        command.add_argument("--data", type=Path, required=True)
        command.add_argument("--model", default="qwen2.5-coder-0.5b-instruct")
    for command in (collecting, comparing):
        command.add_argument("--into", type=Path, required=True)
        command.add_argument("--categories", default=",".join(ALL))
        command.add_argument("--questions", type=int)
    collecting.add_argument("--at-once", type=int, default=8)
    collecting.add_argument("--threads", type=int)
    fitting.add_argument("files", type=Path, nargs="+")
    fitting.add_argument("--decisions", default="fits,fits_foreign,fits_unaided,wanted,follows")
    fitting.add_argument("--write", action="store_true")
    fitting.add_argument("--default", action="store_true", help="these weights also serve every other model")
    asked = parser.parse_args()
    if asked.command == "collect":
        asyncio.run(collect(asked))
    elif asked.command == "compare":
        compare(asked)
    else:
        fit(asked)


if __name__ == "__main__":
    main()
