"""Answers from documents: silent where they are, in their words where the model's are not theirs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from scripted_planner import ScriptedAgentModel

from prudent.client import AsyncClient
from prudent.client.transports import AsyncAppTransport
from prudent.testing import ScriptedModel, scripted_app
from prudent.types.content import Source
from prudent_agents import Agent
from prudent_agents.function_tool import tool_of
from prudent_agents.labels import TRUSTED
from prudent_agents.plan import SAY, Given, Plan, Ref, Rung, Step
from prudent_agents.planning.planner import Planner
from prudent_agents.tool import Effect, Tool
from prudent_agents.values import Value

QUESTION = "How much may a hotel cost a night?"
TEXT = "Receipts are handed in within 14 days. Hotels may cost 110 euros a night."


@pytest.fixture(scope="module")
def client() -> Iterator[AsyncClient]:
    """The checks that need no model."""
    transport = AsyncAppTransport(lambda: scripted_app(ScriptedModel("unused")))
    yield AsyncClient(http_client=httpx.AsyncClient(transport=transport))
    transport.thread.close()


class Searching(Planner):
    """Searches for the goal, whatever it is."""

    def __init__(self) -> None:
        pass

    async def plan(self, goal: str) -> Plan:
        """One search."""
        search = Step(id="s1", tool="search", about=goal, arguments={"question": Given(value=goal)})
        return Plan(goal=goal, rung=Rung.DECODED, steps=(search,))


def search(similarity: float, text: str = TEXT) -> Tool:
    """A search of documents whose nearest sentence is so near."""

    def find(question: str) -> list[dict[str, Any]]:
        """Search the documents."""
        begin = text.rindex("Hotels") if "Hotels" in text else 0
        nearest = {"start": begin, "end": len(text), "similarity": similarity}
        place = {"document": "d.md", "start": 0, "end": len(text), "nearest": nearest}
        return [{"number": 1, "text": text, **place}] if question and text else []

    return tool_of(find, name="search", effect=Effect.READ, source=Source.DOCUMENT)


@pytest.mark.parametrize(
    ("question", "similarity", "said", "told", "asked"),
    [
        (QUESTION, 0.90, "110 euros a night.", "110 euros a night. [1]", 1),
        (QUESTION, 0.84, "500 euros.", "Hotels may cost 110 euros a night. [1]", 1),
        (
            "How much may a room cost?",
            0.86,
            "Ann.",
            "words. The nearest: Hotels may cost 110 euros a night. [1]",
            1,
        ),
        (QUESTION, 0.75, "The manager is Ann.", "The documents do not say.", 0),
    ],
)
def test_an_answer_is_what_the_documents_say(
    client: AsyncClient, question: str, similarity: float, said: str, told: str, asked: int
) -> None:
    model = ScriptedAgentModel(text=said)
    agent = Agent(tools=[search(similarity)], model=model, planner=Searching(), client=client, durable=False)
    run = agent.run(question)
    assert str(run.output).endswith(told)
    assert len(model.asked) == asked
    assert agent.replay(run.events).output == run.output


@pytest.mark.parametrize(
    ("before", "told"),
    [("A night in a hotel may cost 90 euros.", "90 euros."), ("Hello.", "The documents do not say.")],
)
def test_what_came_before_may_say_what_the_documents_do_not(
    client: AsyncClient, before: str, told: str
) -> None:
    model = ScriptedAgentModel(text="90 euros.")
    agent = Agent(tools=[search(0.7)], model=model, planner=Searching(), client=client, durable=False)
    run = agent.run(QUESTION, inputs={"conversation": Value(data=[{"user": before}], label=TRUSTED)})
    assert run.output == told


def test_an_empty_search_is_answered_by_that(client: AsyncClient) -> None:
    model = ScriptedAgentModel(text="Ann.")
    agent = Agent(tools=[search(1, "")], model=model, planner=Searching(), client=client, durable=False)
    assert agent.run("经理是谁？").output == "资料里没有提到。"


@pytest.mark.parametrize(
    ("similarity", "told"), [(0.9, "110 euros. [1]"), (0.7, "The documents do not say.")]
)
def test_a_step_that_answers_the_searched_question_is_held_to_the_passages(
    client: AsyncClient, similarity: float, told: str
) -> None:
    asked = Ref(step="question")
    steps = (
        Step(id="find", tool="search", arguments={"question": asked}),
        Step(id="say", tool=SAY, instruction="Answer.", arguments={"a": Ref(step="find"), "q": asked}),
    )
    plan = Plan(goal="Ask.", parameters=("question",), steps=steps)
    model = ScriptedAgentModel(text="110 euros.")
    agent = Agent(tools=[search(similarity)], model=model, client=client, durable=False)
    run = agent.execute(plan, inputs={"question": Value(data=QUESTION, label=TRUSTED)})
    assert run.output == told
