"""The demo from beginning to end, told as it goes: what is heard, planned, stopped, answered."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import typer

from prudent.cli.mission.desk import FOLDER, Desk, open_desk
from prudent.cli.mission.show import audit_ids, cost_line, event_line, plan_lines
from prudent.cli.terminal import facts, note, visible
from prudent.client import Client
from prudent.errors import PrudentError
from prudent_agents.events import ApprovalAsked, Checked, Event, TextDelta
from prudent_agents.run import Run

if TYPE_CHECKING:
    from prudent.cli.waiting import Waiting

HEARS = "whisper-tiny.en"


@dataclass
class Told:
    """What the demo came to. `stopped` are the findings that something was taken out for."""

    goal: str
    status: str
    answer: str
    plan: list[str] = field(default_factory=list[str])
    sources: list[str] = field(default_factory=list[str])
    stopped: list[str] = field(default_factory=list[str])
    expenses: str = ""
    spoken: str | None = None
    run: str = ""
    cost: dict[str, Any] = field(default_factory=dict[str, Any])
    audit_ids: list[str] = field(default_factory=list[str])

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        return asdict(self)


def mission(client: Client, *, model: str | None, approve_all: bool, quiet: bool, waiting: Waiting) -> Told:
    """Work through the prepared folder. Raises PrudentError where a model cannot be had."""
    say: Callable[[str], None] = (lambda _: None) if quiet else note
    folder = Path(tempfile.mkdtemp(prefix="prudent-demo-"))
    heard = client.audio.transcriptions.create(file=FOLDER / "memo.ogg", model=HEARS)
    goal = " ".join(heard.text.split())
    desk = open_desk(client, folder, model=model)
    planned = desk.agent.plan(goal)
    waiting.over()
    say(f"The memo says: “{goal}”\n\nThe plan, before anything runs:")
    lines = list(plan_lines(planned.plan))
    for line in lines:
        say(f"  {line}")
    say("\nThe run:")
    events: list[Event] = []
    for event in planned.stream(approve=_asking(approve_all or quiet)):
        events.append(event)
        line = event_line(event)
        if line and not quiet and not isinstance(event, TextDelta):
            note(f"  {line}")
    run = Run(events)
    told = _told(run, desk, goal, lines)
    told.spoken = _spoken(client, told.answer, folder, say)
    if not quiet:
        _report(told, run, folder)
    return told


def _asking(yes: bool) -> Callable[[ApprovalAsked], bool]:
    """Asks at the terminal; where nobody sits there the demo says yes for them, and says so."""

    def ask(asked: ApprovalAsked) -> bool:
        given = ", ".join(f"{name}={value.data}" for name, value in asked.arguments.items())
        call = visible(f"{asked.tool}({given})")
        if yes or not sys.stdin.isatty():
            note(
                f"  approval for {call}: yes"
                + ("" if yes else " (nobody is at the terminal; the demo agrees)")
            )
            return True
        return typer.confirm(f"  Approve {call}?", default=True, err=True)

    return ask


def _told(run: Run, desk: Desk, goal: str, plan: list[str]) -> Told:
    written = desk.expenses.read_text("utf-8").strip() if desk.expenses.exists() else ""
    return Told(
        goal=goal,
        status=run.status,
        answer=str(run.output or run.error or ""),
        plan=plan,
        sources=_sources(run),
        stopped=[line for event in run.events if isinstance(event, Checked) for line in event.findings],
        expenses=written,
        run=run.id,
        cost=run.cost.model_dump(),
        audit_ids=audit_ids(run.events),
    )


def _sources(run: Run) -> list[str]:
    """The passages that the answer was given, by number, with their exact places."""
    found: list[str] = []
    for value in run.results.values():
        data: Any = value.data
        passages = cast("list[dict[str, Any]]", data) if isinstance(data, list) else []
        for passage in passages:
            name = Path(str(passage["document"])).name
            found.append(f"[{passage['number']}] {name}, characters {passage['start']}-{passage['end']}")
    return found


def _spoken(client: Client, answer: str, folder: Path, say: Callable[[str], None]) -> str | None:
    """Where the answer was spoken into, or None where speech is not installed."""
    try:
        sound = client.audio.speech.create(input=answer, response_format="wav")
    except PrudentError as error:
        say(f"\nThe answer was not spoken: {error}")
        return None
    target = folder / "answer.wav"
    target.write_bytes(sound.content)
    return str(target)


def _report(told: Told, run: Run, folder: Path) -> None:
    note("")
    pairs = [("status", told.status)]
    pairs += [("error", run.error)] if run.error else []
    pairs += [("source", one) for one in told.sources]
    pairs += [("stopped", one) for one in told.stopped or ["nothing"]]
    pairs += [
        ("written", told.expenses or "nothing"),
        ("spoken", told.spoken or "no"),
        ("cost", cost_line(run.cost)),
        ("audit", ", ".join(told.audit_ids[:3]) or "not recorded"),
        ("run", f"{run.id}: `prudent agent show {run.id}` tells it again, with its reasons"),
        ("files", str(folder)),
    ]
    facts(pairs)
    note("")
