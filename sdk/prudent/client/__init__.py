"""The typed client: over HTTP, or with the server in this process. Only `local` imports the server."""

from __future__ import annotations

from prudent.client.clients import AsyncClient, Client
from prudent.client.stream import AsyncStream, Stream

__all__ = ["AsyncClient", "AsyncStream", "Client", "Stream"]
