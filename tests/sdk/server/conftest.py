"""A server of scripted models: in this process, and on a socket; with checks that look for two words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest
from word_check import WordCheck

from prudent.client import Client
from prudent.client.transports import AppTransport
from prudent.server.settings import Settings
from prudent.testing import RunningServer, ScriptedModel, scripted_app
from prudent.types.content import Source
from prudent.types.safety import Action
from prudent_responsible_ai.pipeline import Pipeline
from prudent_responsible_ai.policy import AuditSettings, Policy, Rule

NO_AUDIT = AuditSettings(enabled=False)


def _words_pipeline() -> Pipeline:
    """Blocks `forbidden` and redacts `private`, on both sides."""
    rules = [Rule(check="forbidden", action=Action.BLOCK), Rule(check="private", action=Action.REDACT)]
    policy = Policy(
        name="words",
        version="1",
        audit=NO_AUDIT,
        rules=dict.fromkeys((Source.USER, Source.ASSISTANT), rules),
    )
    return Pipeline(policy, [WordCheck("forbidden"), WordCheck("private")])


@pytest.fixture
def no_checks() -> Pipeline:
    """A policy that checks nothing."""
    return Pipeline(Policy(name="off", version="1", audit=NO_AUDIT), [])


@pytest.fixture
def words() -> Pipeline:
    """Blocks `forbidden` and redacts `private`."""
    return _words_pipeline()


Serve = Callable[..., RunningServer]
Connect = Callable[..., Client]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server on a loopback socket; it is stopped after the test."""
    with ExitStack() as stack:

        def start(
            *models: ScriptedModel, pipeline: Pipeline | None = None, **settings: object
        ) -> RunningServer:
            app = scripted_app(*models, settings=Settings(**settings), pipeline=pipeline or _words_pipeline())
            return stack.enter_context(RunningServer(app))

        yield start


@pytest.fixture
def http() -> Iterator[Callable[..., httpx.Client]]:
    """An HTTP client of a server in this process."""
    with ExitStack() as stack:

        def connect(*models: ScriptedModel, **settings: object) -> httpx.Client:
            transport = AppTransport(
                lambda: scripted_app(*models, settings=Settings(**settings), pipeline=_words_pipeline())
            )
            return stack.enter_context(httpx.Client(transport=transport, base_url="http://localhost"))

        yield connect


@pytest.fixture
def connect(http: Callable[..., httpx.Client]) -> Connect:
    """A prudent client of a server in this process."""
    return lambda *models, **settings: Client(http_client=http(*models, **settings))
