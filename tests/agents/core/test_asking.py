"""What is asked of models: values of the form that was asked for, prompts that the budget allows."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from scripted_planner import ScriptedAgentModel

from prudent.client import AsyncClient
from prudent.client.transports import AsyncAppTransport
from prudent.testing import ScriptedModel, scripted_app
from prudent_agents import Agent, Budget
from prudent_agents.plan import FILL, SAY, Plan, Step
from prudent_agents.running.hollow import hollow

SHAPE = {"type": "object", "properties": {"amount": {"type": "number"}}, "required": ["amount"]}
FILLS = Plan(goal="Read it.", steps=(Step(id="read", tool=FILL, shape=SHAPE, instruction="Read."),))


@pytest.fixture
def client(request: pytest.FixtureRequest) -> Iterator[AsyncClient]:
    """A server that answers with the texts of the test, whatever form is asked for."""
    model = ScriptedModel(*request.param)
    transport = AsyncAppTransport(lambda: scripted_app(model))
    yield AsyncClient(http_client=httpx.AsyncClient(transport=transport))
    transport.thread.close()


@pytest.mark.parametrize("client", [['{"amount": "much"}', '{"amount": 12.5}']], indirect=True)
def test_a_value_of_another_form_is_asked_for_again(client: AsyncClient) -> None:
    """With what was wrong; both answers are in the cost."""
    run = Agent(client=client, durable=False).execute(FILLS)
    assert (run.status, run.output, run.cost.model_calls) == ("done", {"amount": 12.5}, 2), run.error


@pytest.mark.parametrize("client", [['{"amount": "much"}']], indirect=True)
def test_one_that_never_has_it_fails_with_where(client: AsyncClient) -> None:
    run = Agent(client=client, durable=False).execute(FILLS)
    assert (run.status, run.cost.model_calls) == ("failed", 3)
    assert "amount: 'much' is not of type 'number'" in str(run.error)


def test_a_prompt_that_the_budget_has_no_room_for_is_not_sent() -> None:
    """Before anything is asked, and a shorter one is."""
    for words, status in ((10, "done"), (5_000, "over_budget")):
        model = ScriptedAgentModel(text="said")
        agent = Agent(model=model, budget=Budget(tokens=1_000), durable=False)
        run = agent.execute(Plan(goal="g", steps=(Step(id="s", tool=SAY, instruction="word " * words),)))
        assert (run.status, len(model.asked)) == (status, int(status == "done"))


@pytest.mark.parametrize(
    ("left", "empty"),
    [
        ("[INDIRECT_ATTACK_1]", True),
        ({"name": "one.txt", "text": "[INDIRECT_ATTACK_1] [EMAIL_2]."}, True),
        ("Total 120.50 EUR. [INDIRECT_ATTACK_1]", False),
        (["[INDIRECT_ATTACK_1]", "Supplier: Northwind, total 120.50"], False),
        ("请付款 [EMAIL_1]", False),
        ("", False),
        (3, False),
    ],
)
def test_what_is_left_of_a_text(left: object, empty: bool) -> None:
    assert hollow(left) is empty
