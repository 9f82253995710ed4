"""A server of the real SmolLM2 on a loopback socket, with the default policy; and OpenAI's own client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import OpenAI

from prudent.runtime.artifact import DecoderArtifact
from prudent.server.app import create_app
from prudent.server.settings import Settings
from prudent.testing import RunningServer
from prudent_responsible_ai.audit import AuditLog

SMOL = "smollm2-135m-instruct"


@pytest.fixture(scope="package")
def server(
    smol_artifact: DecoderArtifact, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """The server. `smol_artifact` has seen to it that the model is compiled."""
    audit = AuditLog(Path(tmp_path_factory.mktemp("audit")) / "audit.db", key=b"k" * 32)
    app = create_app(Settings(model=SMOL, context=1024, slots=4, threads=2), audit=audit)
    with RunningServer(app) as running:
        yield running


@pytest.fixture(scope="package")
def openai(server: RunningServer) -> Iterator[OpenAI]:
    """The official client."""
    with OpenAI(base_url=f"{server.base_url}/v1", api_key="unused", timeout=120, max_retries=0) as client:
        yield client
