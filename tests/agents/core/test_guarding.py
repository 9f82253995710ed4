"""Arguments go through the checks: what a model made up is stopped, what it was given goes through."""

from __future__ import annotations

import asyncio

import pytest
from scripted_planner import ScriptedAgentModel

from prudent.testing import scripted_async_client
from prudent_agents import Agent
from prudent_agents.plan import Argument, Blank, Given, Plan, Step
from prudent_agents.tool import Effect, Tool

IBAN = "GB29NWBK60161331926819"
MAIL = "dora.novak@gmail.com"


def _tool(name: str, effect: Effect, result: str, called: list[str]) -> Tool:
    def function(**given: str) -> str:
        called.append(f"{name} {' '.join(given.values())}")
        return result

    schema = {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]}
    return Tool(name=name, card=f"{name}.", parameters=schema, function=function, effect=effect)


@pytest.mark.parametrize(
    ("goal", "to", "effect", "status"),
    [
        (f"Pay my share to {IBAN}.", IBAN, Effect.WRITE, "done"),
        (f"What was paid to {IBAN}?", IBAN, Effect.READ, "done"),
        ("Pay my share to Tom.", IBAN, Effect.WRITE, "refused"),
        (f"Pay my share to {IBAN}.", f"{IBAN} and {MAIL}", Effect.WRITE, "refused"),
        (f"给 {MAIL} 发邮件。", MAIL, Effect.WRITE, "done"),
        ("Pay with the key.", "AKIAIOSFODNN7EXAMPLQ", Effect.WRITE, "refused"),
        ("Pay with AKIAIOSFODNN7EXAMPLQ.", "AKIAIOSFODNN7EXAMPLQ", Effect.WRITE, "refused"),
    ],
)
def test_personal_data_of_the_request_goes_through(goal: str, to: str, effect: Effect, status: str) -> None:
    """It was not made up; a credential is stopped whoever wrote it."""
    called: list[str] = []

    async def run() -> str:
        async with scripted_async_client() as client:
            agent = Agent(tools=[_tool("pay", effect, "Done.", called)], client=client, durable=False)
            argument: dict[str, Argument] = {"to": Given(value=to, origin="model")}
            plan = Plan(goal=goal, steps=(Step(id="s", tool="pay", arguments=argument),))
            return (await agent.execute_async(plan, approve=lambda _: True)).status

    assert asyncio.run(run()) == status
    assert called == ([f"pay {to}"] if status == "done" else [])


@pytest.mark.parametrize(
    ("effect", "made", "status"),
    [
        (Effect.WRITE, MAIL, "done"),
        (Effect.WRITE, "dora.nowak@gmail.com", "refused"),
        (Effect.READ, MAIL, "refused"),
    ],
)
def test_an_address_that_was_found_may_be_written_to(effect: Effect, made: str, status: str) -> None:
    """Where the rules on tools let it; a tool that only reads is not asked with it, nor one made up."""
    called: list[str] = []

    async def run() -> str:
        async with scripted_async_client() as client:
            agent = Agent(
                tools=[
                    _tool("find", Effect.READ, f"I am Dora, my address is {MAIL}.", called),
                    _tool("invite", effect, "Invited.", called),
                ],
                model=ScriptedAgentModel(calls=[{"to": made}]),
                client=client,
                durable=False,
            )
            steps = (
                Step(id="a", tool="find", arguments={"to": Given(value="Dora")}),
                Step(id="b", tool="invite", arguments={"to": Blank(inputs=("a",))}),
            )
            plan = Plan(goal="Invite Dora.", steps=steps)
            return (await agent.execute_async(plan, approve=lambda _: True)).status

    assert asyncio.run(run()) == status
    assert [one for one in called if one.startswith("invite")] == (
        [f"invite {MAIL}"] if status == "done" else []
    )
