"""Runs a recipe's own tests, in a copy of its folder, and says what was not as expected. Prints nothing."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from prudent.errors import PrudentError, RequestTooLargeError
from prudent_agents.events import ApprovalAsked
from prudent_agents.matching import mismatch
from prudent_agents.recipes.check_tests import STEP_WORDS
from prudent_agents.recipes.document import TestPart
from prudent_agents.recipes.recipe import Recipe, RecipeRun, value_at
from prudent_agents.values import JSON, digest

MOST_BYTES = 64 << 20
"""Of a recipe's folder that is copied for a test."""


@dataclass
class Tried:
    """One test and what came of it. `problems` is empty where all was as expected."""

    name: str
    problems: list[str] = field(default_factory=list[str])
    seconds: float = 0.0


def try_recipe(recipe: Recipe, *, client: Any = None, model: Any = None) -> Iterator[Tried]:
    """Run the tests one after the other, each with its own copy of the recipe's folder."""
    for position, test in enumerate(recipe.document.tests):
        began = time.monotonic()
        name = test.name or f"test {position + 1}"
        try:
            problems = _tried(recipe, test, client, model)
        except PrudentError as error:
            problems = [str(error)]
        yield Tried(name, problems, time.monotonic() - began)


def _tried(recipe: Recipe, test: TestPart, client: Any, model: Any) -> list[str]:
    asked: list[str] = []

    def decide(question: ApprovalAsked) -> bool | None:
        asked.append(question.step)
        return True if test.approve == "all" else None

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "recipe"
        if recipe.folder is not None:
            _copied(recipe.folder, folder)
        else:
            folder.mkdir()
        copy = recipe.moved(folder)
        done = copy.run(test.given, base=folder, approve=decide, client=client, model=model, durable=False)
        return list(_differences(test.expect, done, asked))


def _copied(folder: Path, to: Path) -> None:
    """Copy a recipe's folder; links are left out, and too much is refused."""
    size = sum(one.stat().st_size for one in folder.rglob("*") if one.is_file() and not one.is_symlink())
    if size > MOST_BYTES:
        raise RequestTooLargeError(
            f"The recipe's folder holds {size >> 20} MiB, and tests run in a copy of it.",
            hint=f"Keep recipe and samples in a folder of their own, below {MOST_BYTES >> 20} MiB.",
        )
    shutil.copytree(
        folder, to, ignore=lambda where, names: [n for n in names if (Path(where) / n).is_symlink()]
    )


def _differences(expect: Mapping[str, Any], done: RecipeRun, asked: list[str]) -> Iterator[str]:
    run = done.run
    if "status" not in expect and not set(STEP_WORDS) & set(expect) and run.status != "done":
        yield f"status is {run.status}: {run.error}"
    found = {"blocked": run.state.refused, "asks": set(asked), "skipped": set(run.state.skipped)}
    found["failed"] = set(run.state.failed)
    for key, wanted in expect.items():
        if key == "status":
            if run.status != wanted:
                yield f"status is {run.status}, not {wanted}" + (f": {run.error}" if run.error else "")
        elif key in found:
            for step in cast("list[str]", wanted) if isinstance(wanted, list) else [wanted]:
                if step not in found[key]:
                    others = ", ".join(sorted(found[key])) or "none"
                    yield f"{key}: {step} is not among them ({others})" + _because(run.error)
        else:
            at_output = key == "output" or key.startswith("output.")
            value = _in_output(done.output, key) if at_output else value_at(run.results, key)
            problem = mismatch(value, wanted)
            if problem:
                yield f"{key} is {digest(value, characters=160)}, {problem}" + _because(run.error)


def _because(error: str | None) -> str:
    return f" ({error})" if error else ""


def _in_output(output: JSON, key: str) -> JSON:
    for part in key.split(".")[1:]:
        try:
            output = output[int(part) if part.isdigit() else part]
        except (KeyError, IndexError, TypeError):
            return None
    return output
