"""A server that offers agents: here the server, which knows no agent, and agents, which know none, meet.

    app = agent_app([agent, Recipe.load("triage.yaml")])

The agents ask the models of this very server, through its checks.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from prudent.errors import ConfigurationError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from prudent.server.settings import Settings
    from prudent_agents.agent import Agent
    from prudent_agents.recipes import Recipe

_MODULE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def agent_app(
    offered: Iterable[Agent | Recipe],
    settings: Settings | None = None,
    *,
    fixed: Mapping[str, Mapping[str, Any]] | None = None,
    **parts: Any,
) -> FastAPI:
    """The server's app with agents at /v1/agents. `fixed` are parameters by recipe, `parts` as `create_app`.

    Raises:
        ConfigurationError: two have the same name, or a recipe wants other checks than this server's.
    """
    import httpx
    from pydantic import SecretStr

    from prudent.client import AsyncClient
    from prudent.client.app_here import AppHere
    from prudent.client.transports import AsyncAppTransport
    from prudent.server.app import create_app
    from prudent.server.settings import Settings
    from prudent_agents.offering.runs import Offering
    from prudent_agents.recipes import Recipe

    settings, offered = settings or Settings.from_env(), list(offered)
    for one in offered:
        wanted = one.document.policy.checks if isinstance(one, Recipe) else None
        if wanted not in (None, settings.policy):
            raise ConfigurationError(
                f"The recipe {one.name} wants the checks '{wanted}', this server has '{settings.policy}'.",
                hint=f"Serve it with --policy {wanted}.",
                param="policy",
            )
    offering = Offering(offered, fixed=fixed)
    key = None
    if settings.api_keys:  # the agents' own, known to nobody else
        key = secrets.token_urlsafe(32)
        settings = settings.model_copy(update={"api_keys": (*settings.api_keys, SecretStr(key))})
    app = create_app(settings, agents=offering, **parts)
    http = httpx.AsyncClient(transport=AsyncAppTransport(lambda: app, AppHere(app)))
    offering.use(AsyncClient(api_key=key, http_client=http))
    return app


def offered_at(places: Sequence[str]) -> list[Agent | Recipe]:
    """What is named on the command line: a recipe's file, folder or name in the gallery, or `module:agent`.

    Raises:
        ConfigurationError, NotFoundError, RecipeError: there is none there, or it is wrong.
    """
    from prudent.cli.agent import agent_at
    from prudent_agents.recipes import Recipe

    return [agent_at(one) if _MODULE.fullmatch(one) else Recipe.load(one) for one in places]
