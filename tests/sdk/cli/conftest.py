"""A server with a scripted model for the commands to talk to, and the commands themselves as processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Generator

import pytest

from prudent.server.settings import Settings
from prudent.testing import RunningServer, ScriptedModel, scripted_app


@pytest.fixture
def serve() -> Generator[Callable[..., str]]:
    """Start a server over a scripted model; give its URL. It stops with the test."""
    running: list[RunningServer] = []

    def start(*models: ScriptedModel, policy: str = "default") -> str:
        server = RunningServer(scripted_app(*models, settings=Settings(policy=policy, preload=False)))
        running.append(server.__enter__())
        return server.base_url

    yield start
    for server in running:
        server.__exit__(None, None, None)


@pytest.fixture
def prudent() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command with text on stdin, as a shell would in a pipe."""

    def run(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "prudent", *arguments],
            input=stdin,
            env=_clean_environment() | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def _clean_environment() -> dict[str, str]:
    """This process's environment without settings that would change what a command does."""
    ours = ("PRUDENT_BASE_URL", "PRUDENT_MODEL", "PRUDENT_POLICY", "PRUDENT_API_KEY", "PRUDENT_DEBUG")
    return {name: value for name, value in os.environ.items() if name not in ours}
