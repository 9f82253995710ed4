"""Runs of fixed plans with a scripted model: trust, order, failures, words of people, budgets, leaving."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from scripted_planner import ScriptedAgentModel

from prudent_agents import Agent, Budget, Run, ToolError, tool
from prudent_agents.errors import PlanError, RunConflictError
from prudent_agents.events import EVENTS, Event, ToolIntended
from prudent_agents.models.driver import Call, Message, OnText, Reply
from prudent_agents.plan import FILL, SAY, Blank, Condition, Given, Plan, Ref, Rung, Step
from prudent_agents.running.recording import MemoryJournal
from prudent_agents.running.state import RunState
from prudent_agents.tool import Tool

PAID: list[Any] = []


@pytest.fixture(autouse=True)
def _nothing_paid() -> None:
    PAID.clear()


@tool
def letter() -> dict[str, Any]:
    """A letter."""
    return {"iban": "EVIL-1", "ibans": ["EVIL-1", "EVIL-2"]}


@tool(effect="write", trusted=True)
def pay(iban: str, amount: int = 1) -> str:
    """Pay."""
    PAID.append((iban, amount))
    return "paid"


def agent(*tools: Tool, model: Any = None, **options: Any) -> Agent:
    return Agent(tools=tools, model=model or ScriptedAgentModel(), durable=False, **options)


def run(made: Agent, *steps: Step, goal: str = "Pay the letter", **options: Any) -> Run:
    return made.execute(Plan(goal=goal, steps=steps), **options)


LETTER = Step(id="letter", tool="letter")
ROUTES: dict[str, Sequence[Step]] = {
    "ref": [Step(id="pay", tool="pay", arguments={"iban": Ref(step="letter", path=("iban",))})],
    "blank": [Step(id="pay", tool="pay", arguments={"iban": Blank(inputs=("letter",))})],
    "needs": [Step(id="pay", tool="pay", arguments={"iban": Blank()}, needs=("letter",))],
    "fill": [
        Step(id="f", tool=FILL, shape={}, instruction="x", arguments={"l": Ref(step="letter")}),
        Step(id="pay", tool="pay", arguments={"iban": Ref(step="f", path=("iban",))}),
    ],
    "say": [
        Step(id="s", tool=SAY, instruction="x", needs=("letter",)),
        Step(id="pay", tool="pay", arguments={"iban": Ref(step="s")}),
    ],
    "each": [
        Step(
            id="pay",
            tool="pay",
            each=Ref(step="letter", path=("ibans",)),
            arguments={"iban": Ref(step="item")},
        )
    ],
}


@pytest.mark.parametrize("route", ROUTES)
def test_an_untrusted_value_waits_for_a_person_however_it_comes(route: str) -> None:
    """Nothing is paid before somebody says so."""
    model = ScriptedAgentModel(values=[{"iban": "EVIL-1"}], calls=[{"iban": "EVIL-1"}], text="EVIL-1")
    ended = run(agent(letter, pay, model=model), LETTER, *ROUTES[route])
    assert (ended.status, PAID) == ("paused", []), ended.error
    refused = run(agent(letter, pay, model=model), LETTER, *ROUTES[route], approve=lambda _: False)
    assert (refused.status, PAID) == ("refused", [])


def test_what_the_user_wrote_is_the_users_whoever_copied_it() -> None:
    """As a whole, and not a piece of it."""
    for written, status in (("DE-77", "done"), ("DE-7", "paused")):
        model = ScriptedAgentModel(calls=[{"iban": written}])
        ended = run(agent(letter, pay, model=model), LETTER, *ROUTES["blank"], goal="Pay to DE-77.")
        assert ended.status == status


def test_each_item_needs_its_own_word() -> None:
    """Two calls that are alike are two calls."""
    asked: list[str] = []

    def yes(question: Any) -> bool:
        asked.append(question.digest)
        return True

    plan = [
        Step(id="two", tool=FILL, shape={}),
        ROUTES["each"][0].model_copy(update={"each": Ref(step="two")}),
    ]
    made = agent(pay, model=ScriptedAgentModel(values=[["A", "A"]]), rules=["ask: pay"])
    assert run(made, *plan, approve=yes).status == "done"
    assert (len(PAID), len(set(asked))) == (2, 2)


def test_a_paused_run_goes_on_in_another_agent() -> None:
    """With the same journal; a decision counts once."""
    journal = MemoryJournal()
    first = Agent(tools=[letter, pay], model=ScriptedAgentModel(), journal=journal)
    paused = run(first, LETTER, *ROUTES["ref"])
    second = Agent(tools=[letter, pay], model=ScriptedAgentModel(), journal=journal)
    ended = second.resume(paused.id, decision=True)
    assert (ended.status, PAID) == ("done", [("EVIL-1", 1)])
    with pytest.raises(RunConflictError, match="over"):
        second.resume(paused.id)


def test_a_write_of_unknown_outcome_is_never_repeated_by_itself() -> None:
    """It waits; a yes makes it once more, and that one needs no second yes."""
    times: list[int] = []

    @tool(effect="write", trusted=True)
    def send() -> str:
        """Send."""
        times.append(1)
        if len(times) == 1:
            raise TimeoutError("no answer")
        return "sent"

    made = agent(send)
    paused = run(made, Step(id="send", tool="send"))
    assert (paused.status, len(times)) == ("paused", 1)
    ended = made.resume(paused.id, decision=True)
    assert (ended.status, len(times)) == ("done", 2)


def test_after_a_crash_it_is_the_same_call_whatever_a_model_would_say_now() -> None:
    """The model is not asked again, so a write that was begun is not made beside another one."""
    journal = MemoryJournal()
    plan = Plan(goal="Pay the letter", steps=(Step(id="pay", tool="pay", arguments={"iban": Blank()}),))
    first = Agent(tools=[pay], model=ScriptedAgentModel(calls=[{"iban": "A"}]), journal=journal)
    began = first.execute(plan)
    assert PAID == [("A", 1)]
    killed = next(at for at, one in enumerate(began.events) if one.kind == "tool_finished")
    crashed = MemoryJournal()
    started, *rest = [one for one in began.events[:killed] if one.kept]
    crashed.begin(started)
    crashed.append(began.id, rest)
    crashed.release(began.id)
    model = ScriptedAgentModel(calls=[{"iban": "B"}])
    second = Agent(tools=[pay], model=model, journal=crashed)
    asked = second.resume(began.id)
    assert (asked.status, PAID, model.asked) == ("paused", [("A", 1)], [])
    assert second.resume(began.id, decision=True).status == "done"
    assert PAID == [("A", 1), ("A", 1)]


@pytest.mark.parametrize(("told", "calls", "status"), [(True, 1, "done"), (False, 3, "failed")])
def test_verify_tells_and_repeats_end(told: bool, calls: int, status: str) -> None:
    """One that had its effect is done; one that never has is given up."""
    times: list[int] = []

    def send() -> str:
        """Send."""
        times.append(1)
        raise TimeoutError

    made = agent(tool(effect="write", verify=lambda _: told)(send))
    assert (run(made, Step(id="send", tool="send")).status, len(times)) == (status, calls)


def test_reads_run_side_by_side_and_writes_in_their_turn() -> None:
    """A read behind a write sees what it left."""
    told: list[str] = []

    @tool
    async def look(name: str) -> str:
        """Look."""
        told.append(f"{name} begins")
        await asyncio.sleep(0.05)
        told.append(f"{name} ends")
        return name

    @tool(effect="write", trusted=True)
    def change() -> None:
        """Change."""
        told.append("change")

    steps = [Step(id=name, tool="look", arguments={"name": Given(value=name)}) for name in "abc"]
    assert run(agent(look, change), *steps[:2], Step(id="w", tool="change"), steps[2]).status == "done"
    assert set(told[:2]) == {"a begins", "b begins"}
    assert told[4:] == ["change", "c begins", "c ends"]


def test_what_needs_a_step_without_result_is_left_out() -> None:
    """After a failure everything that waits for it; after a condition what refers to it."""

    @tool
    def fails() -> str:
        """Fails."""
        raise ToolError("no")

    ended = run(
        agent(fails, pay),
        Step(id="no", tool="fails"),
        Step(id="pay", tool="pay", arguments={"iban": Ref(step="no")}),
        Step(id="after", tool=SAY, needs=("pay",)),
    )
    assert (ended.status, set(ended.state.skipped), PAID) == ("failed", {"pay", "after"}, [])
    never = Condition(left=Ref(step="s"), op="==", right=Given(value="other"))
    ended = run(
        agent(pay),
        Step(id="s", tool=SAY),
        Step(id="if", tool=SAY, when=never),
        Step(id="pay", tool="pay", arguments={"iban": Ref(step="if")}),
        Step(id="join", tool=SAY, needs=("s", "if")),
    )
    assert (ended.status, set(ended.state.skipped)) == ("done", {"if", "pay"})
    assert "join" in ended.results


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        (Budget(calls=1), "calls"),
        (Budget(tokens=70), "tokens"),
        (Budget(money=0.5), "money"),
        (Budget(seconds=0.01), "seconds"),
    ],
)
def test_a_budget_stops_before_the_call_and_keeps_what_there_is(budget: Budget, said: str) -> None:
    """The first result is there, the second call was not made."""
    model = ScriptedAgentModel(text="first", delay=0.03, money=0.6)
    ended = run(
        agent(model=model, budget=budget), Step(id="a", tool=SAY), Step(id="b", tool=SAY, needs=("a",))
    )
    assert (ended.status, ended.output, len(model.asked)) == ("over_budget", "first", 1)
    assert said in (ended.error or "")


def test_calls_side_by_side_share_what_is_left() -> None:
    """What one has set aside no other may use."""
    model = ScriptedAgentModel(delay=0.05)
    run(agent(model=model, budget=Budget(calls=2)), *(Step(id=f"s{n}", tool=SAY) for n in range(5)))
    assert len(model.asked) == 2


def test_an_unknown_price_breaks_a_limit_of_money_unless_it_may() -> None:
    """Money 0 lets local models run."""
    for money, unknown, status in ((None, False, "over_budget"), (None, True, "done"), (0.0, False, "done")):
        budget = Budget(money=0, unknown_price=unknown)
        steps = [Step(id="a", tool=SAY), Step(id="b", tool=SAY, needs=("a",))]
        assert run(agent(model=ScriptedAgentModel(money=money), budget=budget), *steps).status == status


def test_leaving_a_stream_stops_the_model_and_the_run_can_go_on() -> None:
    """It is recorded as cancelled before leaving is done."""
    model = ScriptedAgentModel(delay=5)
    made = agent(model=model)

    async def leave() -> str:
        stream = made.stream_plan_async(Plan(goal="g", steps=(Step(id="a", tool=SAY),)))
        first = await anext(stream)
        while not model.asked:
            await anext(stream)
            await asyncio.sleep(0)
        await stream.aclose()
        return first.run  # pyright: ignore

    name = asyncio.run(leave())
    assert RunState.of(made.journal.events(name)).status == "cancelled"
    assert model.cancelled == 1
    model._delay = 0  # pyright: ignore[reportPrivateUsage]
    assert made.resume(name).status == "done"


def test_a_run_inside_a_running_loop_and_in_itself() -> None:
    """Sync calls work in async code; one that would wait for itself says so."""

    async def main() -> Run:
        return run(made, Step(id="a", tool="again"))

    @tool
    async def again() -> str:
        """Run again."""
        return str(made.execute(Plan(goal="g")).status)

    made = agent(again)
    ended = asyncio.run(main())
    assert ended.status == "failed"
    assert "wait for itself" in (ended.error or "")


def test_events_survive_json_and_every_prefix_gives_a_state() -> None:
    """What is resumed is what was."""
    model = ScriptedAgentModel(values=[{"iban": "EVIL-1"}])
    ended = run(agent(letter, pay, model=model), LETTER, *ROUTES["fill"], approve=lambda _: True)
    kept: list[Event] = [one for one in ended.events if one.kept]
    read = [EVENTS.validate_json(EVENTS.dump_json(one)) for one in kept]
    for end in range(len(kept) + 1):
        assert RunState.of(kept[:end]) == RunState.of(read[:end])
    assert ended.cost.tool_calls == sum(isinstance(one, ToolIntended) for one in kept) == 2
    assert "untrusted" in ended.why("pay")
    assert "pay" in ended.graph()
    with pytest.raises(PlanError):
        ended.why("nothing")


def test_a_sub_agent_uses_its_callers_budget_and_trusts_no_more() -> None:
    """Its own budget is nobody else's, and an untrusted request stays untrusted."""
    member = agent(model=ScriptedAgentModel(text="hi", tokens=40))
    before = member.budget
    asks = member.as_tool("helper", "Helps.", budget=Budget(calls=3))
    assert member.budget == before
    step = Step(id="h", tool="helper", arguments={"request": Given(value="Say hi")})
    ended = run(agent(asks, budget=Budget(calls=2)), step, Step(id="i", tool=SAY, needs=("h",)))
    assert (ended.status, ended.output) == ("over_budget", "hi")
    writer = agent(pay).as_tool("payer", "Pays.")
    assert writer.effect == "write"
    request = {"request": Ref(step="letter", path=("iban",))}
    assert (
        run(agent(letter, writer), LETTER, Step(id="p", tool="payer", arguments=request)).status == "paused"
    )


@pytest.mark.parametrize("goal", ["", " \n"])
def test_an_empty_goal_is_refused(goal: str) -> None:
    """Before anything begins."""
    for ask in (agent().run, agent().plan):
        with pytest.raises(PlanError, match="empty"):
            ask(goal)


@pytest.mark.parametrize(("confidence", "status"), [(0.28, "paused"), (0.6, "done"), (None, "done")])
def test_a_tool_that_writes_and_may_not_be_the_one_that_is_meant_has_a_person_asked(
    confidence: float | None, status: str
) -> None:
    given: dict[str, Any] = {"iban": Given(value="DE-1", origin="request")}
    made = agent(pay)
    step = Step(id="pay", tool="pay", about="Pay DE-1", arguments=given, confidence=confidence)
    ended = run(made, step, goal="Pay DE-1")
    assert ended.status == status
    assert bool(PAID) is (status == "done")
    if ended.waiting is not None:
        assert "not sure" in str(ended)


class ReadsEach:
    """Chosen one at a time, reads one room after the other; the rooms stand in what was read first."""

    name = "each"

    def __init__(self, rooms: Sequence[str]) -> None:
        self._calls = [Call("rooms", {}), *(Call("warmth", {"room": room}) for room in rooms)]
        self._now: Call | None = None

    async def call(
        self, messages: Sequence[Message], tools: Sequence[Tool], *, required: bool = False
    ) -> Reply:
        if not required:
            self._now = self._calls.pop(0) if self._calls else None
        return Reply(self.name, calls=() if self._now is None else (self._now,))

    async def say(
        self, messages: Sequence[Message], *, max_tokens: int = 0, on_text: OnText | None = None
    ) -> Reply:
        return Reply(self.name, text="Done.")

    async def choose(self, messages: Sequence[Message], options: Sequence[str]) -> Reply:
        return Reply(self.name, data=options[0], scores=dict.fromkeys(options, 1.0))

    async def fill(
        self, messages: Sequence[Message], schema: Mapping[str, Any], *, max_tokens: int = 0
    ) -> Reply:
        return Reply(self.name, data={})


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        (["hall", "attic", "cellar"], ["hall", "attic", "cellar"]),
        (["hall", "hall", "attic"], ["hall", "hall"]),
    ],
)
def test_a_tool_is_asked_about_one_thing_after_another_and_no_more_once_it_repeats(
    asked: list[str], read: list[str]
) -> None:
    seen: list[str] = []

    @tool(trusted=True)
    def rooms() -> list[str]:
        """All rooms."""
        return ["hall", "attic", "cellar"]

    @tool(trusted=True)
    def warmth(room: str) -> int:
        """How warm a room is."""
        seen.append(room)
        return len(room)

    made = agent(rooms, warmth, model=ReadsEach(asked), rung=Rung.STEPWISE)
    assert made.run("How warm is it everywhere?").status == "done"
    assert seen == read
