"""A write under a condition is made where it holds, left out where it does not, and asked about else."""

from __future__ import annotations

from typing import Any

import pytest
from scripted_planner import ScriptedAgentModel

from prudent_agents import Agent, Run, tool
from prudent_agents.plan import Condition, Given, Plan, Ref, Rung, Step

SENT: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_sent() -> None:
    SENT.clear()


def run(sky: str | None, op: Any = "says", **options: Any) -> Run:
    @tool(trusted=True)
    def weather(city: str) -> dict[str, Any]:
        """The weather."""
        if sky is None:
            raise ValueError(f"There is no weather for {city}.")
        return {"city": city, "sky": sky}

    @tool(effect="write", trusted=True)
    def send(text: str) -> str:
        """Send it."""
        SENT.append(text)
        return "sent"

    condition = Condition(left=Ref(step="a"), op=op, right=Given(value="it rains in Oslo", origin="request"))
    steps = (
        Step(id="a", tool="weather", arguments={"city": Given(value="Oslo", origin="request")}),
        Step(id="b", tool="send", arguments={"text": Given(value="Umbrella")}, when=condition),
    )
    with Agent(tools=[weather, send], model=ScriptedAgentModel(), durable=False) as made:
        return made.execute(Plan(goal="Send 'Umbrella' if it rains in Oslo.", steps=steps), **options)


@pytest.mark.parametrize(
    ("sky", "op", "sent"),
    [("rain", "says", True), ("no rain", "says", False), ("rain", "says not", False)],
)
def test_what_was_read_decides(sky: str, op: str, sent: bool) -> None:
    ended = run(sky, op)
    assert (ended.status, SENT) == ("done", ["Umbrella"] if sent else [])


def test_where_nobody_knows_a_person_is_asked() -> None:
    waits = run("sun")
    assert (waits.status, SENT) == ("paused", [])
    shown = str(waits)
    assert "send(text='Umbrella')" in shown
    assert "it rains in Oslo" in shown
    assert "sun" in shown
    assert run("sun", approve=lambda _: True).status == "done"
    assert SENT == ["Umbrella"]


def test_where_the_look_up_fails_a_person_is_asked_before_anything_is_written() -> None:
    waits = run(None)
    assert (waits.status, SENT) == ("paused", [])
    assert "nobody could find out whether this holds: it rains in Oslo" in str(waits)
    assert "There is no weather for Oslo" in str(waits)
    refused = run(None, approve=lambda _: False)
    assert (refused.status, SENT) == ("refused", [])
    decided = run(None, approve=lambda _: True)
    assert (decided.status, decided.error, SENT) == ("done", None, ["Umbrella"])


@pytest.mark.parametrize(
    ("goal", "asks", "undone"),
    [
        ("If it rains send 'Umbrella'", "I cannot tell what this depends on", "Not done"),
        ("如果下雨你懂的把“Umbrella”发出去", "我看不出这取决于什么", "未执行"),
    ],
)
@pytest.mark.parametrize("answer", ["yes", "no"])
def test_a_condition_that_nobody_can_take_apart_is_asked_about(
    goal: str, asks: str, undone: str, answer: str
) -> None:
    @tool(effect="write", trusted=True)
    def send(text: str) -> str:
        """Send it."""
        SENT.append(text)
        return "sent"

    model = ScriptedAgentModel(calls=[{"text": "Umbrella"}])
    with Agent(tools=[send], model=model, durable=False) as made:
        waits = made.run(goal)
        assert (waits.status, SENT) == ("paused", [])
        assert asks in str(waits)
        assert goal in str(waits)
        ended = made.resume(waits.id, answer=answer)
    assert (ended.status, SENT) == ("done", ["Umbrella"] if answer == "yes" else [])
    assert (undone in str(ended.output)) is (answer == "no")


class OneStepAtATime(ScriptedAgentModel):
    """Wants to send at every step, whatever the sky says, and looks the sky up where it is told to."""

    async def call(self, messages: Any, tools: Any, *, required: bool = False) -> Any:
        self._calls = [{"city": "Oslo"} if tools[-1].name == "weather" else {"text": "Umbrella"}]
        return await super().call(messages, tools[-1:], required=required)


@pytest.mark.parametrize(
    ("sky", "goal", "status", "sent"),
    [
        ("rain", "If it rains in Oslo, send 'Umbrella'.", "done", True),
        ("no rain", "If it rains in Oslo, send 'Umbrella'.", "done", False),
        ("rain", "Unless it rains in Oslo, send 'Umbrella'.", "done", False),
        ("sun", "If it rains in Oslo, send 'Umbrella'.", "paused", False),
        ("rain", "Send 'Umbrella'.", "done", True),
    ],
)
def test_one_step_at_a_time_knows_conditions_too(sky: str, goal: str, status: str, sent: bool) -> None:
    @tool(trusted=True)
    def weather(city: str) -> dict[str, Any]:
        """The weather."""
        return {"city": city, "sky": sky}

    @tool(effect="write", trusted=True)
    def send(text: str) -> str:
        """Send it."""
        SENT.append(text)
        return "sent"

    model = OneStepAtATime(calls=[{}])
    with Agent(tools=[weather, send], model=model, durable=False, rung=Rung.STEPWISE) as made:
        ended = made.run(goal)
    assert (ended.status, SENT) == (status, ["Umbrella"] if sent else []), ended.error
    assert ("Not done: send" in str(ended.output)) is (status == "done" and not sent)


def test_one_step_at_a_time_makes_no_call_twice() -> None:
    @tool(effect="write", trusted=True)
    def send(text: str) -> str:
        """Send it."""
        SENT.append(text)
        return "sent"

    model = ScriptedAgentModel(calls=[{"text": "made up"}])
    with Agent(tools=[send], model=model, durable=False, rung=Rung.STEPWISE) as made:
        ended = made.run("Send something.")
    assert (ended.status, SENT) == ("done", ["made up"])


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_one_step_at_a_time_asks_what_a_condition_means(answer: str) -> None:
    @tool(effect="write", trusted=True)
    def send(text: str) -> str:
        """Send it."""
        SENT.append(text)
        return "sent"

    model = OneStepAtATime(calls=[{}])
    with Agent(tools=[send], model=model, durable=False, rung=Rung.STEPWISE) as made:
        waits = made.run("If it rains send 'Umbrella'")
        assert (waits.status, SENT) == ("paused", [])
        ended = made.resume(waits.id, answer=answer)
    assert (ended.status, SENT) == ("done", ["Umbrella"] if answer == "yes" else [])
    assert ("Not done" in str(ended.output)) is (answer == "no")


def test_a_run_is_shown_by_what_came_of_each_step() -> None:
    lines = str(run("no rain")).splitlines()
    assert lines[0].startswith("done")
    assert lines[1:] == [
        '  a weather: {"city": "Oslo", "sky": "no rain"}',
        "  b send: left out, not $a says it rains in Oslo",
    ]
    assert len(repr(run("rain"))) < 300


@pytest.mark.parametrize(
    ("goal", "asks"), [("Look the price up, then tell Bob the price.", False), ("Tell Bob the news.", True)]
)
def test_what_was_found_is_told_and_what_nobody_knows_is_asked_for(goal: str, asks: bool) -> None:
    @tool(trusted=True)
    def price() -> str:
        """The cost of a lamp."""
        return "24.50 euros"

    @tool(effect="write", trusted=True)
    def send(to: str, text: str) -> str:
        """Send a message."""
        SENT.append(text)
        return "sent"

    class Model(ScriptedAgentModel):
        async def call(self, messages: Any, tools: Any, *, required: bool = False) -> Any:
            known = "24.50 euros" in str(messages)
            text = "24.50 euros" if known else "the price" if "price" in goal else "the news"
            self._calls = [{} if tools[0].name == "price" else {"to": "Bob", "text": text}]
            return await super().call(messages, tools, required=required)

    model = Model(calls=[{}], values=[{"steps": ["Look the price up", "tell Bob the price"]}])
    with Agent(tools=[price, send], model=model, durable=False) as made:
        ended = made.run(goal)
    assert (ended.status, SENT) == (("paused", []) if asks else ("done", ["24.50 euros"])), ended.error
