"""An app that runs in the event loop of whoever asks it: for what is composed with a server, in its process.

It starts and ends nothing: the lifespan is that of the server around it. Knows no HTTP client.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from prudent.client.app_thread import AppThread, ASGIApp, Message, Receive, Send

ResultT = TypeVar("ResultT")


class AppHere(AppThread):
    """For `AsyncAppTransport(thread=...)`. Every request comes from the loop in which the app is served."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(lambda: app)
        self._app = app
        self._loop: asyncio.AbstractEventLoop | None = None
        self._requests: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """It is running."""

    @property
    def running(self) -> bool:
        """Whether somebody has asked it, and its loop has not ended."""
        return self._loop is not None and not self._loop.is_closed()

    def serve(self, scope: Message, receive: Receive, send: Send) -> asyncio.Task[None]:
        """Start the app on one request."""

        async def run() -> None:
            await self._app({**scope, "state": {}}, receive, send)

        task = asyncio.create_task(run())
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)
        return task

    def submit(self, work: Coroutine[Any, Any, ResultT]) -> concurrent.futures.Future[ResultT]:
        """Run a coroutine in this loop."""
        self._loop = asyncio.get_running_loop()
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def call_soon(self, callback: Callable[[], object]) -> None:
        """Run a callback in the loop, where there still is one."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(callback)

    def close(self) -> None:
        """The app is the server's: nothing is closed."""
