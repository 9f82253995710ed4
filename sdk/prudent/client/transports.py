"""httpx transports to an ASGI app in this process that really stream. They know nothing of prudent's app.

httpx's own ASGITransport collects the whole body before it answers, is async only, and does not run the
lifespan. Here the app lives in a thread with its own event loop, for blocking and awaiting callers alike.
Each response has a bounded queue: a reader that is slow slows the app down, and a reader that stops
cancels it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, TypeVar

import httpx

from prudent.client.app_thread import AppThread, ASGIApp, Message

QUEUED_CHUNKS = 16

ResultT = TypeVar("ResultT")


class AppTransport(httpx.BaseTransport):
    """For httpx.Client. `make_app` is called in the app's thread at the first request."""

    def __init__(self, make_app: Callable[[], ASGIApp]) -> None:
        self._thread = AppThread(make_app)

    @property
    def thread(self) -> AppThread:
        """Where the app lives."""
        return self._thread

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request to the app; return when the response has started."""
        body = _pieces(request) or request.read()
        self._thread.start()
        call = _Call(self._thread, request, body)
        status, headers = _wait(self._thread, call.open(), call.read_timeout)
        return httpx.Response(status, headers=headers, stream=_SyncBody(self._thread, call))

    def close(self) -> None:
        """Shut the app down, cancelling what still runs."""
        self._thread.close()


class AsyncAppTransport(httpx.AsyncBaseTransport):
    """For httpx.AsyncClient (on asyncio). The app has its own loop, so any number of loops may use it.

    `thread` is that of another transport, whose owner closes it.
    """

    def __init__(self, make_app: Callable[[], ASGIApp], thread: AppThread | None = None) -> None:
        self._owned = thread is None
        self._thread = thread or AppThread(make_app)

    @property
    def thread(self) -> AppThread:
        """Where the app lives."""
        return self._thread

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request to the app; return when the response has started."""
        body = _pieces(request) or await request.aread()
        await asyncio.to_thread(self._thread.start)
        call = _Call(self._thread, request, body)
        status, headers = await _await(self._thread, call.open(), call.read_timeout)
        return httpx.Response(status, headers=headers, stream=_AsyncBody(self._thread, call))

    async def aclose(self) -> None:
        """Shut the app down, cancelling what still runs, where it is this transport's own."""
        if self._owned:
            await asyncio.to_thread(self._thread.close)


def _wait(thread: AppThread, work: Coroutine[Any, Any, ResultT], timeout: float | None) -> ResultT:
    future = thread.submit(work)
    try:
        return future.result(timeout)
    except TimeoutError as error:
        raise httpx.ReadTimeout("no data within the timeout") from error
    except concurrent.futures.CancelledError as error:
        raise httpx.ReadError("the client was closed") from error
    finally:
        future.cancel()  # no effect on a finished one


async def _await(thread: AppThread, work: Coroutine[Any, Any, ResultT], timeout: float | None) -> ResultT:
    future = thread.submit(work)
    try:
        async with asyncio.timeout(timeout):
            return await asyncio.wrap_future(future)
    except TimeoutError as error:
        raise httpx.ReadTimeout("no data within the timeout") from error
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise httpx.ReadError("the client was closed") from error
    finally:
        future.cancel()


class _SyncBody(httpx.SyncByteStream):
    def __init__(self, thread: AppThread, call: _Call) -> None:
        self._thread = thread
        self._call = call
        self._abandoned = weakref.finalize(self, call.abandon)
        self._abandoned.atexit = False

    def __iter__(self) -> Iterator[bytes]:
        while (chunk := _wait(self._thread, self._call.read(), self._call.read_timeout)) is not None:
            yield chunk

    def close(self) -> None:
        if self._abandoned.detach() and self._thread.running:
            _wait(self._thread, self._call.close(), None)


class _AsyncBody(httpx.AsyncByteStream):
    def __init__(self, thread: AppThread, call: _Call) -> None:
        self._thread = thread
        self._call = call
        self._abandoned = weakref.finalize(self, call.abandon)
        self._abandoned.atexit = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (chunk := await _await(self._thread, self._call.read(), self._call.read_timeout)) is not None:
            yield chunk

    async def aclose(self) -> None:
        if self._abandoned.detach() and self._thread.running:
            await asyncio.shield(_await(self._thread, self._call.close(), None))


class _Call:
    """One request in the app's loop: every method but `abandon` runs there."""

    def __init__(self, thread: AppThread, request: httpx.Request, body: bytes | Iterator[bytes]) -> None:
        self.read_timeout: float | None = request.extensions.get("timeout", {}).get("read")
        self._thread = thread
        self._scope = _scope(request)
        self._body: bytes | Iterator[bytes] | None = body
        self._task: asyncio.Task[None] | None = None
        self._closed = asyncio.Event()
        self._complete = False
        self._head: asyncio.Future[tuple[int, list[tuple[bytes, bytes]]]] | None = None
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(QUEUED_CHUNKS)
        self._error: BaseException | None = None

    async def open(self) -> tuple[int, list[tuple[bytes, bytes]]]:
        """Start the app on the request; return status and headers."""
        self._head = asyncio.get_running_loop().create_future()
        self._task = self._thread.serve(self._scope, self._receive, self._send)
        self._task.add_done_callback(self._ended)
        try:
            await asyncio.wait({self._head, self._task}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await self.close()
            raise
        if self._head.done():
            return self._head.result()
        raise httpx.RemoteProtocolError("the app ended without an answer") from self._error

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._error = None if task.cancelled() else task.exception()
        self._chunks.put_nowait(None)

    async def read(self) -> bytes | None:
        """Return the next piece of the body, or None at its end."""
        chunk = await self._chunks.get()
        self._room.release()
        if chunk is None and not self._complete:
            raise httpx.RemoteProtocolError("the app ended in mid-answer") from self._error
        return chunk

    async def close(self) -> None:
        """Tell the app that the reader has gone, and wait until it has ended."""
        self._closed.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def abandon(self) -> None:
        """From any thread: as `close`, without waiting. For a response that was dropped unread."""
        if self._task is not None and self._thread.running:
            self._thread.call_soon(self._task.cancel)

    async def _receive(self) -> Message:
        if isinstance(self._body, bytes):
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        if self._body is not None:
            # In a thread: the piece may have to be read from a file.
            piece = await asyncio.to_thread(next, self._body, None)
            if piece is None:
                self._body = None
            return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}
        await self._closed.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and self._head is not None:
            self._head.set_result((message["status"], list(message.get("headers", []))))
        elif message["type"] == "http.response.body":
            if body := message.get("body", b""):
                await self._room.acquire()
                self._chunks.put_nowait(body)
            if not message.get("more_body", False):
                self._complete = True


def _pieces(request: httpx.Request) -> Iterator[bytes] | None:
    """A body that is made piece by piece, as one with a file is; None where it is there as a whole."""
    stream = request.stream
    if isinstance(stream, httpx.SyncByteStream) and not isinstance(stream, httpx.ByteStream):
        return iter(stream)
    return None


def _scope(request: httpx.Request) -> Message:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.split(b"?")[0],
        "query_string": url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": (url.host, url.port),
        "client": None,
    }
