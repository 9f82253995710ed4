"""Several sessions of one small graph, each on one thread, so that callers run beside each other.

A network of a few milliseconds gains nothing from a second thread, and on busy cores loses much by waiting
for it. Knows no model.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from prudent.errors import ServiceUnavailableError
from prudent.runtime.session import Session, SessionOptions, Spinning, open_session
from prudent.runtime.threads import usable_cores


class SessionSet:
    """Opens a session when all others are busy, up to `most`; further callers wait for one."""

    def __init__(self, graph: Path, *, most: int | None = None, name: str = "The model") -> None:
        """Open the first session. `most` None allows one for each core; `name` is for messages.

        Raises:
            ModelFileError: the graph is damaged.
        """
        self._graph = graph
        self._name = name
        self._most = usable_cores() if most is None else max(1, most)
        self._changed = threading.Condition()
        self._idle: list[Session] = [self._open()]
        self._opened = 1
        self._closed = False

    def run(self, feeds: Mapping[str, NDArray[Any]], outputs: Sequence[str]) -> list[NDArray[Any]]:
        """Run once; safe to call from several threads.

        Raises:
            ServiceUnavailableError: it was closed.
        """
        session = self._take()
        try:
            return session.run(feeds, outputs)
        finally:
            with self._changed:
                if not self._closed:
                    self._idle.append(session)
                self._changed.notify()

    def close(self) -> None:
        """Free the weights, those of sessions that run when they are done. Closing twice is no error."""
        with self._changed:
            self._closed = True
            self._idle.clear()
            self._changed.notify_all()

    def _take(self) -> Session:
        with self._changed:
            while not self._closed:
                if self._idle:
                    return self._idle.pop()
                if self._opened < self._most:
                    self._opened += 1
                    break
                self._changed.wait()
            if self._closed:
                raise ServiceUnavailableError(f"{self._name} was closed.", hint="Load it again.")
        try:
            return self._open()
        except BaseException:
            with self._changed:
                self._opened -= 1
                self._changed.notify()
            raise

    def _open(self) -> Session:
        return open_session(self._graph, SessionOptions(threads=1, spinning=Spinning.NEVER, arena=True))
