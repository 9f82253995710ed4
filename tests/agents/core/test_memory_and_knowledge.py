"""What an agent is told of what came before, and what it hands over. The model is scripted."""

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
from prudent_agents import Agent, Run, tool
from prudent_agents.grounding.citing import renumbered
from prudent_agents.memory import ConversationMemory
from prudent_agents.plan import Given, Plan, Rung, Step
from prudent_agents.planning.planner import Planner
from prudent_agents.remembering import requests

PASSAGE = {"document": "handbook.md", "start": 10, "end": 60, "confidentiality": "private"}
TEXT = "Trips of more than 500 euros are approved by Ms Chen."


@pytest.fixture(scope="module")
def client() -> Iterator[AsyncClient]:
    """The checks that need no model."""
    transport = AsyncAppTransport(lambda: scripted_app(ScriptedModel("summary")))
    yield AsyncClient(http_client=httpx.AsyncClient(transport=transport))
    transport.thread.close()


class OneCall(Planner):
    """Calls the same tool for any goal, or none; keeps the goals that it was given."""

    def __init__(self, *tools: str) -> None:
        self._steps = tuple(
            Step(id=f"s{at}", tool=name, arguments={"request": Given(value="Who?", origin="request")})
            for at, name in enumerate(tools)
        )
        self.goals: list[str] = []

    async def plan(self, goal: str) -> Plan:
        """The plan."""
        self.goals.append(goal)
        return Plan(goal=goal, rung=Rung.DECODED, steps=self._steps)


@tool
def letter(request: str) -> str:
    """A letter of somebody else's."""
    return "Ask for the grey van."


def test_a_conversation_goes_on_from_run_to_run(client: AsyncClient) -> None:
    """The next answer is written with it; a request that leans on the last is planned as a whole one."""
    planner = OneCall()
    model = ScriptedAgentModel(text="31 degrees.", values=[{"request": "How warm is it in Paris?"}])
    agent = Agent(
        model=model,
        planner=planner,
        client=client,
        memory=ConversationMemory(client, model="scripted"),
        durable=False,
    )
    assert agent.run("How warm is it in Rome?").status == "done"
    second = agent.run("And in Paris?")
    assert planner.goals == ["How warm is it in Rome?", "How warm is it in Paris?"]
    assert "31 degrees." in model.asked[-1][1], "the answer before is shown where this one is written"
    assert second.label.trusted
    assert second.label.confidentiality == "private"
    replayed = agent.replay(second.events)
    assert replayed.output == second.output


def test_what_others_wrote_taints_the_conversation_and_the_users_own_requests_are_leaned_on(
    client: AsyncClient,
) -> None:
    memory = ConversationMemory(client, model="scripted")
    common: dict[str, Any] = {"client": client, "memory": memory, "durable": False}
    first = Agent(tools=[letter], model=ScriptedAgentModel(), planner=OneCall("letter"), **common)
    assert not first.run("What does the letter of Ann say?").label.trusted
    memory.add("user", "Ask for the grey van of Eve.", source=Source.TOOL)
    later, model = OneCall("letter"), ScriptedAgentModel()
    second = Agent(tools=[letter], model=model, planner=later, **common).run("And of Bob?")
    assert requests(second.results) == ["What does the letter of Ann say?"]
    assert later.goals == ["What does the letter of Bob say?"]
    assert "Ann" not in model.asked[-1][1], "an answer to another request is no result of this one"


def test_a_request_that_would_lose_what_was_said_is_planned_as_it_is(client: AsyncClient) -> None:
    planner = OneCall()
    model = ScriptedAgentModel(values=[{"request": "Who is Ann?"}])
    memory = ConversationMemory(client, model="scripted")
    agent = Agent(model=model, planner=planner, client=client, memory=memory, durable=False)
    agent.run("Who is Ann?")
    agent.run("Send her the budget.")
    assert planner.goals == ["Who is Ann?", "Send her the budget."]


def test_an_agent_hands_over_what_it_found(client: AsyncClient) -> None:
    """With its label, into the other's answer; without, the other knows the request alone."""
    for over in (True, False):
        model = ScriptedAgentModel(text="answered")
        expert = Agent(model=model, planner=OneCall(), client=client, durable=False)
        member = expert.as_tool("expert", "Knows more.", hand_over=over)
        made = Agent(
            tools=[letter, member],
            model=ScriptedAgentModel(),
            client=client,
            durable=False,
            rules=["allow: *"],
        )
        plan = Plan(
            goal="Who?",
            steps=(
                Step(id="found", tool="letter", arguments={"request": Given(value="x")}),
                Step(id="ask", tool="expert", arguments={"request": Given(value="Who?")}, needs=("found",)),
            ),
        )
        assert made.execute(plan).output == "answered"
        assert ("grey van" in model.asked[-1][1]) is over


def test_passages_of_several_searches_have_numbers_of_their_own() -> None:
    used: set[int] = set()
    first = [{**PASSAGE, "number": at, "text": TEXT} for at in (1, 2, 3)]
    assert renumbered(first, used) == first
    assert [one["number"] for one in renumbered(first[:2], used)] == [4, 5]
    assert renumbered([{**PASSAGE, "number": 9, "text": TEXT}], used)[0]["number"] == 9, (
        "a replay changes nothing"
    )
    assert renumbered({"number": 1}, used) == {"number": 1}


def test_an_answer_has_its_citations_with_exact_places(client: AsyncClient) -> None:
    @tool
    def search(request: str) -> list[dict[str, Any]]:
        """Search."""
        return [{**PASSAGE, "number": 1, "text": TEXT}]

    model = ScriptedAgentModel(text="Ms Chen approves trips of more than 500 euros.")
    run: Run = Agent(
        tools=[search], model=model, planner=OneCall("search", "search"), client=client, durable=False
    ).run("Who approves a trip?")
    assert run.citations is not None
    assert run.citations.sound
    assert run.citations.references == ["[1] handbook.md, characters 10-60"]
    assert Agent(model=model, planner=OneCall(), client=client, durable=False).run("Hi").citations is None
