"""`prudent mcp`: offer tools to other programs, and look at and trust the tools of theirs.

It knows no protocol: prudent_agents.mcp does. When it serves over pipes nothing else is written to stdout.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prudent.errors import ConfigurationError

if TYPE_CHECKING:
    from prudent_agents.mcp import McpServer
    from prudent_agents.tool import Tool

app = typer.Typer(
    help="Offer tools over MCP, and trust those of other servers.",
    rich_markup_mode=None,
    add_completion=False,
)

Name = Annotated[str, typer.Argument(help="What the server is called here.")]
Command = Annotated[list[str] | None, typer.Argument(help="The command that starts it, after --.")]
Url = Annotated[str | None, typer.Option(help="Its address, instead of a command.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback(invoke_without_command=True)
def serve(
    context: typer.Context,
    place: Annotated[
        str | None,
        typer.Option(
            "--app", help="Tools or an agent to offer, as module:name; the module is found from here."
        ),
    ] = None,
    root: Annotated[
        Path | None, typer.Option(help="A folder whose images and recordings may be read, and written.")
    ] = None,
    bare: Annotated[
        bool, typer.Option("--bare", help="Offer only what --app names, none of prudent's capabilities.")
    ] = False,
    http: Annotated[
        int | None, typer.Option(help="Serve HTTP on this port of this machine, instead of pipes.")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(help="Use this server instead of models in this process.")
    ] = None,
) -> None:
    """Offer tools over MCP, and trust those of other servers."""
    if context.invoked_subcommand is not None:
        return
    _need_extra()
    from prudent_agents.mcp.capabilities import capabilities
    from prudent_agents.mcp.server import tools_at

    offered = tools_at(place) if place else []
    if not bare:
        own = {tool.name for tool in offered}
        offered += [tool for tool in capabilities(root) if tool.name not in own]
    if not offered:
        raise ConfigurationError("There is nothing to offer.", hint="Name tools with --app.")
    asyncio.run(_serve(offered, http, base_url))


async def _serve(offered: list[Tool], port: int | None, base_url: str | None) -> None:
    from prudent.client import AsyncClient
    from prudent_agents.mcp.server import mcp_server, serve_http, serve_stdio

    async with AsyncClient(base_url) as client:
        server = mcp_server(offered, client)
        if port is None:
            await serve_stdio(server)
        else:
            typer.echo(f"http://127.0.0.1:{port}/mcp", err=True)
            await serve_http(server, port)


@app.command()
def trust(name: Name, command: Command = None, url: Url = None, as_json: Json = False) -> None:
    """Consent to a server's tools as they are now; a change will be an error until this is done again."""
    with _server(name, command, url, consent=True) as server:
        _list(server, as_json)
    typer.echo(f"These {len(server.tools)} tools of {name} are trusted as they stand.", err=True)


@app.command()
def tools(name: Name, command: Command = None, url: Url = None, as_json: Json = False) -> None:
    """List a server's tools; the first time they are pinned, later a change is an error."""
    with _server(name, command, url, consent=False) as server:
        _list(server, as_json)


def _server(name: str, command: list[str] | None, url: str | None, *, consent: bool) -> McpServer:
    _need_extra()
    from prudent_agents.mcp import McpServer

    return McpServer(name, command=command or (), url=url, consent=consent)


def _list(server: McpServer, as_json: bool) -> None:
    if as_json:
        listed = [
            {"name": one.name, "card": one.card, "effect": one.effect, "parameters": one.parameters}
            for one in server.tools
        ]
        typer.echo(json.dumps(listed, ensure_ascii=False, indent=2))
        return
    for one in server.tools:
        typer.echo(f"{one.name}  {one.effect}  {one.card}")


def _need_extra() -> None:
    import importlib.util

    if importlib.util.find_spec("mcp") is None:
        raise ConfigurationError("MCP needs the extra `mcp`.", hint="Install it: pip install 'prudent[mcp]'.")
