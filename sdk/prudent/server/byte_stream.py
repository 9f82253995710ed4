"""An answer that is bytes, sent while they are made. Knows no capability.

Once the first bytes are out there is no way to say in words what went wrong: the connection is then cut, so
that nobody takes a part for the whole.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import aclosing

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from prudent.errors import PrudentError
from prudent.server.sse import ClientGoneError, Events, until_disconnect

logger = logging.getLogger("prudent.server")


class ByteStream(Response):
    """Bytes of a known type and an unknown number. The first are there already: an error before them became
    the status of the answer.
    """

    def __init__(
        self,
        first: bytes,
        rest: Events[bytes],
        *,
        media_type: str,
        write_timeout: float,
        request_id: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        fixed = {"cache-control": "no-cache", "x-accel-buffering": "no"}
        super().__init__(headers={**(headers or {}), **fixed}, media_type=media_type)
        del self.headers["content-length"]
        self._first = first
        self._rest = rest
        self._write_timeout = write_timeout
        self._request_id = request_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the bytes until they end or the client goes away; then close their source."""
        del scope
        try:
            async with aclosing(self._rest):
                await until_disconnect(receive, self._write(send))
        except ClientGoneError:
            logger.info("%s the client closed the stream", self._request_id)
        except TimeoutError:
            logger.warning("%s the client read nothing for %g s", self._request_id, self._write_timeout)
        except PrudentError as error:
            logger.warning("%s the answer was cut short: %s", self._request_id, error.code or error.type)

    async def _write(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await self._send(send, self._first)
        async for data in self._rest:
            await self._send(send, data)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, send: Send, data: bytes) -> None:
        async with asyncio.timeout(self._write_timeout):
            await send({"type": "http.response.body", "body": data, "more_body": True})
