"""Tools offered to other programs by the Model Context Protocol, over pipes or HTTP on this machine.

Knows tools and the protocol; where tools come from is the caller's to say.
"""

from __future__ import annotations

import importlib
import json
import secrets
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from prudent.errors import ConfigurationError, PrudentError
from prudent.version import __version__
from prudent_agents.errors import ToolDefinitionError
from prudent_agents.function_tool import tool_of
from prudent_agents.tool import Effect, Tool, ToolContext

if TYPE_CHECKING:
    import mcp_types as wire
    from mcp.server.lowlevel import Server

    from prudent.client import AsyncClient
    from prudent_agents.agent import Agent

_AGENT_SECONDS = 600.0


def mcp_server(
    tools: Sequence[Tool], client: AsyncClient | None = None, *, name: str = "prudent"
) -> Server[Any]:
    """A server of these tools; `client` is what those that see, hear or ask a model use.

    Raises:
        ToolDefinitionError: two tools have one name.
    """
    import mcp_types as wire
    from mcp.server.lowlevel import Server
    from mcp.shared.exceptions import MCPError

    offered = {tool.name: tool for tool in tools}
    if len(offered) < len(tools):
        raise ToolDefinitionError("Two tools have one name.", hint="Rename one: @tool(name=...).")

    async def list_tools(_context: Any, _page: Any) -> wire.ListToolsResult:
        return wire.ListToolsResult(tools=[definition(tool) for tool in tools])

    async def call_tool(_context: Any, asked: wire.CallToolRequestParams) -> wire.CallToolResult:
        tool = offered.get(asked.name)
        if tool is None:
            raise MCPError(wire.INVALID_PARAMS, f"There is no tool '{asked.name[:80]}'.")
        context = ToolContext(run="mcp", idempotency_key=secrets.token_hex(16), client=client)
        try:
            return answer(tool, await tool.call(asked.arguments or {}, context))
        except PrudentError as error:
            return wire.CallToolResult(
                content=[wire.TextContent(type="text", text=str(error))], is_error=True
            )

    return Server(name, version=__version__, on_list_tools=list_tools, on_call_tool=call_tool)


def definition(tool: Tool) -> wire.Tool:
    """A tool as the protocol has it; its effect stands in the hints."""
    import mcp_types as wire

    reads = tool.effect is Effect.READ
    return wire.Tool(
        name=tool.name,
        description=tool.card,
        input_schema=dict(tool.parameters),
        output_schema=dict(tool.returns) if _is_record(tool) and tool.returns else None,
        annotations=wire.ToolAnnotations(
            read_only_hint=reads,
            idempotent_hint=tool.effect is not Effect.WRITE,
            destructive_hint=tool.approval or tool.effect is Effect.WRITE,
        ),
    )


def answer(tool: Tool, result: Any) -> wire.CallToolResult:
    """A result as the protocol has it: as text, and as it is where the tool says that it is a record."""
    import mcp_types as wire

    text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
    return wire.CallToolResult(
        content=[wire.TextContent(type="text", text=text)],
        structured_content=result if _is_record(tool) else None,
    )


def _is_record(tool: Tool) -> bool:
    return tool.returns is not None and tool.returns.get("type") == "object"


async def serve_stdio(server: Server[Any]) -> None:
    """Serve over this process's pipes until the other side leaves."""
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


async def serve_http(server: Server[Any], port: int, host: str = "127.0.0.1") -> None:
    """Serve Streamable HTTP at `/mcp` on this machine; requests for other hosts are refused.

    Raises:
        ConfigurationError: the host is not of this machine.
    """
    import uvicorn

    if host not in ("127.0.0.1", "localhost", "::1"):
        raise ConfigurationError(
            "MCP is served on this machine only.", hint="It has no keys: put a proxy with keys before it."
        )
    app = server.streamable_http_app(host=host)
    listening = uvicorn.Server(uvicorn.Config(app, host=host, port=port, log_level="warning"))
    try:
        await listening.serve()
    finally:
        for one in getattr(listening, "servers", ()):  # a call that was cancelled leaves them open
            one.close()


def tools_at(place: str) -> list[Tool]:
    """The tools at `module:name`: one, several, a function or an agent. The module is looked for here first.

    Raises:
        ConfigurationError: there is no such module or name, or it is nothing of these.
    """
    module, _, name = place.partition(":")
    if not module or not name:
        raise ConfigurationError(f"'{place}' is no place.", hint="Write module:name.", param="app")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(f"{place} cannot be imported: {error}.", param="app") from error
    finally:
        sys.path.pop(0)
    return _tools_of(found, place)


def _tools_of(found: Any, place: str) -> list[Tool]:
    if isinstance(found, Tool):
        return [found]
    if hasattr(found, "run_async") and hasattr(found, "tools"):
        return [agent_tool(found)]
    if callable(found):
        return [tool_of(found)]
    if isinstance(found, Iterable):
        return [tool for one in cast("Iterable[Any]", found) for tool in _tools_of(one, place)]
    raise ConfigurationError(
        f"{place} is {type(found).__name__}, and no tool, function or agent.", param="app"
    )


def agent_tool(agent: Agent) -> Tool:
    """An agent as a tool: a goal in, what it came to out. What would need approval is left undone."""

    async def run(goal: str) -> dict[str, Any]:
        """Run.

        goal: what is to be done
        """
        done = await agent.run_async(goal)
        return {"status": str(done.status), "output": done.output, "run": done.id, "error": done.error}

    held = ", ".join(agent.tools)
    return tool_of(
        run,
        name=agent.name,
        card=f"Have the agent {agent.name} do something, with its tools {held}.",
        effect=Effect.WRITE,
        retries=0,
        timeout=_AGENT_SECONDS,
    )
