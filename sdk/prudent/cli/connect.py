"""The client of a command: to a server where one is named, else with the model in this process."""

from __future__ import annotations

import httpx

from prudent.client import Client
from prudent.types.progress import ProgressListener


def open_client(
    base_url: str | None, *, model: str | None, policy: str | None, progress: ProgressListener
) -> Client:
    """Return a client; in this process it tells `progress` of fetching, compiling and loading.

    There it waits without a limit: a slow line may bring a model for an hour, and Ctrl-C is there.

    Raises:
        ConfigurationError: a policy was given for a server, which has its own.
    """
    if base_url:
        return Client(base_url, model=model, policy=policy)
    return Client(model=model, policy=policy, progress=progress, timeout=httpx.Timeout(None))
