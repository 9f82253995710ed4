"""Runs the server's app on a socket, and tells when it is ready and why it ended. Knows no route."""

from __future__ import annotations

import errno
import json
import signal
import socket
import stat
import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from prudent.cli.terminal import note
from prudent.cli.waiting import Waiting
from prudent.errors import ConfigurationError, PrudentError, ServiceUnavailableError
from prudent.server.guard import Guard
from prudent.server.settings import Settings


def bind(host: str, port: int) -> socket.socket:
    """Take the port before anything is loaded, so that a port in use is told at once.

    Raises:
        ConfigurationError: the address cannot be listened on.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise _cannot_listen(host, port, error) from None
    return listener


def _cannot_listen(host: str, port: int, error: OSError) -> ConfigurationError:
    if error.errno == errno.EADDRINUSE:
        return ConfigurationError(
            f"Port {port} on {host} is in use.", hint="Choose another with --port; --port 0 takes a free one."
        )
    if error.errno == errno.EACCES:
        return ConfigurationError(
            f"Port {port} on {host} is not for everybody.", hint="Choose one above 1023 with --port."
        )
    return ConfigurationError(f"Cannot listen on {host} port {port}: {error.strerror}.", param="host")


def read_keys(path: Path) -> tuple[str, ...]:
    """Read the keys of a file: one a line; empty lines and lines that open with # do not count.

    Raises:
        ConfigurationError: the file cannot be read, or holds no key.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        shared = path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)
    except OSError as error:
        raise ConfigurationError(f"The key file {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"The key file {path} is not text.") from None
    keys = tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    if not keys:
        raise ConfigurationError(f"The key file {path} holds no key.", hint="Write one key a line.")
    if shared:
        note(f"warning: others on this machine can read {path}; chmod 600 keeps them out.")
    return keys


def run(
    app: FastAPI, listener: socket.socket, settings: Settings, waiting: Waiting, *, as_json: bool
) -> None:
    """Serve until a signal comes, then let running answers end.

    Raises:
        PrudentError: the default model could not be loaded.
    """
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=max(1, round(settings.drain_timeout)),
    )
    server = _Server(config, listener, settings, waiting, as_json=as_json)
    # uvicorn raises the signal once more when it has stopped; there is nothing left to do for it then.
    previous = {number: signal.signal(number, _nothing) for number in (signal.SIGINT, signal.SIGTERM)}
    waiting.begin()
    try:
        server.run(sockets=[listener])
    finally:
        waiting.over()
        for number, handler in previous.items():
            signal.signal(number, handler)
    if server.failure is not None:
        raise server.failure


def _nothing(number: int, frame: object) -> None:
    del number, frame


class _Server(uvicorn.Server):
    """A server that says when its default model is ready, and gives up where it cannot be loaded."""

    def __init__(
        self,
        config: uvicorn.Config,
        listener: socket.socket,
        settings: Settings,
        waiting: Waiting,
        *,
        as_json: bool,
    ) -> None:
        super().__init__(config)
        self._settings = settings
        self._waiting = waiting
        self._as_json = as_json
        self._url = url_of(listener)
        self._announced = False
        self.failure: PrudentError | None = None

    async def on_tick(self, counter: int) -> bool:
        """Look, ten times a second until it is known, whether the model is ready."""
        if not self._announced:
            self._look()
        return await super().on_tick(counter)

    def _look(self) -> None:
        guard: Guard = self.config.app.state.guard
        try:
            guard.check_ready()
        except ServiceUnavailableError:
            return
        except PrudentError as error:
            self.failure, self.should_exit = error, True
            return
        self._announced = True
        self._waiting.over()
        if self._as_json:
            sys.stdout.write(json.dumps({"url": self._url, "model": self._settings.model}) + "\n")
            sys.stdout.flush()
        note(f"{self._settings.model} is ready on {self._url} (OpenAI API below /v1; Ctrl-C stops).")


def url_of(listener: socket.socket) -> str:
    """Return the address that a client on this machine uses."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
