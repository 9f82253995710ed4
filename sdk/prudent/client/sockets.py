"""A WebSocket to a server, blocking or awaited, with our errors. Knows nothing of what is said through it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, Protocol

import httpx

from prudent.client.exchange import error_from_body
from prudent.errors import ConnectionFailedError, PrudentError, RequestTimeoutError

LONGEST_MESSAGE = 2**20
"""Bytes of one message from the server."""


class Socket(Protocol):
    """An open WebSocket. One thread may send while another receives."""

    def send(self, message: bytes | str) -> None:
        """Send a message; waits while the server takes none. Raises ConnectionFailedError."""
        ...

    def receive(self) -> str | None:
        """The next message, or None once the server has closed. Raises ConnectionFailedError."""
        ...

    def close(self) -> None:
        """Leave. Closing twice is no error."""
        ...


class AsyncSocket(Protocol):
    """An open WebSocket. One task may send while another receives."""

    async def send(self, message: bytes | str) -> None:
        """Send a message; waits while the server takes none. Raises ConnectionFailedError."""
        ...

    async def receive(self) -> str | None:
        """The next message, or None once the server has closed. Raises ConnectionFailedError."""
        ...

    async def close(self) -> None:
        """Leave. Closing twice is no error."""
        ...


class ServerSocket:
    """A blocking WebSocket over the network."""

    def __init__(self, url: str, headers: Mapping[str, str], timeout: httpx.Timeout, *, proxy: bool) -> None:
        """Connect. Raises PrudentError: what the server answered instead, or that none did."""
        from websockets.sync.client import connect

        self._timeout = timeout.read
        self._held = ExitStack()
        self._socket = _connected(
            self._held,
            lambda: connect(
                url,
                additional_headers=dict(headers),
                open_timeout=timeout.connect,
                max_size=LONGEST_MESSAGE,
                proxy=True if proxy else None,
            ),
        )

    def send(self, message: bytes | str) -> None:
        """See `Socket`."""
        from websockets.exceptions import ConnectionClosed

        try:
            self._socket.send(message)
        except ConnectionClosed as error:
            raise _broken(error) from error

    def receive(self) -> str | None:
        """See `Socket`."""
        from websockets.exceptions import ConnectionClosed, ConnectionClosedError

        try:
            return _text(self._socket.recv(self._timeout))
        except ConnectionClosedError as error:
            if error.rcvd is not None:
                return None
            raise _broken(error) from error
        except ConnectionClosed:
            return None
        except TimeoutError as error:
            raise RequestTimeoutError("The server said nothing in time.") from error

    def close(self) -> None:
        """See `Socket`."""
        self._held.close()


class AsyncServerSocket:
    """An awaited WebSocket over the network."""

    def __init__(self, socket: Any, timeout: float | None) -> None:
        """See `connect`."""
        self._socket = socket
        self._timeout = timeout

    @classmethod
    async def connect(
        cls, url: str, headers: Mapping[str, str], timeout: httpx.Timeout, *, proxy: bool
    ) -> AsyncServerSocket:
        """Connect. Raises PrudentError: what the server answered instead, or that none did."""
        from websockets.asyncio.client import connect
        from websockets.exceptions import InvalidStatus, WebSocketException

        try:
            socket = await connect(
                url,
                additional_headers=dict(headers),
                open_timeout=timeout.connect,
                max_size=LONGEST_MESSAGE,
                proxy=True if proxy else None,
            )
        except InvalidStatus as error:
            raise _refused(error.response.status_code, error.response.body) from error
        except (OSError, TimeoutError, WebSocketException) as error:
            raise _unreachable(error) from error
        return cls(socket, timeout.read)

    async def send(self, message: bytes | str) -> None:
        """See `Socket`."""
        from websockets.exceptions import ConnectionClosed

        try:
            await self._socket.send(message)
        except ConnectionClosed as error:
            raise _broken(error) from error

    async def receive(self) -> str | None:
        """See `Socket`."""
        import asyncio

        from websockets.exceptions import ConnectionClosed, ConnectionClosedError

        try:
            async with asyncio.timeout(self._timeout):
                return _text(await self._socket.recv())
        except ConnectionClosedError as error:
            if error.rcvd is not None:
                return None
            raise _broken(error) from error
        except ConnectionClosed:
            return None
        except TimeoutError as error:
            raise RequestTimeoutError("The server said nothing in time.") from error

    async def close(self) -> None:
        """See `Socket`."""
        await self._socket.close()


def socket_url(http_url: str) -> str:
    """The address of a WebSocket by that of the same path over HTTP."""
    return http_url.replace("http", "ws", 1)


def _connected(held: ExitStack, connect: Callable[[], Any]) -> Any:
    from websockets.exceptions import InvalidStatus, WebSocketException

    try:
        return held.enter_context(connect())
    except InvalidStatus as error:
        raise _refused(error.response.status_code, error.response.body) from error
    except (OSError, TimeoutError, WebSocketException) as error:
        raise _unreachable(error) from error


def _refused(status: int, body: bytes | bytearray | None) -> PrudentError:
    try:
        parsed: Any = json.loads(body or b"")
    except ValueError:
        parsed = None
    return error_from_body(parsed, status=status)


def _unreachable(error: Exception) -> ConnectionFailedError:
    if isinstance(error, TimeoutError):
        return RequestTimeoutError("The server did not accept a connection in time.")
    return ConnectionFailedError(
        f"No server answers there ({type(error).__name__}).",
        hint="Start one with `prudent serve`, or leave base_url out to run in this process.",
    )


def _broken(error: Exception) -> ConnectionFailedError:
    return ConnectionFailedError(f"The connection was cut ({type(error).__name__}).")


def _text(message: str | bytes) -> str:
    return message if isinstance(message, str) else message.decode("utf-8", "replace")
