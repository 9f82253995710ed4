"""The server at the command line: takes a port, says when the model is ready, ends without a fuss.

How it answers and how it drains is `prudent.server`'s.
"""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import cast

from fastapi import FastAPI

from prudent.errors import ConfigurationError
from prudent.server.serving import DrainingServer


def bind(host: str, port: int) -> socket.socket:
    """Take the address before anything is loaded, so that a port in use is told at once; 0 takes a free one.

    Raises:
        ConfigurationError: the address is in use, not allowed, or not of this machine.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(cast("tuple[str, int]", address[:2]), family=family)
    except OSError as error:
        raise _cannot_listen(host, port, error) from None


def _cannot_listen(host: str, port: int, error: OSError) -> ConfigurationError:
    if error.errno == errno.EADDRINUSE:
        return ConfigurationError(
            f"Port {port} on {host} is in use.", hint="Choose another with --port; 0 takes a free one."
        )
    if error.errno == errno.EACCES:
        return ConfigurationError(
            f"Port {port} on {host} is not for every user.", hint="Choose one above 1023 with --port."
        )
    return ConfigurationError(f"Cannot listen on {host} port {port}: {error.strerror}.", hint="Check --host.")


def url_of(listener: socket.socket) -> str:
    """Return the URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def run(app: FastAPI, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM, and call `on_ready` once the default model answers.

    Raises:
        PrudentError: the default model could not be loaded; the server has stopped.
    """
    server = _AnnouncingServer(app, on_ready)
    with _signals_only_stop():
        server.run(sockets=[listener])
    if server.failure is not None:
        raise server.failure


class _AnnouncingServer(DrainingServer):
    def __init__(self, app: FastAPI, on_ready: Callable[[], None]) -> None:
        super().__init__(app)
        self._on_ready = on_ready
        self._watch: asyncio.Task[None] | None = None

    @property
    def failure(self) -> BaseException | None:
        """Why the default model could not be loaded, where it could not."""
        if self._watch is None or not self._watch.done() or self._watch.cancelled():
            return None
        return self._watch.exception()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._watch = asyncio.create_task(self._announce())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        await super().shutdown(sockets)

    async def _announce(self) -> None:
        try:
            await self._guard.ready()
        except Exception:
            self.should_exit = True
            raise
        self._on_ready()


@contextmanager
def _signals_only_stop() -> Generator[None]:
    """Let SIGINT and SIGTERM stop the server and nothing more.

    uvicorn raises a signal anew when it has stopped for it; the process would then die of the signal
    (https://github.com/encode/uvicorn/pull/1600), and a stop that was asked for is no failure.
    """
    numbers = (signal.SIGINT, signal.SIGTERM)
    previous = {number: signal.signal(number, _nothing) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _nothing(number: int, frame: FrameType | None) -> None:
    del number, frame
