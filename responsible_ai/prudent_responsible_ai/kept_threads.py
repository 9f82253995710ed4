"""Threads that wait a while for the next piece of work, since to start one costs more than many a check.

A piece of work that hangs keeps its thread, and the next piece gets another. Knows no check.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue

IDLE_SECONDS = 1.0
"""How long a thread waits for work before it ends."""


class KeptThreads:
    """Runs each piece of work in a thread of its own. Safe in several threads."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._idle: deque[SimpleQueue[Callable[[], None]]] = deque()

    def start(self, work: Callable[[], None]) -> None:
        """Begin with a piece of work, which must not raise, and return at once."""
        with self._lock:
            waiting = self._idle.pop() if self._idle else None
        if waiting is not None:
            waiting.put(work)
        else:
            threading.Thread(target=self._run, args=(work,), name=self._name, daemon=True).start()

    def _run(self, work: Callable[[], None]) -> None:
        waiting: SimpleQueue[Callable[[], None]] = SimpleQueue()
        while True:
            work()
            del work  # what it holds is of no more use
            with self._lock:
                self._idle.append(waiting)
            try:
                work = waiting.get(timeout=IDLE_SECONDS)
            except Empty:
                with self._lock:
                    if waiting in self._idle:
                        self._idle.remove(waiting)
                        return
                work = waiting.get()  # it was given some just now
