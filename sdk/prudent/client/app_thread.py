"""A thread with an event loop in which an ASGI app lives, lifespan included. Knows no HTTP client.

The thread is a daemon and its owner has a finalizer, so that a program may end without closing it: the
app is then shut down at exit all the same.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import threading
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, MutableMapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from prudent.errors import ConnectionFailedError, InternalError
from prudent.forking import fork_with_care

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Message, Receive, Send], Awaitable[None]]

ResultT = TypeVar("ResultT")

LONGEST_SHUTDOWN_S = 30.0


class AppThread:
    """Starts on first use; `close` ends it for good."""

    def __init__(self, make_app: Callable[[], ASGIApp]) -> None:
        self._lock = threading.Lock()
        self._state = _State(make_app)
        self._finalizer: Callable[[], object] | None = None
        self._closed = False

    def start(self) -> None:
        """Start the app if it is not running; return when it has started.

        Raises:
            PrudentError: whatever the app's factory or its lifespan raised; a later call tries again.
        """
        with self._lock:
            if self._closed:
                raise ConnectionFailedError("The client is closed.", hint="Make a new one.")
            if self._finalizer is not None:
                self._refuse_in_a_fork()
                return
            fork_with_care()
            started: concurrent.futures.Future[None] = concurrent.futures.Future()
            self._state.process = os.getpid()
            thread = threading.Thread(
                target=_main, args=(self._state, started), name="prudent-app", daemon=True
            )
            thread.start()
            started.result()
            self._finalizer = weakref.finalize(self, _stop, self._state, thread)

    @property
    def running(self) -> bool:
        """Whether the app has started and not ended, in this process."""
        return self._state.loop is not None and self._state.process == os.getpid()

    def serve(self, scope: Message, receive: Receive, send: Send) -> asyncio.Task[None]:
        """Start the app on one request; to be called in the app's loop. Cancelled when the app ends."""
        if self._state.app is None:
            raise InternalError("The app is not running.")
        app, scope = self._state.app, {**scope, "state": dict(self._state.shared)}

        async def run() -> None:
            await app(scope, receive, send)

        task = asyncio.create_task(run())
        self._state.requests.add(task)
        task.add_done_callback(self._state.requests.discard)
        return task

    def submit(self, work: Coroutine[Any, Any, ResultT]) -> concurrent.futures.Future[ResultT]:
        """Run a coroutine in the app's loop."""
        loop = self._state.loop
        try:
            self._refuse_in_a_fork()
            if loop is None:
                raise ConnectionFailedError("The client is closed.", hint="Make a new one.")
        except ConnectionFailedError:
            work.close()
            raise
        return asyncio.run_coroutine_threadsafe(work, loop)

    def call_soon(self, callback: Callable[[], object]) -> None:
        """Run a callback in the app's loop, where there still is one."""
        if (loop := self._state.loop) is not None:
            loop.call_soon_threadsafe(callback)

    def _refuse_in_a_fork(self) -> None:
        """A fork has the objects of its parent but not its threads: nobody would answer."""
        if self._state.process != os.getpid():
            raise ConnectionFailedError(
                "This client was used before the process forked.", hint="Make a new one after the fork."
            )

    def close(self) -> None:
        """Run the app's shutdown and wait for it. Requests that still run are cancelled.

        In a fork there is nothing to shut down: the app is its parent's.
        """
        if self._state.process not in (None, os.getpid()):
            self._closed = True
            return
        with self._lock:
            self._closed = True
            if self._finalizer is not None:
                self._finalizer()


class _State:
    """What the thread and its owner share; the thread must not hold the owner, or it would never end."""

    def __init__(self, make_app: Callable[[], ASGIApp]) -> None:
        self.make_app = make_app
        self.app: ASGIApp | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.process: int | None = None
        self.stop = asyncio.Event()
        self.requests: set[asyncio.Task[None]] = set()
        self.shared: dict[str, Any] = {}


def _main(state: _State, started: concurrent.futures.Future[None]) -> None:
    try:
        asyncio.run(_live(state, started))
    except BaseException as error:  # noqa: BLE001 handed to the thread that asked for the start
        if not started.done():
            started.set_exception(error)
    finally:
        state.loop = None


async def _live(state: _State, started: concurrent.futures.Future[None]) -> None:
    app = state.app = state.make_app()
    async with _lifespan(app, state.shared):
        state.loop = asyncio.get_running_loop()
        started.set_result(None)
        await state.stop.wait()
        state.loop = None
        for task in state.requests:
            task.cancel()


def _stop(state: _State, thread: threading.Thread) -> None:
    if (loop := state.loop) is not None:
        loop.call_soon_threadsafe(state.stop.set)
    thread.join(LONGEST_SHUTDOWN_S)


@asynccontextmanager
async def _lifespan(app: ASGIApp, shared: dict[str, Any]) -> AsyncGenerator[None]:
    """Run the app's lifespan around the block (https://asgi.readthedocs.io/en/latest/specs/lifespan.html)."""
    to_app: asyncio.Queue[Message] = asyncio.Queue()
    from_app: asyncio.Queue[Message] = asyncio.Queue()
    scope: Message = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": shared}

    async def run() -> None:
        await app(scope, to_app.get, from_app.put)

    task = asyncio.create_task(run())

    async def phase(name: str) -> None:
        to_app.put_nowait({"type": f"lifespan.{name}"})
        answer = asyncio.create_task(from_app.get())
        await asyncio.wait({answer, task}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            answer.cancel()
            task.result()  # raises what the app raised
        elif answer.result()["type"] == f"lifespan.{name}.failed":
            await task
            raise InternalError(f"The app's {name} failed.")

    await phase("startup")
    try:
        yield
    finally:
        await phase("shutdown")
        await task
