"""`prudent serve`: models over the OpenAI HTTP API, to this machine alone unless told otherwise."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from prudent.cli.waiting import Waiting

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. [default: 127.0.0.1]")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; 0 takes a free one. [default: 8080]")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Model of requests that name none.")
    ] = None,
    policy: Annotated[str | None, typer.Option(help="Policy of the checks: a name or a file.")] = None,
    api_key_file: Annotated[
        Path | None, typer.Option(help="File with the keys that clients must have, one a line.")
    ] = None,
    pull: Annotated[
        bool | None, typer.Option("--pull/--no-pull", help="Let a request fetch a model that is not here.")
    ] = None,
    agent: Annotated[
        list[str] | None,
        typer.Option(help="Offer this at /v1/agents: a recipe, or module:name of an agent; again for each."),
    ] = None,
    allow_remote: Annotated[
        bool | None, typer.Option("--allow-remote", help="Listen beyond this machine without a key.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print {url, model} on stdout when the model is ready.")
    ] = False,
) -> None:
    """Serve models over the OpenAI HTTP API on this machine.

    Every setting can also come from the environment: --port is PRUDENT_PORT, and PRUDENT_API_KEYS holds
    keys, separated by commas. Ctrl-C or SIGTERM lets running answers end, then stops.
    """
    from prudent.catalog import Catalog
    from prudent.cli.agent_server import agent_app, offered_at
    from prudent.cli.keys import read_keys
    from prudent.cli.listening import bind, run, url_of
    from prudent.cli.waiting import Waiting
    from prudent.server.settings import Settings

    settings = Settings.from_env(
        host=host,
        port=port,
        model=model,
        policy=policy,
        pull=pull,
        allow_remote=allow_remote,
        api_keys=read_keys(api_key_file) if api_key_file else None,
    )
    settings.check_binding()
    settings = settings.model_copy(update={"model": Catalog.load().get(settings.model).id})
    waiting = Waiting()
    server = agent_app(offered_at(agent or ()), settings, progress=waiting)
    with bind(settings.host, settings.port) as listener:
        waiting.begin()
        try:
            run(server, listener, partial(_announce, settings.model, url_of(listener), waiting, as_json))
        finally:
            waiting.over()


def _announce(model: str, url: str, waiting: Waiting, as_json: bool) -> None:
    """Say where the server is, once its model answers."""
    waiting.over()
    if as_json:
        sys.stdout.write(json.dumps({"url": url, "model": model}) + "\n")
        sys.stdout.flush()
    sys.stderr.write(f"{model} is ready on {url} (OpenAI API: {url}/v1). Ctrl-C stops.\n")
    sys.stderr.flush()
