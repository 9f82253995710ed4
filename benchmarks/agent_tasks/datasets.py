"""GSM8K with a calculator, WikiTableQuestions with SQL, HotpotQA with search, as tasks. Knows no agent."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent_tasks.checking import holds, last_number, normal, numbers
from agent_tasks.handbook import Passages
from agent_tasks.shop import database, described, queried
from agent_tasks.sums import calculator
from agent_tasks.task import Outcome, Task, World
from prudent_agents.function_tool import tool_of

_SAMPLE_ROWS = 2


def gsm8k(folder: Path) -> list[Task]:
    """Word problems; the last number of the answer counts."""

    def made(record: dict[str, Any]) -> Task:
        expected = str(record["expected"])

        def check(outcome: Outcome, _: World) -> bool:
            return last_number(outcome.answer, expected)

        return Task(record["id"], record["task"], lambda: World([tool_of(calculator)]), check, "gsm8k")

    return [made(record) for record in _records(folder / "gsm8k" / "test.jsonl")]


def wikitablequestions(folder: Path) -> list[Task]:
    """Questions on one table, which stands behind a tool that takes SQL; every item must be in the answer."""

    def made(record: dict[str, Any]) -> Task:
        expected = record["expected"]
        items = [str(one) for one in expected] if isinstance(expected, list) else [str(expected)]

        def check(outcome: Outcome, _: World) -> bool:
            return all(_has(outcome.answer, item) for item in items)

        table: str = record["context"]["table_csv"]
        return Task(record["id"], record["task"], lambda: _table_world(table), check, "wtq")

    return [made(record) for record in _records(folder / "wikitablequestions" / "unseen_tables.jsonl")]


def hotpotqa(folder: Path) -> list[Task]:
    """Questions that need two passages, found by a search tool over all passages of the set."""
    corpus = _records(folder / "hotpotqa" / "corpus.jsonl")
    passages = Passages([f"{one.get('title') or ''}. {one['text']}".removeprefix(". ") for one in corpus])

    def search(query: str) -> list[str]:
        """Search an encyclopedia for passages about people, places, works and events.

        Args:
            query: what to look for, in a few words
        """
        return passages.search(query, 3)

    def made(record: dict[str, Any]) -> Task:
        expected = str(record["expected"])

        def check(outcome: Outcome, _: World) -> bool:
            return bool(normal(expected)) and holds(outcome.answer, expected)

        return Task(record["id"], record["task"], lambda: World([tool_of(search)]), check, "hotpotqa")

    return [made(record) for record in _records(folder / "hotpotqa" / "tasks.jsonl")]


DATASETS: dict[str, Callable[[Path], list[Task]]] = {
    "gsm8k": gsm8k,
    "wtq": wikitablequestions,
    "hotpotqa": hotpotqa,
}


def _records(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def _has(answer: str, item: str) -> bool:
    """Whether an item is in an answer: a number by its value, words by their normal form."""
    bare = item.replace(",", "").strip()
    if re.fullmatch(r"-?\d+(?:\.\d+)?", bare):
        return float(bare) in numbers(answer)
    return holds(answer, item)


def _table_world(text: str) -> World:
    """A database with one table, whose card names the columns and shows the first rows."""
    header, *rows = list(csv.reader(io.StringIO(text)))
    columns = _columns(header)
    typed = [[_number(cell) for cell in (*row, *[""] * len(columns))[: len(columns)]] for row in rows]
    connection = database(
        {"data": (", ".join(f'"{name}"' for name in columns), [tuple(row) for row in typed])}
    )

    def sql(query: str) -> list[dict[str, Any]]:
        return queried(connection, query)

    sample = "; ".join(", ".join(str(cell)[:30] for cell in row) for row in typed[:_SAMPLE_ROWS])
    table = f"data({', '.join(columns)})"
    card = f"{described([table])} First rows: {sample}."
    sql.__doc__ = f"{card}\n\nArgs:\n    query: the SELECT query\n"
    return World([tool_of(sql)])


def _columns(header: list[str]) -> list[str]:
    """Names that SQL takes without quotes, each once."""
    names: list[str] = []
    for at, title in enumerate(header):
        name = re.sub(r"\W+", "_", title.strip().lower()).strip("_") or f"column_{at + 1}"
        name = f"c_{name}" if name[0].isdigit() else name
        names.append(name if name not in names else f"{name}_{at + 1}")
    return names


def _number(cell: str) -> Any:
    """Numbers as numbers, so that SQL can compare and add them."""
    bare = cell.strip().replace(",", "")
    if re.fullmatch(r"-?\d+", bare):
        return int(bare)
    return float(bare) if re.fullmatch(r"-?\d+\.\d+", bare) else cell.strip()
