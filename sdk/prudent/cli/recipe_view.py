"""What `prudent recipe` reads and prints: parameters, questions, runs. Decides nothing about recipes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from prudent.errors import InvalidRequestError

if TYPE_CHECKING:
    from prudent_agents.events import ApprovalAsked
    from prudent_agents.recipes import Problem, Recipe, RecipeRun
    from prudent_agents.recipes.rehearsal import Rehearsal
    from prudent_agents.run import Run


def load(place: str, tools: Path | None) -> Recipe:
    """The recipe, with the user's own tools where a file is named. Raises RecipeError, NotFoundError."""
    from prudent_agents.recipes import Recipe
    from prudent_agents.recipes.own_tools import tools_of

    own = [] if tools is None else tools_of(tools)
    if place.endswith(".zip"):
        from prudent_agents.recipes.bundle import read_pack

        recipe, different, _ = read_pack(Path(place), tools=own)
        for line in different:
            typer.echo(line, err=True)
        return recipe
    return Recipe.load(place, tools=own)


def gallery_rows() -> list[dict[str, Any]]:
    """Name, what it is for, and parameters of every recipe of the gallery."""
    from prudent_agents.recipes import Recipe, gallery

    rows: list[dict[str, Any]] = []
    for name, path in gallery().items():
        document = Recipe.load(path).document
        rows.append({"name": name, "about": document.about, "parameters": list(document.parameters)})
    return rows


def problem_row(problem: Problem) -> dict[str, Any]:
    """A problem as JSON."""
    return asdict(problem)


def split(given: Sequence[str] | None) -> dict[str, str]:
    """`name=value` options as a mapping. Raises InvalidRequestError."""
    found: dict[str, str] = {}
    for one in given or ():
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise InvalidRequestError(f"'{one[:80]}' is no parameter.", hint="Write --set name=value.")
        if name in found:
            raise InvalidRequestError(f"The parameter '{name}' is given twice.", param=name)
        found[name] = value
    return found


def approver(*, always: bool) -> Callable[[ApprovalAsked], bool | None]:
    """Asks in the terminal; without one the answer is none, and the run waits."""

    def ask(question: ApprovalAsked) -> bool | None:
        typer.echo("\n".join(question_lines(question)), err=True)
        if always:
            return True
        if sys.stdin is None or not sys.stdin.isatty():
            return None
        return typer.confirm("Do it?", default=False, err=True)

    return ask


def question_lines(question: ApprovalAsked) -> list[str]:
    """What a person is asked, with every argument and its label."""
    from prudent.cli.terminal import visible
    from prudent_agents.values import digest

    lines = [f"{question.step} wants to call {question.tool}: {question.reason}"]
    for name, value in question.arguments.items():
        words = ", ".join(sorted(value.label.words() - {"trusted", "public"}))
        lines.append(f"  {name} = {digest(value.data, characters=200)}" + (f" [{words}]" if words else ""))
    return [visible(line) for line in lines]


def run_row(run: Run, output: Any) -> dict[str, Any]:
    """A run as JSON."""
    steps: dict[str, str] = dict.fromkeys(run.state.skipped, "skipped")
    steps |= dict.fromkeys(run.state.failed, "failed") | dict.fromkeys(run.state.refused, "refused")
    names = run.plan.names if run.plan is not None else ()
    steps |= {name: "done" for name in names if name in run.results and name not in steps}
    return {
        "run": run.id,
        "status": run.status,
        "output": output,
        "error": run.error,
        "steps": steps,
        "cost": run.cost.model_dump(mode="json"),
    }


def report(done: RecipeRun, *, as_json: bool) -> str:
    """What a run came to: its output for stdout; what went wrong is said on stderr."""
    run = done.run
    if as_json:
        return json.dumps(run_row(run, done.output), indent=2, ensure_ascii=False)
    if run.status != "done":
        typer.echo(f"{run.status}: {run.error or 'it waits for a person'}", err=True)
    if run.status == "paused":
        typer.echo(f"prudent agent show {run.id}    (says how to approve or deny)", err=True)
        typer.echo(f"prudent agent resume {run.id} --recipe RECIPE", err=True)
    if done.output is None:
        return ""
    return (
        done.output if isinstance(done.output, str) else json.dumps(done.output, indent=2, ensure_ascii=False)
    )


def rehearsal_lines(done: Rehearsal) -> list[str]:
    """What a dry run went through, step by step."""
    from prudent_agents.values import digest

    run = done.run
    asked = {question.step: question.reason for question in done.asked}
    lines: list[str] = []
    for step in run.plan.steps if run.plan is not None else ():
        word = "would run"
        if step.id in run.state.refused:
            word = f"would be refused: {run.state.failed.get(step.id, '')}"
        elif step.id in run.state.skipped:
            word = f"would be skipped: {run.state.skipped[step.id]}"
        elif step.id in run.state.failed:
            word = f"would fail: {run.state.failed[step.id]}"
        elif step.id in asked:
            word = f"would ask a person: {asked[step.id]}"
        lines.append(f"{step.id}: {step.tool} {word}")
        if step.id in run.results:
            lines.append(f"  -> {digest(run.results[step.id].data, characters=160)}")
    lines.append("Nothing was called. Results are made up or pinned.")
    return lines
