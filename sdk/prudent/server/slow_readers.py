"""A connection whose reader has stopped is cut: a polite close would wait for the reader for ever.

uvicorn's own protocol, with a clock beside it while the socket takes no more. Knows no request.
"""

from __future__ import annotations

import asyncio
from typing import cast

from uvicorn.protocols.http.auto import AutoHTTPProtocol


def protocol_that_gives_up(after: float) -> type[asyncio.Protocol]:
    """uvicorn's HTTP protocol, cutting a connection that has taken nothing for `after` seconds."""

    class GivingUpProtocol(AutoHTTPProtocol):
        _transport: asyncio.Transport | None = None
        _clock: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self._transport = cast("asyncio.Transport", transport)
            super().connection_made(transport)

        def pause_writing(self) -> None:
            super().pause_writing()
            if self._transport is not None:
                self._clock = asyncio.get_running_loop().call_later(after, self._transport.abort)

        def resume_writing(self) -> None:
            self._stop_clock()
            super().resume_writing()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_clock()
            super().connection_lost(exc)

        def _stop_clock(self) -> None:
            if self._clock is not None:
                self._clock.cancel()
                self._clock = None

    return GivingUpProtocol
