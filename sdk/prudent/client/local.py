"""The server app for a client that has no server: the only module of the client that imports the server.

It is imported at the first request, so that a client of a remote server never loads a runtime.
"""

from __future__ import annotations

from prudent.client.app_thread import ASGIApp
from prudent.server.app import create_app
from prudent.server.settings import Settings
from prudent.types.progress import ProgressListener

NO_LIMIT = 2**62
"""For what comes from this process: it could read the file itself."""


def local_app(
    *, model: str | None = None, policy: str | None = None, progress: ProgressListener | None = None
) -> ASGIApp:
    """Make the app that an in-process client talks to: it may fetch models, and asks nobody for a key."""
    given = {name: value for name, value in (("model", model), ("policy", policy)) if value is not None}
    settings = Settings.from_env().model_copy(
        update={
            "api_keys": (),
            "pull": True,
            "preload": False,
            "max_body_bytes": NO_LIMIT,
            "max_upload_bytes": NO_LIMIT,
            **given,
        }
    )
    return create_app(settings, progress=progress)
