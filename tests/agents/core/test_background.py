"""The thread for callers that do not await, and the order in which a run's events are kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from scripted_planner import ScriptedAgentModel

from prudent.errors import ConfigurationError
from prudent_agents import Agent, tool
from prudent_agents.errors import JournalError
from prudent_agents.events import Event
from prudent_agents.plan import SAY, Plan, Step
from prudent_agents.running.recording import MemoryJournal
from prudent_agents.running.state import RunState

SIDE_BY_SIDE = Plan(goal="g", steps=tuple(Step(id=f"s{n}", tool=SAY) for n in range(6)))


@dataclass
class SlowJournal(MemoryJournal):
    """Says that it is on a disk, and is as slow; `fails_after` so many writes it is full."""

    durable: bool = True
    writes: int = 0
    fails_after: int = 1000

    def append(self, run: str, events: Sequence[Event]) -> None:
        """Keep them, after a while."""
        time.sleep(0.002)
        self.writes += 1
        if self.writes > self.fails_after:
            raise JournalError("The disk is full.")
        super().append(run, events)


def test_what_was_told_is_what_was_kept_in_the_same_order() -> None:
    """Also of steps side by side, whose events are written together."""
    journal = SlowJournal()
    run = Agent(model=ScriptedAgentModel(), journal=journal).execute(SIDE_BY_SIDE)
    kept = journal.events(run.id)
    assert [event for event in run.events if event.kept] == kept
    assert RunState.of(kept) == run.state
    assert journal.writes < len(kept)


def test_nothing_goes_on_where_nothing_can_be_kept() -> None:
    """The error reaches the caller, and the lease is given back."""
    journal = SlowJournal(fails_after=1)
    with pytest.raises(JournalError, match="full"):
        Agent(model=ScriptedAgentModel(), journal=journal).execute(SIDE_BY_SIDE)
    journal.fails_after = 1000
    name = next(iter(journal._runs))  # pyright: ignore[reportPrivateUsage]
    assert journal.take(name)


def test_a_sync_stream_that_is_left_cancels_its_run() -> None:
    """By the time that leaving returns."""
    made = Agent(model=ScriptedAgentModel(text="t", delay=3), durable=False)
    stream = made.stream("Say something")
    started = next(stream)
    stream.close()  # pyright: ignore
    events = made.journal.events(started.run)  # pyright: ignore
    assert RunState.of(events).status == "cancelled"


def test_two_tools_of_one_name_and_a_thing_that_is_no_client() -> None:
    """Both are said when the agent is made."""

    @tool
    def twin() -> None:
        """One of two."""

    with pytest.raises(ConfigurationError, match="Two tools"):
        Agent(tools=[twin, twin])
    with pytest.raises(ConfigurationError, match="no client"):
        Agent(client=7)  # pyright: ignore


def test_a_goal_without_tools_is_answered_and_many_at_once() -> None:
    """Runs of one agent do not meet."""
    made = Agent(model=ScriptedAgentModel(text="yes"), durable=False)

    async def many() -> list[str]:
        runs = await asyncio.gather(*(made.run_async(f"goal {n}") for n in range(8)))
        return [f"{run.status} {run.output}" for run in runs]

    assert asyncio.run(many()) == ["done yes"] * 8
