"""A thread with an event loop, for callers that do not await. Knows nothing of what runs in it."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")


class Background:
    """Starts at the first use. A call in a running loop works too: it is another thread's loop that runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def call(self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Wait for the work. Ctrl-C cancels it."""
        future = asyncio.run_coroutine_threadsafe(work, self._running())
        try:
            return future.result()
        except BaseException:
            future.cancel()
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
                thread = threading.Thread(target=_run, args=(self._loop,), name="prudent-agent", daemon=True)
                thread.start()
                weakref.finalize(self, _stop, self._loop)
            return self._loop


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
