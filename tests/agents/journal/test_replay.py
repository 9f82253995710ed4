"""A run again from its journal: no model, no tool, the same story; another one where anything changed."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from prudent.errors import InvalidRequestError, NotFoundError
from prudent_agents import Agent, Effect, Run, ToolContext, ToolError, tool
from prudent_agents.errors import ReplayMismatchError, RunConflictError
from prudent_agents.journal import SqliteJournal
from prudent_agents.journal.forking import fork
from prudent_agents.models.driver import Call, Reply
from prudent_agents.plan import SAY, Given, Plan, Ref, Step
from prudent_agents.replaying.recorded_parts import RecordedClient
from prudent_agents.testing import assert_replays
from prudent_agents.values import Value, canonical

CALLS: list[str] = []


@tool(trusted=True)
def meter(room: str) -> int:
    """Energy used today."""
    CALLS.append(room)
    if room == "cellar":
        raise ToolError("the cellar has no meter")
    return len(room)


@tool(effect=Effect.WRITE, trusted=True, approval=True)
def note(value: int, call: ToolContext) -> str:
    """Write a number down."""
    CALLS.append(f"note {value}")
    return f"noted {value} in {call.step}"


PLAN = Plan(
    goal="note what the attic used",
    steps=(
        Step(id="read", tool="meter", arguments={"room": Given(value="attic")}),
        Step(id="lost", tool="meter", arguments={"room": Given(value="cellar")}),
        Step(id="write", tool="note", arguments={"value": Ref(step="read")}),
        Step(id="tell", tool=SAY, instruction="Say it.", needs=("write",)),
    ),
)


class Saying:
    """A model that plans one step and says what it is told to, whatever it is asked."""

    name = "saying"

    def __init__(self, text: str = "It is written down.") -> None:
        self.text = text

    def _reply(self, messages: Any, **said: Any) -> Reply:
        key = sha256(canonical(list(messages)).encode()).hexdigest()[:32]
        return Reply(model=self.name, prompt_hash=key, **said)

    async def say(self, messages: Any, *, max_tokens: int = 0, on_text: Any = None) -> Reply:
        return self._reply(messages, text=self.text)

    async def fill(self, messages: Any, schema: Any, *, max_tokens: int = 0) -> Reply:
        return self._reply(messages, data={"steps": ["How much did the attic use?"]})

    async def choose(self, messages: Any, options: Any) -> Reply:
        return self._reply(messages, data=options[0], scores={one: 1.0 / len(options) for one in options})

    async def call(self, messages: Any, tools: Any, *, required: bool = False) -> Reply:
        return self._reply(messages, calls=(Call("meter", {"room": "attic"}, 0.9),))


def agent_of(journal: SqliteJournal, text: str = "It is written down.", **more: Any) -> Agent:
    """Its client has no models, and checks that let everything through."""
    parts: dict[str, Any] = {"tools": [meter, note], "model": Saying(text), "client": RecordedClient()}
    return Agent(journal=journal, **(parts | more))


def recorded(journal: SqliteJournal) -> Run:
    CALLS.clear()
    run = agent_of(journal).execute(PLAN, approve=lambda _: True)
    assert (run.status, run.results["tell"].data) == ("failed", "It is written down."), run.error
    return run


def test_a_replay_tells_the_same_story_and_calls_nothing(journal: SqliteJournal) -> None:
    run = recorded(journal)
    CALLS.clear()
    again = agent_of(journal, "something else").replay(run.id)
    assert CALLS == []
    assert (again.status, again.output, again.error) == (run.status, run.output, run.error)
    assert again.results == run.results


def test_a_run_that_waited_and_was_resumed_replays_too(path: Any) -> None:
    first = agent_of(SqliteJournal(path))
    run = first.execute(PLAN)
    assert run.status == "paused"
    journal = SqliteJournal(path)
    journal.decide(journal.waiting()[0].digest, approve=False, by="ann")
    ended = agent_of(journal).resume(run.id)
    assert ended.status == "refused"
    assert agent_of(journal).replay(run.id).status == "refused"


def test_an_agent_that_plans_replays(journal: SqliteJournal) -> None:
    run = agent_of(journal, tools=[meter]).run("How much did the attic use?")
    assert run.status == "done", run.error
    CALLS.clear()
    assert agent_of(journal, "another", tools=[meter]).replay(run.id).output == run.output
    assert CALLS == []
    with pytest.raises(ReplayMismatchError, match="the model is asked what it was not asked then"):
        agent_of(journal, tools=[meter], instructions="Be short.").replay(run.id)


def changed(name: str, value: Any) -> Callable[[Any], Any]:
    def change(events: Any) -> Any:
        return [
            event.model_copy(update={name: value})
            if getattr(event, "step", "") == "read" and hasattr(event, name)
            else event
            for event in events
        ]

    return change


def test_another_result_or_argument_is_told_in_lines(journal: SqliteJournal) -> None:
    events = journal.events(recorded(journal).id)
    with pytest.raises(ReplayMismatchError) as caught:
        agent_of(journal).replay(changed("value", Value(data=6))(events))
    assert "write asks whether note may be called, and then nobody was asked this" in str(caught.value)
    assert '-call write note {"value":5}' in caught.value.details["diff"]
    moved = changed("key", "another")(changed("arguments", {"room": Value(data="loft")})(events))
    with pytest.raises(ReplayMismatchError, match=r"read calls meter with .*attic.*then it was .*loft"):
        agent_of(journal).replay(moved)


def test_a_run_that_did_not_end_is_not_replayed(journal: SqliteJournal) -> None:
    agent = agent_of(journal)
    run = agent.execute(PLAN)
    with pytest.raises(RunConflictError, match="is paused"):
        agent.replay(run.id)


def test_a_fork_does_again_what_comes_from_a_step_on(journal: SqliteJournal) -> None:
    run = recorded(journal)
    CALLS.clear()
    new = fork(journal, run.id, "write")
    agent = agent_of(journal, "Once more.")
    forked = agent.resume(new, approve=lambda _: True)
    assert CALLS == ["note 5"]
    assert forked.results["tell"].data == "Once more."
    assert journal.find(new).parent == run.id
    assert run.results["read"] == forked.results["read"]
    assert [one.ok for one in journal.verify()] == [True, True]


def test_a_run_is_recorded_once_and_replays_as_a_test(
    tmp_path: Path, journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "runs" / "attic.jsonl"
    with pytest.raises(NotFoundError, match="PRUDENT_RECORD=1"):
        assert_replays(agent_of(journal), file, plan=PLAN)
    monkeypatch.setenv("PRUDENT_RECORD", "1")
    assert_replays(agent_of(journal), file, plan=PLAN, approve=lambda _: True)
    monkeypatch.delenv("PRUDENT_RECORD")
    CALLS.clear()
    run = assert_replays(agent_of(journal), file, plan=PLAN)
    assert (run.results["write"].data, CALLS) == ("noted 5 in write", [])
    file.write_text("{}\n")
    with pytest.raises(InvalidRequestError, match="is no recording"):
        assert_replays(agent_of(journal), file)
