"""The outermost layers of the app: request ids, the last resort for exceptions, and the size of bodies.

They are ASGI middlewares around the whole app, so that a route added later is covered without anybody
remembering. They know no route.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from prudent.errors import InvalidRequestError, PrudentError, RequestTooLargeError
from prudent.server.errors import error_response, internal_error

REQUEST_ID = "x-request-id"
LINGER_S = 5.0
"""How long a body that is refused for its size is read and thrown away, so that the client, still sending,
gets to see the answer rather than a reset connection."""

FORM = "multipart/form-data"

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

logger = logging.getLogger("prudent.server")


class RequestContext:
    """Gives each request an id (the client's, where it is a plain one); turns exceptions into answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = given if _GIVEN_ID.fullmatch(given) else f"req-{uuid.uuid4().hex}"
        scope.setdefault("state", {})["request_id"] = request_id
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        status, started = 0, time.monotonic()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception as error:  # noqa: BLE001 the last resort: a fault of ours becomes a 500, never a crash
            known = error if isinstance(error, PrudentError) else internal_error(error, request_id)
            if status == 0:
                await error_response(known)(scope, receive, send_with_id)
        finally:
            took = (time.monotonic() - started) * 1000
            logger.info("%s %s %r %d %.0f ms", request_id, scope["method"], scope["path"][:200], status, took)


@dataclass(frozen=True, slots=True)
class BodyBounds:
    """Bytes and seconds that a body may have, and the settings of the server that say so."""

    limit: int
    timeout: float
    limit_setting: str = "max_body_bytes"
    timeout_setting: str = "body_timeout"

    def too_large(self) -> RequestTooLargeError:
        """The error of a body over the limit."""
        return RequestTooLargeError(
            f"The body is larger than {self.limit} bytes.",
            hint=f"The server's setting {self.limit_setting} allows more.",
        )

    def too_slow(self) -> InvalidRequestError:
        """The error of a body that takes too long."""
        return InvalidRequestError(
            f"The body did not arrive within {self.timeout:.0f} seconds.",
            hint=f"The server's setting {self.timeout_setting} allows longer.",
        )


class BodyLimit:
    """Refuses a body over the limit while it comes in, with or without a Content-Length, and a slow one.

    Forms with files have bounds of their own.
    """

    def __init__(self, app: ASGIApp, *, bounds: BodyBounds, uploads: BodyBounds) -> None:
        self._app = app
        self._bounds = bounds
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        is_form = headers.get("content-type", "").lower().startswith(FORM)
        bounds = self._uploads if is_form else self._bounds
        declared = headers.get("content-length", "")
        too_large = declared.isdigit() and (len(declared) > 18 or int(declared) > bounds.limit)
        deadline = time.monotonic() + bounds.timeout
        taken, complete = 0, False

        async def limited() -> Message:
            nonlocal taken, complete
            if complete:
                return await receive()  # only the disconnect is left to hear of
            if too_large and "expect" in headers:
                raise bounds.too_large()  # the client waits for a go-ahead and has sent nothing
            message = await _before(deadline, receive, bounds)
            taken += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if taken > bounds.limit or too_large:
                if not complete:
                    await _discard(receive)
                complete = True
                raise bounds.too_large()
            return message

        await self._app(scope, limited, send)


async def _before(deadline: float, receive: Receive, bounds: BodyBounds) -> Message:
    try:
        async with asyncio.timeout(deadline - time.monotonic()):
            return await receive()
    except TimeoutError:
        raise bounds.too_slow() from None


async def _discard(receive: Receive) -> None:
    try:
        async with asyncio.timeout(LINGER_S):
            while (message := await receive())["type"] == "http.request" and message.get("more_body", False):
                pass
    except TimeoutError:
        return
