"""A new run that begins as another did, up to a step. Knows no loop; whoever takes it goes on from there."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from prudent_agents.errors import PlanError
from prudent_agents.events import Event, RunEnded, RunStarted, StepStarted
from prudent_agents.journal.sqlite_journal import SqliteJournal


def fork(journal: SqliteJournal, run: str, step: str) -> str:
    """Copy a run's events up to the start of a step, and return the id of the new run.

    Steps that were being run side by side with it are copied to their end. The new run has its own keys and
    needs its own approvals: what comes from the step on happens again, effects included.

    Raises:
        RunNotFoundError: there is no such run.
        PlanError: the run never came to this step; the message names those it came to.
    """
    first, *rest = journal.events(run)
    assert isinstance(first, RunStarted)
    copied = first.model_copy(update={"run": f"run_{uuid.uuid4().hex[:16]}", "parent": run})
    journal.copy(copied, before(rest, step))
    return copied.run


def before(events: Sequence[Event], step: str) -> list[Event]:
    """The events up to a step's first start, and what else belongs to steps that ran at that moment."""
    starts = [at for at, event in enumerate(events) if isinstance(event, StepStarted) and event.step == step]
    if not starts:
        begun = dict.fromkeys(event.step for event in events if isinstance(event, StepStarted))
        raise PlanError(
            f"The run never came to a step '{step}'.", hint=f"It came to {', '.join(begun) or 'none'}."
        )
    cut = starts[0]
    running: set[str] = set()
    for event in events[:cut]:
        if isinstance(event, StepStarted):
            running.add(event.step)
        elif event.kind in ("step_done", "step_failed", "step_skipped"):
            running.discard(str(getattr(event, "step", "")))
    rest = (event for event in events[cut:] if getattr(event, "step", None) in running)
    return [event for event in (*events[:cut], *rest) if not isinstance(event, RunEnded)]
