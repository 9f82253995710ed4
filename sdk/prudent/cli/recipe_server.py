"""Runs a served recipe on the loopback address until Ctrl-C. What is served is prudent_agents.recipes'."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from prudent.errors import ConfigurationError

if TYPE_CHECKING:
    from prudent_agents.recipes import Recipe

HOST = "127.0.0.1"


def serve_recipe(recipe: Recipe, fixed: Mapping[str, Any], *, port: int, base_url: str | None) -> None:
    """Serve a recipe.

    Raises:
        ConfigurationError: the port is taken, or a fixed parameter is unknown.
    """
    import uvicorn

    from prudent.client import Client
    from prudent_agents.recipes.parameters import read_value
    from prudent_agents.recipes.problems import nearest
    from prudent_agents.recipes.serving import recipe_app

    parameters = recipe.document.parameters
    for name, value in fixed.items():
        if name not in parameters:
            raise ConfigurationError(f"There is no parameter '{name}'.", hint=nearest(name, parameters))
        problem, _ = read_value(parameters[name], value)
        if problem:
            raise ConfigurationError(f"{name}: {problem}")
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except OSError as error:
        listening.close()
        raise ConfigurationError(f"The port {port} is taken.", hint="Name another with --port.") from error
    policy = None if base_url else recipe.document.policy.checks
    with Client(base_url, policy=policy) as client:
        typer.echo(f"{recipe.name}: http://{HOST}:{listening.getsockname()[1]}", err=True)
        config = uvicorn.Config(
            recipe_app(recipe, fixed=fixed, client=client), log_level="warning", access_log=False
        )
        uvicorn.Server(config).run(sockets=[listening])
