"""Another server's tools as Tools, over a pipe or HTTP. Knows no agent; definitions are in definitions.py.

The connection lives in a thread with a loop of its own, so that the same tools serve agents in any loop.
"""

from __future__ import annotations

import asyncio
import importlib.util
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from prudent.errors import ConfigurationError, PrudentError
from prudent_agents.errors import ToolError
from prudent_agents.labels import Confidentiality
from prudent_agents.mcp.definitions import Terms, definition_of, result_of, tool_from
from prudent_agents.mcp.pins import Pins
from prudent_agents.tool import Effect, Tool

if TYPE_CHECKING:
    import mcp
    import mcp_types as wire

CONNECT_SECONDS = 60.0
_NO_ANSWER = f"it did not answer within {CONNECT_SECONDS:g} s"
MOST_TOOLS = 500


class McpServer:
    """A server whose tools are used. A context manager: `tools` are there inside it.

    `command` starts a server and speaks to it by its pipes; `url` is one of Streamable HTTP, sent `headers`.
    `env` adds to the few variables that a started server sees. `consent` takes tools that have changed or
    are new. `trusted`, `confidentiality`, `timeout` (seconds) and `effects` (by tool) are as for `Tool`;
    without `effects` a tool's own hints say whether it reads, and one without hints writes. `server` is one
    in this process.
    """

    def __init__(
        self,
        name: str,
        *,
        command: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        url: str | None = None,
        headers: Mapping[str, str] | None = None,
        server: Any = None,
        consent: bool = False,
        trusted: bool = False,
        confidentiality: Confidentiality = Confidentiality.PUBLIC,
        timeout: float = 60.0,
        effects: Mapping[str, Effect | str] | None = None,
        pins: Path | None = None,
    ) -> None:
        """Raises ConfigurationError where not exactly one way to reach it is given, or without the extra."""
        if (bool(command), url is not None, server is not None).count(True) != 1:
            raise ConfigurationError(
                f"The MCP server {name} needs either a command or a URL.", hint='command=["notes-server"]'
            )
        if importlib.util.find_spec("mcp") is None:
            raise ConfigurationError(
                "MCP needs the extra `mcp`.", hint="Install it: pip install 'prudent[mcp]'."
            )
        self.name = name
        self.tools: tuple[Tool, ...] = ()
        self._reach = (tuple(command), env, url, headers, server)
        self._terms = Terms(name, trusted, confidentiality, timeout, effects)
        self._pins, self._consent = Pins(name, pins), consent
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._client: mcp.Client | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Connect and hold the tools against their pins.

        Raises:
            ToolError: the server cannot be reached, or does not answer within 60 s.
            DefinitionChangedError: its tools are not those that were consented to.
        """
        ready: Future[tuple[Tool, ...]] = Future()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._live(ready)), name=f"mcp {self.name}", daemon=True
        )
        self._thread.start()
        try:
            self.tools = ready.result(CONNECT_SECONDS)
        except PrudentError:
            self.close()
            raise
        except Exception as error:
            self.close()
            raise ToolError(
                f"The MCP server {self.name} cannot be reached: {str(_leaf(error)) or _NO_ANSWER}.",
                hint="Check the command or the URL.",
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the server; one that was started ends."""
        if self._loop is not None and self._stop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread is not None:
            self._thread.join(CONNECT_SECONDS)

    async def _live(self, ready: Future[tuple[Tool, ...]]) -> None:
        """Hold the connection until it is to end; everything of it happens in this task and its loop."""
        import mcp

        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with mcp.Client(self._transport(), read_timeout_seconds=self._terms.timeout) as client:
                self._client = client
                listed = await self._listed(client)
                self._pins.check({tool.name: definition_of(tool) for tool in listed}, consent=self._consent)
                ready.set_result(tuple(self._tool(tool) for tool in listed))
                await self._stop.wait()
        except BaseException as error:  # noqa: BLE001 - told to who waits
            if not ready.done():
                ready.set_exception(_leaf(error))
        finally:
            self._client = None

    def _transport(self) -> Any:
        """What the mcp package connects to."""
        command, env, url, headers, server = self._reach
        if server is not None:
            return server
        if url is not None:
            import httpx2
            from mcp.client.streamable_http import streamable_http_client

            http = httpx2.AsyncClient(headers=dict(headers or {}), timeout=self._terms.timeout)
            return streamable_http_client(url, http_client=http)
        import mcp

        return mcp.StdioServerParameters(command=command[0], args=list(command[1:]), env=dict(env or {}))

    async def _listed(self, client: mcp.Client) -> list[wire.Tool]:
        found: list[wire.Tool] = []
        cursor: str | None = None
        while True:
            page = await client.list_tools(cursor=cursor)
            found += page.tools
            cursor = page.next_cursor
            if len(found) > MOST_TOOLS:
                raise ToolError(f"The MCP server {self.name} has more than {MOST_TOOLS} tools.")
            if not cursor:
                return found

    def _tool(self, definition: wire.Tool) -> Tool:
        async def call(**arguments: Any) -> Any:
            if self._client is None or self._loop is None:
                raise ToolError(f"The MCP server {self.name} is not connected.")
            asked = asyncio.run_coroutine_threadsafe(
                self._client.call_tool(definition.name, arguments), self._loop
            )
            result = await asyncio.wrap_future(asked)
            return result_of(f"{self.name}.{definition.name}", result, self._terms)

        return tool_from(definition, self._terms, call)


def _leaf(error: BaseException) -> BaseException:
    """The first error inside of groups of them."""
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return error
