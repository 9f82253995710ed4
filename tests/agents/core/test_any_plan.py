"""Any plan on a journal on disk, left anywhere and gone on with: what must hold of all of them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripted_planner import ScriptedAgentModel

from prudent.client import AsyncClient
from prudent_agents import Agent, Run, tool
from prudent_agents.events import ApprovalAsked, Event
from prudent_agents.journal import SqliteJournal
from prudent_agents.plan import Given, Plan, Ref, Step
from prudent_agents.replaying.recorded_parts import RecordedClient
from prudent_agents.tool import ToolContext

MOST = 6


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Steps that read, read what others wrote, or write; from values, or results of any earlier steps."""
    steps: list[Step] = []
    for index in range(draw(st.integers(1, MOST))):
        before = [step.id for step in steps]
        source = draw(st.sampled_from([None, *before]))
        needs = draw(st.lists(st.sampled_from(before), unique=True, max_size=2)) if before else []
        value = Given(value=f"v{index}") if source is None else Ref(step=source)
        steps.append(
            Step(
                id=f"s{index}",
                tool=draw(st.sampled_from(["look", "letter", "put"])),
                arguments={"text": value},
                needs=tuple(needs),
            )
        )
    return Plan(goal="Do it.", steps=tuple(steps))


class World:
    """Tools that remember what was done, by the key of the call."""

    def __init__(self, journal: SqliteJournal) -> None:
        self.done: list[tuple[str, str]] = []
        self.keys: set[str] = set()

        def did(call: ToolContext, text: str) -> str:
            self.done.append((call.step, call.idempotency_key))
            self.keys.add(call.idempotency_key)
            return text[:8]

        @tool(trusted=True)
        async def look(text: str, call: ToolContext) -> str:
            """Look."""
            return did(call, text)

        @tool
        async def letter(text: str, call: ToolContext) -> str:
            """Read a letter of somebody else's."""
            return did(call, text)

        @tool(effect="write", trusted=True, verify=lambda key: key in self.keys)
        async def put(text: str, call: ToolContext) -> str:
            """Put."""
            return did(call, text)

        self.agent = Agent(
            tools=[look, letter, put], model=ScriptedAgentModel(), journal=journal, client=_nothing_found()
        )


def _nothing_found() -> AsyncClient:
    return RecordedClient()


async def to_its_end(world: World, plan: Plan, leave: Sequence[int], word: bool) -> Run:
    """Run it, leave it after so many events each time, and go on; a person answers in the journal."""
    journal = SqliteJournal(world.agent.journal.path)  # type: ignore[attr-defined]
    events = world.agent.stream_plan_async(plan, run="run_any")
    for most in [*leave, 10_000]:
        async with aclosing(events):
            seen = 0
            async for _ in events:
                seen += 1
                if seen > most:
                    break
        run = Run(journal.events("run_any"))
        while isinstance(run.waiting, ApprovalAsked) and run.status == "paused":
            journal.decide(run.waiting.digest, approve=word)
            run = await world.agent.resume_async("run_any")
        if run.status in ("done", "refused"):
            break
        events = world.agent.stream_resumed_async("run_any")
    journal.close()
    return run


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(plan=plans(), leave=st.lists(st.integers(0, 12), max_size=2), word=st.booleans())
def test_no_step_is_lost_or_done_twice_and_no_label_is_lost(plan: Plan, leave: list[int], word: bool) -> None:
    """Writes are made once, in their order; a value is untrusted exactly where an untrusted one led to it."""
    with tempfile.TemporaryDirectory() as folder:
        journal = SqliteJournal(Path(folder) / "agents.db")
        world = World(journal)
        run = asyncio.run(to_its_end(world, plan, leave, word))
        journal.close()
    untrusted: set[str] = set()
    asks: list[str] = []
    for step in plan.steps:
        argument = step.arguments["text"]
        tainted = isinstance(argument, Ref) and argument.step in untrusted
        if tainted and step.tool == "put":
            asks.append(step.id)
        if tainted or step.tool == "letter":
            untrusted.add(step.id)
    writes = [step.id for step in plan.steps if step.tool == "put"]
    written = [name for name, _ in world.done if plan.step(name).tool == "put"]
    assert run.status == ("done" if word or not asks else "refused"), run.error
    assert written == [name for name in writes if name in run.results], "once each, in the order of the plan"
    made = {name for name in plan.names if name in run.results}
    assert {name for name in made if not run.results[name].label.trusted} == untrusted & made
    if run.status == "done":
        assert made == set(plan.names), "no step is lost"
    else:
        assert set(asks).isdisjoint(made)


class Counting(SqliteJournal):
    """Counts its writes."""

    writes = 0

    def append(self, run: str, events: Sequence[Event]) -> None:
        self.writes += 1
        super().append(run, events)


def test_a_step_that_writes_takes_one_write_of_the_journal(tmp_path: Path) -> None:
    """What a call came to is kept together with the intent of the next."""
    journal = Counting(tmp_path / "agents.db")
    first = Step(id="s0", tool="put", arguments={"text": Given(value="v")})
    rest = [Step(id=f"s{at}", tool="put", arguments={"text": Ref(step=f"s{at - 1}")}) for at in range(1, 10)]
    run = World(journal).agent.execute(Plan(goal="Do it.", steps=(first, *rest)))
    assert run.status == "done"
    assert journal.writes <= len(rest) + 3
    assert [event.kind for event in journal.events(run.id)] == [one.kind for one in run.events if one.kept]
    journal.close()
