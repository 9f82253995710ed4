"""A client of the real server in this process, with the default policy and the real encoder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from prudent.client import Client
from prudent.client.transports import AppTransport
from prudent.server.app import create_app
from prudent.server.settings import Settings
from prudent_responsible_ai.audit import AuditLog


@pytest.fixture(scope="session")
def e5_client(e5_artifact: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The client. `e5_artifact` has seen to it that the model is compiled."""
    audit = AuditLog(Path(tmp_path_factory.mktemp("audit")) / "audit.db", key=b"k" * 32)
    settings = Settings(preload=False)
    with httpx.Client(transport=AppTransport(lambda: create_app(settings, audit=audit)), timeout=120) as http:
        yield Client(http_client=http)
