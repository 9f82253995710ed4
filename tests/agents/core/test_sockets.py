"""An agent with a client in this process opens no socket."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from prudent.testing import ScriptedModel, scripted_async_client
from prudent_agents import Agent, Run, tool
from prudent_agents.plan import SAY, Plan, Step


@tool(trusted=True)
def poem() -> str:
    """A poem."""
    return "Roses are red, violets are blue."


def test_a_run_opens_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    """Model, checks and tools: nothing leaves the process."""
    plan = Plan(goal="read", steps=(Step(id="p", tool="poem"), Step(id="s", tool=SAY, needs=("p",))))

    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("a socket was opened")

    async def main() -> Run:
        async with scripted_async_client(ScriptedModel("A fine poem.")) as client:
            agent = Agent(tools=[poem], client=client, durable=False)
            monkeypatch.setattr(socket.socket, "connect", refused)
            monkeypatch.setattr(socket.socket, "bind", refused)
            return await agent.execute_async(plan)

    ended = asyncio.run(main())
    assert (ended.status, ended.output) == ("done", "A fine poem."), ended.error


def test_leaving_reaches_the_decode_loop() -> None:
    """The model stops in the middle of its answer."""
    model = ScriptedModel("word " * 500, delay=0.02)

    async def main() -> None:
        async with scripted_async_client(model) as client:
            agent = Agent(client=client, durable=False)
            stream = agent.stream_plan_async(Plan(goal="g", steps=(Step(id="s", tool=SAY),)))
            async for event in stream:
                if event.kind == "step_started":
                    break
            while not model.running:
                await asyncio.sleep(0.01)
            await stream.aclose()
            for _ in range(100):
                if model.cancelled:
                    break
                await asyncio.sleep(0.02)

    asyncio.run(main())
    assert (model.cancelled, model.running) == (1, 0)
    assert model.tokens < 400
