"""Tools over the Model Context Protocol, to the official client: in process, over pipes, over HTTP."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import mcp
import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import TextContent
from pydantic import BaseModel
from typer.testing import CliRunner

from prudent.cli.main import app
from prudent.errors import ConfigurationError
from prudent.testing import ScriptedModel, scripted_async_client
from prudent_agents.errors import ToolDefinitionError, ToolError
from prudent_agents.function_tool import tool
from prudent_agents.mcp.capabilities import capabilities
from prudent_agents.mcp.server import mcp_server, serve_http, tools_at
from prudent_agents.tools.calculator import calculator

APP = '''
import datetime

from prudent_agents.function_tool import tool


@tool
def next_day(date: datetime.date) -> datetime.date:
    """The day after."""
    print("this must not reach the protocol")
    return date + datetime.timedelta(days=1)


TOOLS = [next_day]
'''


class Booking(BaseModel):
    day: dt.date
    seats: int


@tool(name="book", effect="write")
def book(day: dt.date, seats: int = 1) -> Booking:
    """Book seats."""
    if seats > 4:
        raise ToolError("There are four seats.", hint="Take fewer.")
    return Booking(day=day, seats=seats)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_tools_are_listed_and_called_by_the_official_client(mode: str) -> None:
    async def work() -> tuple[Any, ...]:
        async with mcp.Client(mcp_server([calculator(), book]), mode=mode) as client:
            listed = (await client.list_tools()).tools
            number = await client.call_tool("calculator", {"expression": "1,200 × 2"})
            booked = await client.call_tool("book", {"day": "2026-11-28", "seats": 2})
            full = await client.call_tool("book", {"day": "2026-11-28", "seats": 5})
            wrong = await client.call_tool("book", {"day": "soon"})
            with pytest.raises(MCPError, match="no tool 'fly'"):
                await client.call_tool("fly", {})
            return listed, number, booked, full, wrong

    listed, number, booked, full, wrong = run(work())
    assert [one.name for one in listed] == ["calculator", "book"]
    assert listed[0].annotations.read_only_hint is True
    assert (listed[1].annotations.read_only_hint, listed[1].annotations.destructive_hint) == (False, True)
    assert listed[1].input_schema["required"] == ["day"]
    assert number.content == [TextContent(type="text", text="2400")]
    assert booked.structured_content == {"day": "2026-11-28", "seats": 2}
    assert (full.is_error, full.content[0].text) == (True, "There are four seats. Take fewer.")
    assert wrong.is_error
    assert "day" in wrong.content[0].text


def test_prudents_own_capabilities_go_through_the_client() -> None:
    async def work() -> tuple[Any, ...]:
        async with (
            scripted_async_client(ScriptedModel("Paris.")) as client,
            mcp.Client(mcp_server(capabilities(), client)) as caller,
        ):
            return (
                await caller.call_tool("chat", {"message": "Capital of France?"}),
                await caller.call_tool("safety.check", {"text": "hello"}),
                [one.name for one in (await caller.list_tools()).tools],
            )

    chat, check, names = run(work())
    assert chat.content[0].text == "Paris."
    assert check.structured_content["blocked"] is False
    assert names == ["chat", "embed", "safety.check"]


def test_the_command_serves_over_pipes_and_stray_output_stays_out_of_the_protocol(tmp_path: Path) -> None:
    (tmp_path / "own_tools.py").write_text(APP)

    async def work() -> Any:
        arguments = ["-m", "prudent", "mcp", "--bare", "--app", "own_tools:TOOLS"]
        environment = {"PYTHONPATH": ":".join(filter(None, sys.path))}
        started = mcp.StdioServerParameters(
            command=sys.executable, args=arguments, cwd=tmp_path, env=environment
        )
        async with mcp.Client(started) as client:
            return await client.call_tool("next_day", {"date": "2026-12-31"})

    assert run(work()).content[0].text == "2027-01-01"


def test_http_is_served_on_this_machine_and_refuses_other_hosts() -> None:
    import httpx

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    async def work() -> tuple[Any, int]:
        serving = asyncio.create_task(serve_http(mcp_server([calculator()]), port))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            for _ in range(200):
                try:
                    evil = await http.post("/mcp", json={}, headers={"host": "evil.com"})
                    break
                except httpx.ConnectError:
                    await asyncio.sleep(0.05)
        async with mcp.Client(f"http://127.0.0.1:{port}/mcp") as client:
            result = await client.call_tool("calculator", {"expression": "2+2"})
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        return result, evil.status_code

    result, refused = run(work())
    assert result.content[0].text == "4"
    assert refused == 421
    with pytest.raises(ConfigurationError, match="this machine only"):
        run(serve_http(mcp_server([calculator()]), port, host="0.0.0.0"))


def test_what_is_offered_must_be_tools_with_names_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "others.py").write_text(
        "NUMBER = 3\ndef double(n: int) -> int:\n    'Double it.'\n    return 2 * n\n"
    )
    monkeypatch.chdir(tmp_path)
    assert [one.name for one in tools_at("others:double")] == ["double"]
    for place, said in (
        ("others:NUMBER", "no tool"),
        ("others:x", "cannot be imported"),
        ("none", "no place"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            tools_at(place)
    with pytest.raises(ToolDefinitionError, match="one name"):
        mcp_server([calculator(), calculator()])


def test_the_command_says_what_is_wrong_without_a_traceback() -> None:
    done = CliRunner().invoke(app, ["mcp", "--app", "nowhere:x"], prog_name="prudent")
    assert done.exit_code != 0
    assert "cannot be imported" in done.stderr
    assert "Traceback" not in done.stderr
