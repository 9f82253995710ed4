"""Answers: a number that stands in no result is computed exactly, from known numbers alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from prudent.testing import scripted_async_client
from prudent_agents import Agent, tool
from prudent_agents.models.driver import Call, Message, OnText, Reply
from prudent_agents.run import Run
from prudent_agents.running.summing import made_up
from prudent_agents.tool import Tool
from prudent_agents.values import JSON


def price(article: str) -> float:
    """Price of an article."""
    return 12.5 if article == "lamp" else 0.0


class Clerk:
    """Looks the price up, does sums badly in its head, and can write one down."""

    name = "clerk"

    def __init__(self, written: str, drafts: list[str], ending: str = "answer") -> None:
        self.written = written
        self.drafts = drafts
        self.ending = ending
        self.shown: list[str] = []

    async def say(
        self, messages: Sequence[Message], *, max_tokens: int = 0, on_text: OnText | None = None
    ) -> Reply:
        self.shown.append(str(messages))
        text = self.drafts.pop(0)
        if on_text is not None:
            await on_text(text)
        return Reply(self.name, text=text)

    async def fill(
        self, messages: Sequence[Message], schema: Mapping[str, Any], *, max_tokens: int = 0
    ) -> Reply:
        if "sum" in schema["properties"]:
            return Reply(self.name, data={"sum": self.written})
        return Reply(self.name, data={"steps": ["What does a lamp cost?"]})

    async def choose(self, messages: Sequence[Message], options: Sequence[str]) -> Reply:
        wanted = self.ending if self.ending in options else options[0]
        if "none" in options and self.ending != "answer":
            wanted = "none"
        return Reply(self.name, data=wanted, scores={one: float(one == wanted) for one in options})

    async def call(
        self, messages: Sequence[Message], tools: Sequence[Tool], *, required: bool = False
    ) -> Reply:
        return Reply(self.name, calls=(Call("price", {"article": "lamp"}),))


def run(clerk: Clerk, goal: str = "What do 12 of the lamp cost?") -> Run:
    async def reached() -> Run:
        async with scripted_async_client() as client:
            agent = Agent(tools=[price], model=clerk, client=client, durable=False)
            return await agent.run_async(goal)

    return asyncio.run(reached())


def test_what_so_many_cost_is_worked_out_before_it_is_said() -> None:
    clerk = Clerk("12 * 12.5", ["They cost 150 euros."])
    assert run(clerk).output == "They cost 150 euros."
    assert "12 * 12.5 comes to: 150" in clerk.shown[-1]


def test_a_sum_done_in_the_head_is_done_again_exactly() -> None:
    clerk = Clerk("2 * 12.5", ["It comes to 26 euros.", "It comes to 25 euros."])
    done = run(clerk, "Tell me the price of a lamp, and the price of a pair?")
    assert done.output == "It comes to 25 euros."
    assert "2 * 12.5 comes to: 25" in clerk.shown[-1]


@pytest.mark.parametrize("written", ["12 * 13", "lamp", "12 /", "12.5 / 0"])
def test_a_number_that_nobody_gave_is_not_said(written: str) -> None:
    clerk = Clerk(written, ["They cost 140 euros."])
    assert run(clerk).output == "I could not find that out. I found: 12.5"


def test_an_answer_whose_numbers_are_known_is_written_once() -> None:
    clerk = Clerk("12.5", ["A lamp costs 12.5 euros."])
    done = run(clerk)
    assert done.output == "A lamp costs 12.5 euros."
    assert len(clerk.shown) == 1


def test_a_year_is_no_amount_that_asks_for_a_sum() -> None:
    clerk = Clerk("2026 * 12.5", ["A lamp costs 12.5 euros."])
    assert run(clerk, "How much does a lamp cost in January 2026?").output == "A lamp costs 12.5 euros."
    assert len(clerk.shown) == 1


@pytest.mark.parametrize(
    ("text", "sources", "expected"),
    [
        ("It is 1,850 euros.", ["1850"], False),
        ("It is 7.", ['{"a": 7.0}'], False),
        ("It is 8.", ["7"], True),
        ("Room B214.", ["room"], False),
        ("There is 1.", [], False),
    ],
)
def test_made_up_numbers(text: str, sources: list[str], expected: bool) -> None:
    assert made_up(text, sources) is expected


def test_where_no_tool_fits_the_run_says_so_and_calls_nothing() -> None:
    done = run(Clerk("", ["never"], ending="cannot"), "Book a flight to Rome.")
    assert done.status == "done"
    assert "cannot" in str(done.output)


def test_where_it_is_not_clear_what_is_wanted_the_run_asks() -> None:
    done = run(Clerk("", ["never"], ending="ask"), "Send it.")
    assert done.status == "paused"
    assert done.waiting is not None


class Looking:
    """Calls one tool with one value, and answers what it is told to."""

    name = "looking"

    def __init__(self, calls: Call, answer: str) -> None:
        self._call, self._answer = calls, answer

    async def say(
        self, messages: Sequence[Message], *, max_tokens: int = 0, on_text: OnText | None = None
    ) -> Reply:
        if on_text is not None:
            await on_text(self._answer)
        return Reply(self.name, text=self._answer)

    async def fill(
        self, messages: Sequence[Message], schema: Mapping[str, Any], *, max_tokens: int = 0
    ) -> Reply:
        return Reply(self.name, data={"steps": [str(messages[-1]["content"])]})

    async def choose(self, messages: Sequence[Message], options: Sequence[str]) -> Reply:
        return Reply(self.name, data=options[0], scores={one: float(one == options[0]) for one in options})

    async def call(
        self, messages: Sequence[Message], tools: Sequence[Tool], *, required: bool = False
    ) -> Reply:
        return Reply(self.name, calls=(self._call,))


def looked_up(result: JSON, goal: str, answer: str, value: str) -> str:
    @tool(trusted=True)
    def stock(article: str) -> Any:
        """What there is of an article."""
        return result

    async def reached() -> Run:
        async with scripted_async_client() as client:
            model = Looking(Call("stock", {"article": value}), answer)
            agent = Agent(tools=[stock], model=model, client=client, durable=False)
            return await agent.run_async(goal)

    return str(asyncio.run(reached()).output)


@pytest.mark.parametrize(
    ("result", "goal", "answer", "said"),
    [
        ({"left": 0}, "Is the lamp available?", "Yes, it is available.", "No: left 0"),
        ({"left": 0}, "Is the lamp available?", "No, none is left.", "No, none is left."),
        ({"left": 3}, "Is the lamp available?", "yes", "Yes: left 3"),
        ([], "Is the lamp there?", "It is in the library.", "No: nothing was found."),
        ([], "Where is the lamp?", "In the library.", "I could not find that out: nothing was found."),
        ({"state": "shipped"}, "台灯发货了吗？", "否。", "state shipped"),
        ({"state": "已发货"}, "台灯发货了吗？", "已经发货。", "已经发货。"),
    ],
)
def test_results_that_small_models_read_wrongly_are_said_as_they_are(
    result: JSON, goal: str, answer: str, said: str
) -> None:
    assert looked_up(result, goal, answer, "台灯" if "台灯" in goal else "lamp") == said
