"""A WebSocket to an ASGI app in this process, without a network. Knows nothing of what is said through it.

As over a network, whoever sends faster than the app takes has to wait, and the app waits for who reads.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

import httpx

from prudent.client.app_thread import AppThread, Message
from prudent.client.exchange import error_from_body
from prudent.errors import ConnectionFailedError, PrudentError, RequestTimeoutError

QUEUED_MESSAGES = 16

ResultT = TypeVar("ResultT")


class _Conversation:
    """One WebSocket in the app's loop: every method runs there."""

    def __init__(self, thread: AppThread, url: httpx.URL, headers: Mapping[str, str]) -> None:
        self._thread = thread
        self._scope = _scope(url, headers)
        self._task: asyncio.Task[None] | None = None
        self._to_app: asyncio.Queue[Message] = asyncio.Queue(QUEUED_MESSAGES)
        self._from_app: asyncio.Queue[Message] = asyncio.Queue(QUEUED_MESSAGES)

    async def open(self) -> None:
        """Ask the app for the socket. Raises PrudentError: what it answered instead."""
        self._to_app.put_nowait({"type": "websocket.connect"})
        self._task = self._thread.serve(self._scope, self._to_app.get, self._from_app.put)
        answer = await self._next()
        if answer is None or answer["type"] == "websocket.close":
            raise ConnectionFailedError("The app refused the socket.")
        if answer["type"] == "websocket.http.response.start":
            body = await self._next() or {}
            raise _refused(int(answer["status"]), body.get("body", b""))

    async def send(self, message: bytes | str) -> None:
        kind = "bytes" if isinstance(message, bytes) else "text"
        await self._or_end(self._to_app.put({"type": "websocket.receive", kind: message}))

    async def receive(self) -> str | None:
        message = await self._next()
        return None if message is None or message["type"] == "websocket.close" else str(message["text"])

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _next(self) -> Message | None:
        """The app's next message; None where it has ended."""
        if not self._from_app.empty():
            return self._from_app.get_nowait()
        await self._or_end(asyncio.sleep(0))
        getting = asyncio.ensure_future(self._from_app.get())
        assert self._task is not None
        await asyncio.wait({getting, self._task}, return_when=asyncio.FIRST_COMPLETED)
        if getting.done():
            return getting.result()
        getting.cancel()
        return None if self._from_app.empty() else self._from_app.get_nowait()

    async def _or_end(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it, unless the app ends first: then nobody takes anything any more."""
        assert self._task is not None
        working = asyncio.ensure_future(work)
        try:
            await asyncio.wait({working, self._task}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise ConnectionFailedError("The socket is closed.")
        finally:
            working.cancel()


class AppSocket:
    """A blocking WebSocket to an app in this process."""

    def __init__(
        self, thread: AppThread, url: httpx.URL, headers: Mapping[str, str], timeout: httpx.Timeout
    ) -> None:
        """Connect. Raises PrudentError: what the app answered instead."""
        thread.start()
        self._thread = thread
        self._timeout = timeout.read
        self._conversation = _Conversation(thread, url, headers)
        self._run(self._conversation.open(), self._timeout)

    def send(self, message: bytes | str) -> None:
        """See `Socket`."""
        self._run(self._conversation.send(message), None)

    def receive(self) -> str | None:
        """See `Socket`."""
        return self._run(self._conversation.receive(), self._timeout)

    def close(self) -> None:
        """See `Socket`."""
        if self._thread.running:
            self._run(self._conversation.close(), None)

    def _run(self, work: Coroutine[Any, Any, ResultT], timeout: float | None) -> ResultT:
        future = self._thread.submit(work)
        try:
            return future.result(timeout)
        except TimeoutError as error:
            raise RequestTimeoutError("The app said nothing in time.") from error
        finally:
            future.cancel()


class AsyncAppSocket:
    """An awaited WebSocket to an app in this process; the app has a loop of its own."""

    def __init__(self, thread: AppThread, conversation: _Conversation, timeout: float | None) -> None:
        """See `connect`."""
        self._thread = thread
        self._conversation = conversation
        self._timeout = timeout

    @classmethod
    async def connect(
        cls, thread: AppThread, url: httpx.URL, headers: Mapping[str, str], timeout: httpx.Timeout
    ) -> AsyncAppSocket:
        """Connect. Raises PrudentError: what the app answered instead."""
        await asyncio.to_thread(thread.start)
        socket = cls(thread, _Conversation(thread, url, headers), timeout.read)
        await socket._run(socket._conversation.open(), socket._timeout)
        return socket

    async def send(self, message: bytes | str) -> None:
        """See `Socket`."""
        await self._run(self._conversation.send(message), None)

    async def receive(self) -> str | None:
        """See `Socket`."""
        return await self._run(self._conversation.receive(), self._timeout)

    async def close(self) -> None:
        """See `Socket`."""
        if self._thread.running:
            await self._run(self._conversation.close(), None)

    async def _run(self, work: Coroutine[Any, Any, ResultT], timeout: float | None) -> ResultT:
        future = self._thread.submit(work)
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise RequestTimeoutError("The app said nothing in time.") from error
        finally:
            future.cancel()


def _refused(status: int, body: bytes) -> PrudentError:
    try:
        parsed: Any = json.loads(body)
    except ValueError:
        parsed = None
    return error_from_body(parsed, status=status)


def _scope(url: httpx.URL, headers: Mapping[str, str]) -> Message:
    named = {"host": url.host, **headers}
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": url.path,
        "raw_path": url.raw_path.split(b"?")[0],
        "query_string": url.query,
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in named.items()],
        "server": (url.host, url.port),
        "client": None,
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}},
    }
