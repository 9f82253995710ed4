"""Recorded runs as tests: make a run once, replay it with no model and no tool. Knows no test runner.

    def test_the_desk_files_an_invoice() -> None:
        assert_replays(agent, "tests/runs/invoice.jsonl")

The first time, and with PRUDENT_RECORD=1, the run is made: `assert_replays(agent, file, goal="File it.")`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from prudent.errors import InvalidRequestError, NotFoundError
from prudent_agents.agent import Agent
from prudent_agents.events import EVENTS, Event
from prudent_agents.plan import Plan
from prudent_agents.run import Run
from prudent_agents.running.work import Approve
from prudent_agents.values import Value


def assert_replays(
    agent: Agent,
    file: Path | str,
    *,
    goal: str | None = None,
    plan: Plan | None = None,
    inputs: Mapping[str, Value] | None = None,
    approve: Approve | None = None,
) -> Run:
    """Replay the run that is recorded in a file, and fail the test where it comes out otherwise.

    With PRUDENT_RECORD=1 in the environment the run is made with the agent's own model and tools, effects
    included, from the `goal` or the `plan`, and the file is written.

    Raises:
        ReplayMismatchError: it comes out otherwise; the message has the lines that differ.
        NotFoundError: there is no such file, and nothing is being recorded.
        InvalidRequestError: the file is no recording, or there is nothing to record.
    """
    file = Path(file)
    if os.environ.get("PRUDENT_RECORD", "").strip().lower() in ("1", "true", "yes"):
        if plan is not None:
            record(agent.execute(plan, inputs=inputs, approve=approve), file)
        elif goal is not None:
            record(agent.run(goal, inputs=inputs, approve=approve), file)
        else:
            raise InvalidRequestError("There is nothing to record.", hint="Give a goal or a plan.")
    return agent.replay(recording(file))


def record(run: Run, file: Path | str) -> None:
    """Write a run's events to a file, a JSON object a line. They hold all that the run saw."""
    lines = [EVENTS.dump_json(event).decode() for event in run.events if event.kept]
    file = Path(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def recording(file: Path | str) -> Sequence[Event]:
    """The events in such a file. Raises NotFoundError, InvalidRequestError."""
    file = Path(file)
    if not file.exists():
        raise NotFoundError(f"There is no recording {file}.", hint="Make it with PRUDENT_RECORD=1.")
    try:
        return [EVENTS.validate_json(line) for line in file.read_text(encoding="utf-8").splitlines()]
    except (ValidationError, UnicodeDecodeError) as error:
        raise InvalidRequestError(
            f"{file} is no recording of a run.", hint="Record it anew with PRUDENT_RECORD=1."
        ) from error
