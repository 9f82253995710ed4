"""Answers event by event, and what happens when the reader goes away. Knows no capability.

Memory is bounded on both sides of a reader that stops: the socket's buffer by the server, what waits
behind it by the tokens that one answer can have. Such a reader is given `write_timeout` seconds.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import aclosing
from typing import Any, Generic, Protocol, TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from prudent.errors import PrudentError
from prudent.server.errors import error_body, internal_error

ResultT = TypeVar("ResultT")
ItemT = TypeVar("ItemT")
ItemCoT = TypeVar("ItemCoT", covariant=True)

logger = logging.getLogger("prudent.server")


class ClientGoneError(Exception):
    """The client closed the connection before its answer was complete. Nobody is left to be told."""


async def until_disconnect(receive: Receive, work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Do the work; cancel it, and wait until it has ended, when the client goes away.

    Raises:
        ClientGoneError: it did. What the work raises comes through as it is.
    """
    task = asyncio.create_task(work)
    watcher = asyncio.create_task(_disconnect(receive))
    try:
        await asyncio.wait({task, watcher}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientGoneError
    finally:
        watcher.cancel()
        task.cancel()
        await asyncio.wait({task, watcher})
        if not task.cancelled():
            task.exception()  # nobody is left to be told; asyncio would log it as forgotten


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class Events(Protocol[ItemCoT]):
    """Items with an end that can be brought about."""

    def __aiter__(self) -> AsyncIterator[ItemCoT]:
        """The items."""
        ...

    def aclose(self) -> Awaitable[None]:
        """Stop whatever makes the items."""
        ...


class EventStream(Response, Generic[ItemT]):
    """A text/event-stream of JSON objects, closed by `[DONE]`.

    The first item is there already: an error before it became the status of the answer. An error after it
    becomes an event with an error body, so that every stream has a last word.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        first: ItemT,
        rest: Events[ItemT],
        encode: Callable[[ItemT], Mapping[str, Any]],
        *,
        write_timeout: float,
        request_id: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        fixed = {"cache-control": "no-cache", "x-accel-buffering": "no"}
        super().__init__(headers={**(headers or {}), **fixed})
        del self.headers["content-length"]
        self._first = first
        self._rest = rest
        self._encode = encode
        self._write_timeout = write_timeout
        self._request_id = request_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events until they end or the client goes away; then close their source."""
        del scope
        try:
            async with aclosing(self._rest):
                await until_disconnect(receive, self._write(send))
        except ClientGoneError:
            logger.info("%s the client closed the stream", self._request_id)
        except TimeoutError:
            logger.warning("%s the client read nothing for %g s", self._request_id, self._write_timeout)

    async def _write(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for line in self._lines():
            async with asyncio.timeout(self._write_timeout):
                await send({"type": "http.response.body", "body": line, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _lines(self) -> AsyncGenerator[bytes]:
        yield encode_event(self._encode(self._first))
        try:
            async for item in self._rest:
                yield encode_event(self._encode(item))
        except PrudentError as error:
            yield encode_event(error_body(error))
        except Exception as error:  # noqa: BLE001 the status is already sent: say it in the stream
            yield encode_event(error_body(internal_error(error, self._request_id)))
        yield b"data: [DONE]\n\n"


def encode_event(event: Mapping[str, Any]) -> bytes:
    """Write one event. JSON has no raw line breaks, so one data line is enough."""
    return b"data: " + json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"
