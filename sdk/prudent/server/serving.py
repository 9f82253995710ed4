"""uvicorn, stopping so that every answer in progress has a last word. Knows no socket and no route."""

from __future__ import annotations

import asyncio
import logging
import socket

import uvicorn
from fastapi import FastAPI

from prudent.server.guard import Guard
from prudent.server.routes.audio_stream import LONGEST_MESSAGE
from prudent.server.settings import Settings
from prudent.server.slow_readers import protocol_that_gives_up

LAST_WORDS_S = 5
"""How long answers that were ended by force have to write their last event."""

GRACE_S = 1.0
"""After the stream itself has given its reader up, and said so in the log."""

logger = logging.getLogger("prudent.server")


def _is_a_fault(record: logging.LogRecord) -> bool:
    """uvicorn takes a WebSocket that was refused with an answer for one that was forgotten."""
    return record.msg != "ASGI callable returned without completing handshake."


class DrainingServer(uvicorn.Server):
    """A server for an app of `create_app`.

    When it is told to stop it refuses new requests, gives running answers `drain_timeout` seconds to end,
    and ends the rest with an error that says why. A second signal does not wait.
    """

    def __init__(self, app: FastAPI) -> None:
        self._guard: Guard = app.state.guard
        self._settings: Settings = app.state.settings
        logging.getLogger("uvicorn.error").addFilter(_is_a_fault)
        super().__init__(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                server_header=False,
                ws="websockets-sansio",
                ws_max_size=LONGEST_MESSAGE,
                http=protocol_that_gives_up(self._settings.write_timeout + GRACE_S),
                timeout_graceful_shutdown=LAST_WORDS_S,
            )
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain, then stop."""
        drained = asyncio.create_task(self._guard.drain(self._settings.drain_timeout))
        while not drained.done() and not self.force_exit:
            await asyncio.sleep(0.05)
        drained.cancel()
        await super().shutdown(sockets)
