"""Agents as tools of agents: one that needs a person makes its caller wait, and both go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from scripted_planner import ScriptedAgentModel

from prudent.client import AsyncClient
from prudent.client.transports import AsyncAppTransport
from prudent.testing import scripted_app
from prudent_agents import Agent, Run, tool
from prudent_agents.events import Asked
from prudent_agents.journal import SqliteJournal
from prudent_agents.plan import Blank, Given, Plan, Rung, Step
from prudent_agents.planning.planner import Planner
from prudent_agents.running.recording import MemoryJournal
from prudent_agents.tool import Tool

PAID: list[int] = []


@pytest.fixture(autouse=True)
def _nothing_paid() -> None:
    PAID.clear()


@pytest.fixture(scope="module")
def client() -> Iterator[AsyncClient]:
    """The checks that need no model."""
    transport = AsyncAppTransport(scripted_app)
    yield AsyncClient(http_client=httpx.AsyncClient(transport=transport))
    transport.thread.close()


@tool(effect="write", trusted=True)
def pay(amount: int) -> str:
    """Pay."""
    PAID.append(amount)
    return "paid"


class Planned(Planner):
    """Has its plans already, one after the other."""

    def __init__(self, *plans: Plan) -> None:
        self._left = list(plans)
        self.goals: list[str] = []

    async def plan(self, goal: str) -> Plan:
        """The next plan."""
        self.goals.append(goal)
        return self._left.pop(0) if len(self._left) > 1 else self._left[0]


PAYS = Plan(
    goal="pay",
    steps=(Step(id="pay", tool="pay", arguments={"amount": Given(value=7, origin="request")}),),
    rung=Rung.DECODED,
)
ASKS = Plan(goal="pay", rung=Rung.DECODED, ends="ask_user", note="How much?")
CALLS = Step(id="desk", tool="desk", arguments={"request": Given(value="Pay seven.", origin="request")})


def desk(client: AsyncClient, journal: Any, planner: Planner, **options: Any) -> Tool:
    model = ScriptedAgentModel(text="Paid 7.")
    member = Agent(tools=[pay], model=model, planner=planner, journal=journal, client=client, **options)
    return member.as_tool("desk", "Pays bills.")


def caller(client: AsyncClient, journal: Any, member: Tool) -> Agent:
    return Agent(tools=[member], model=ScriptedAgentModel(), journal=journal, client=client)


def began(agent: Agent, **options: Any) -> Run:
    return agent.execute(Plan(goal="Pay the bill.", steps=(CALLS,)), **options)


def test_a_sub_agent_that_needs_a_person_makes_its_caller_wait(tmp_path: Path, client: AsyncClient) -> None:
    """The word is given once, in other objects on the same file, and the call is made once."""
    with_rule = {"rules": ["ask: pay"]}
    first = SqliteJournal(tmp_path / "a.db")
    paused = began(caller(client, first, desk(client, first, Planned(PAYS), **with_rule)))
    assert (paused.status, PAID) == ("paused", [])
    assert getattr(paused.waiting, "tool", "") == "pay"
    first.close()
    second = SqliteJournal(tmp_path / "a.db")
    [waiting] = second.waiting()
    second.decide(waiting.digest, approve=True)
    ended = caller(client, second, desk(client, second, Planned(PAYS), **with_rule)).resume(paused.id)
    assert (ended.status, PAID) == ("done", [7]), ended.error
    assert ended.cost.tool_calls == 3, "two tries of the caller's, and what the sub-agent used"
    assert {one.status for one in second.runs()} == {"done"}


@pytest.mark.parametrize(("word", "status", "paid"), [(True, "done", [7]), (False, "failed", [])])
def test_a_word_at_once_reaches_the_sub_agent(
    word: bool, status: str, paid: list[int], client: AsyncClient
) -> None:
    asked: list[str] = []

    def said(question: Any) -> bool:
        asked.append(question.tool)
        return word

    journal = MemoryJournal()
    ended = began(
        caller(client, journal, desk(client, journal, Planned(PAYS), rules=["ask: pay"])), approve=said
    )
    assert (ended.status, PAID, asked) == (status, paid, ["pay"])


def test_a_question_of_a_sub_agent_is_its_callers(client: AsyncClient) -> None:
    journal, planner = MemoryJournal(), Planned(ASKS, PAYS)
    agent = caller(client, journal, desk(client, journal, planner))
    paused = began(agent)
    assert isinstance(paused.waiting, Asked)
    assert paused.waiting.question == "How much?"
    ended = agent.resume(paused.id, answer="7")
    assert (ended.status, PAID) == ("done", [7]), ended.error
    assert planner.goals[-1].endswith("How much? 7")


def test_what_was_approved_is_what_is_called_and_no_model_is_asked_again(client: AsyncClient) -> None:
    """A model that would say something else now does not get to."""
    plan = Plan(goal="Pay 5 or 9.", steps=(Step(id="pay", tool="pay", arguments={"amount": Blank()}),))
    journal, now = MemoryJournal(), ScriptedAgentModel(calls=[{"amount": 9}])
    common: dict[str, Any] = {"tools": [pay], "journal": journal, "rules": ["ask: pay"], "client": client}
    paused = Agent(model=ScriptedAgentModel(calls=[{"amount": 5}]), **common).execute(plan)
    ended = Agent(model=now, **common).resume(paused.id, decision=True)
    assert (ended.status, PAID, now.asked) == ("done", [5], [])
