"""A thread with an event loop, for callers that do not await. Knows nothing of what runs in it."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import CancelledError, Future, wait
from typing import Any, TypeVar

from prudent.errors import ConfigurationError

ResultT = TypeVar("ResultT")


_LEAVING = 10.0
"""Seconds that work may take to stop."""


class Background:
    """Starts at the first use. A call in a running loop works too: it is another thread's loop that runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def call(self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Wait for the work. Ctrl-C cancels it."""
        if self._thread is threading.current_thread():
            work.close()
            raise ConfigurationError(
                "This call would wait for itself.", hint="Inside of a run, await the agent's async methods."
            )
        done: Future[ResultT] = Future()
        task = self._running().call_soon_threadsafe
        started: list[asyncio.Task[None]] = []
        task(lambda: started.append(asyncio.ensure_future(_settle(work, done))))
        try:
            return done.result()
        except BaseException:
            task(lambda: [one.cancel() for one in started])
            wait([done], timeout=_LEAVING)  # what it was doing is recorded first
            raise

    def iterate(self, items: AsyncIterator[ResultT]) -> Iterator[ResultT]:
        """The items (none is None) as they come; leaving early closes the iterator that gives them."""
        try:
            while (item := self.call(_next(items))) is not None:
                yield item
        finally:
            close = getattr(items, "aclose", None)
            if close is not None:
                self.call(close())

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=_run, args=(self._loop,), name="prudent-agent", daemon=True
                )
                self._thread.start()
                weakref.finalize(self, _stop, self._loop)
            return self._loop


async def _settle(work: Coroutine[Any, Any, ResultT], done: Future[ResultT]) -> None:
    """Run the work and say what came of it, also where it was cancelled."""
    try:
        result = await work
    except asyncio.CancelledError:
        done.set_exception(CancelledError())
        raise
    except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
        done.set_exception(error)
    else:
        done.set_result(result)


async def _next(items: AsyncIterator[ResultT]) -> ResultT | None:
    return await anext(items, None)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.close()


def _stop(loop: asyncio.AbstractEventLoop) -> None:
    if loop.is_running():
        loop.call_soon_threadsafe(loop.stop)
