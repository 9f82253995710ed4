"""Streamed answers: events of an open response as typed objects. Knows no particular capability.

A stream owns its response. Leaving the `with` block, closing, or reading to the end closes it, and a
closed response cancels the generation behind it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, cast

import httpx
from pydantic import BaseModel, ValidationError

from prudent.client.drivers import failure
from prudent.client.exchange import error_from_body
from prudent.client.sse import EventDecoder, ServerEvent
from prudent.errors import ConnectionFailedError

EventT = TypeVar("EventT", bound=BaseModel)

END_OF_STREAM = "[DONE]"


class Stream(Generic[EventT]):
    """An answer in pieces: iterate over it.

    Iterating raises PrudentError where the server reports a fault in mid-answer, and
    ConnectionFailedError where the connection ends before the answer does.
    """

    def __init__(self, response: httpx.Response, event: type[EventT]) -> None:
        self._response = response
        self._event = event
        self._events = self._read()

    @property
    def request_id(self) -> str | None:
        """The server's id of this request, for its log and audit."""
        return self._response.headers.get("x-request-id")

    def __iter__(self) -> Iterator[EventT]:
        return self

    def __next__(self) -> EventT:
        return next(self._events)

    def _read(self) -> Iterator[EventT]:
        decoder = EventDecoder()
        try:
            for chunk in self._response.iter_bytes():
                for event in decoder.feed(chunk):
                    if event.data == END_OF_STREAM:
                        return
                    yield parse_event(event, self._event, self.request_id)
            raise _cut_short(self.request_id)
        except httpx.TransportError as error:
            raise failure(error, received=True).error from error
        finally:
            self._response.close()

    def close(self) -> None:
        """Stop. The server stops generating within one step."""
        self._response.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncStream(Generic[EventT]):
    """An answer in pieces: iterate over it with `async for`. Raises what Stream raises."""

    def __init__(self, response: httpx.Response, event: type[EventT]) -> None:
        self._response = response
        self._event = event
        self._events = self._read()

    @property
    def request_id(self) -> str | None:
        """The server's id of this request, for its log and audit."""
        return self._response.headers.get("x-request-id")

    def __aiter__(self) -> AsyncIterator[EventT]:
        return self

    async def __anext__(self) -> EventT:
        return await anext(self._events)

    async def _read(self) -> AsyncIterator[EventT]:
        decoder = EventDecoder()
        try:
            async for chunk in self._response.aiter_bytes():
                for event in decoder.feed(chunk):
                    if event.data == END_OF_STREAM:
                        return
                    yield parse_event(event, self._event, self.request_id)
            raise _cut_short(self.request_id)
        except httpx.TransportError as error:
            raise failure(error, received=True).error from error
        finally:
            await self._response.aclose()

    async def close(self) -> None:
        """Stop. The server stops generating within one step."""
        await self._response.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def parse_event(event: ServerEvent, kind: type[EventT], request_id: str | None) -> EventT:
    """Read one event, or raise the error that it carries."""
    try:
        body: Any = json.loads(event.data)
        if isinstance(body, dict) and "error" in body:
            raise error_from_body(cast("dict[str, Any]", body), status=None, request_id=request_id)
        return kind.model_validate(body)
    except (ValueError, RecursionError, ValidationError) as error:
        raise ConnectionFailedError(
            f"The server sent an event that is not a {kind.__name__}.", request_id=request_id
        ) from error


def _cut_short(request_id: str | None) -> ConnectionFailedError:
    return ConnectionFailedError("The answer ended before it was complete.", request_id=request_id)
