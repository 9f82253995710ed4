"""How runs of agents look in a terminal: a line a run, a line an event. Knows no journal."""

from __future__ import annotations

import datetime
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from prudent.cli.terminal import visible

if TYPE_CHECKING:
    from prudent_agents.evaluation import Evaluation
    from prudent_agents.events import Event
    from prudent_agents.journal import Approval, RunSummary
    from prudent_agents.run import Run

_WIDTH = 100
_GOAL = 60
_HIDDEN = ("kind", "at", "step", "version", "label", "plan")


def run_line(run: RunSummary) -> str:
    """A run in a list."""
    return f"{run.id}  {_when(run.updated)}  {run.state:<11}  {run.agent}  {_short(run.goal, _GOAL)}"


def approval_lines(one: Approval) -> list[str]:
    """A call that waits, and how to decide on it."""
    return [
        f"{one.run} waits at {one.step}: may {one.tool} be called? {_short(one.reason, _WIDTH)}",
        f"    prudent agent approve {one.digest[:12]}    (or deny)",
    ]


def run_lines(run: Run) -> list[str]:
    """A run as a whole: where it stands, its steps, what it came to and took."""
    lines = [f"{run.id}  {run.status}", f"goal    {_short(run.state.goal, _WIDTH)}"]
    if run.plan is not None:
        for step in run.plan.steps:
            lines.append(f"step    {step.id}: {step.tool}  {_state(run, step.id)}")
    if run.output is not None:
        lines.append(f"output  {_short(_text(run.state.output), _WIDTH)}")
    if run.error:
        lines.append(f"error   {_short(run.error, _WIDTH)}")
    cost = run.cost
    lines.append(
        f"cost    {cost.tokens:,} tokens, {cost.model_calls} model calls, {cost.tool_calls} tool calls, "
        f"{cost.seconds:.1f} s"
    )
    return lines


def event_line(number: int, event: Event) -> str:
    """An event in a run's story."""
    fields = {name: one for name, one in event.model_dump(mode="json").items() if name not in _HIDDEN and one}
    step = getattr(event, "step", None) or ""
    told = "  ".join(f"{name}={_text(_plain(one))}" for name, one in fields.items())
    return f"{number:>4}  {_clock(event.at)}  {event.kind:<14}  {step:<8}  {_short(told, _WIDTH)}".rstrip()


def evaluation_json(done: Evaluation) -> dict[str, Any]:
    """An evaluation with every run."""
    most = len(done.seeds)
    told: dict[str, Any] = {"pass^1": done.pass_hat(1), f"pass^{most}": done.pass_hat(most)}
    return told | {
        "seeds": done.seeds,
        "stable": done.stable,
        "made_by": done.made_by,
        "trials": [[asdict(one) for one in runs] for runs in done.trials],
    }


def evaluation_table(done: Evaluation) -> None:
    """Print an evaluation as a table: a line a case, and what it was made with."""
    from rich.console import Console
    from rich.table import Table

    from prudent_agents.evaluation import COLUMNS

    table = Table(box=None, pad_edge=False)
    for name in COLUMNS:
        table.add_column(name, justify="right" if name in ("right", "tokens", "seconds") else "left")
    for row in done.rows():
        table.add_row(*(visible(cell) for cell in row))
    console = Console(highlight=False, markup=False)
    console.print(table)
    for line in done.summary:
        console.print(visible(line))


def _state(run: Run, step: str) -> str:
    if step in run.state.skipped:
        return f"skipped: {_short(run.state.skipped[step], _WIDTH)}"
    if step in run.state.failed:
        return f"failed: {_short(run.state.failed[step], _WIDTH)}"
    if step in run.results:
        return f"= {_short(_text(run.results[step].data), _WIDTH)}"
    return "not done"


def _plain(field: Any) -> Any:
    """A value without its label, arguments without theirs."""
    if not isinstance(field, dict):
        return field
    record = cast("dict[str, Any]", field)
    if record.keys() == {"data", "label"}:
        return record["data"]
    return {name: _plain(one) for name, one in record.items()}


def _text(data: Any) -> str:
    return data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)


def _short(text: str, width: int) -> str:
    line = " ".join(visible(text).split())
    return line if len(line) <= width else line[: width - 1] + "…"


def _when(at: float) -> str:
    return datetime.datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M")


def _clock(at: float) -> str:
    return datetime.datetime.fromtimestamp(at).astimezone().strftime("%H:%M:%S")
