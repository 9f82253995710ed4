"""Progress while an answer is awaited: shown from the question until the first word, and at no other time.

A model is fetched, compiled and loaded when the first question needs it, in another thread, and that work
may go on after the question was given up. Its events must then not draw over the prompt.
"""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack

from prudent.cli.progress import show_progress
from prudent.types.progress import Progress, ProgressListener


class Waiting:
    """A progress listener that is silent unless somebody waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shown: ExitStack | None = None
        self._listener: ProgressListener | None = None
        self.last_event_at: float | None = None

    def __call__(self, event: Progress) -> None:
        with self._lock:
            self.last_event_at = time.perf_counter()
            if self._shown is None:
                return
            if self._listener is None:
                self._listener = self._shown.enter_context(show_progress())
            self._listener(event)

    def begin(self) -> None:
        """From here on events are shown."""
        with self._lock:
            self._shown = self._shown or ExitStack()

    def over(self) -> None:
        """The wait is over: take the display down. May be called more than once."""
        with self._lock:
            shown, self._shown, self._listener = self._shown, None, None
        if shown is not None:
            shown.close()
