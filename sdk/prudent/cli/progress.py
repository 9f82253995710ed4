"""Shows prudent's progress events on stderr: bars on a terminal, a few plain lines elsewhere.

It renders any stage of any work, and knows nothing of what the work is.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from prudent.types.progress import Progress, ProgressListener

_WORDS = {
    "wait": "waiting for another process",
    "fetch": "fetching",
    "verify": "verifying",
    "compile": "compiling",
    "measure": "measuring accuracy",
    "load": "loading",
    "time": "measuring speed",
    "transcribe": "transcribing",
    "encode": "reading the examples",
    "train": "training and measuring",
    "index": "indexing",
}

_LINE_SECONDS = 10.0
"""How often a long stage says where it is when there is no terminal."""


@contextmanager
def show_progress() -> Generator[ProgressListener]:
    """Give a listener that shows every event it is told of until the block ends.

    The listener may be called from any thread.
    """
    if sys.stderr.isatty():
        with _bars() as listener:
            yield listener
    else:
        yield _Lines(sys.stderr.write, time.monotonic)


@contextmanager
def _bars() -> Generator[ProgressListener]:
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars
    from rich.progress import Task as Bar
    from rich.text import Text

    class Amount(TextColumn):
        """What has been done of what there is, in the unit of the stage."""

        def render(self, task: Bar) -> Text:
            return Text(amount(task.fields["event"]), style="progress.download")

    lock = threading.Lock()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), Amount(""), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True)) as bars:
        known: dict[tuple[str, str], TaskID] = {}

        def show(event: Progress) -> None:
            key = (event.subject, event.stage)
            with lock:
                if key not in known:
                    known[key] = bars.add_task(describe(event), total=event.total, event=event)
                bars.update(known[key], completed=event.done, total=event.total, event=event)

        yield show


class _Lines:
    """A line when a stage starts, one every now and then, and one when it has ended."""

    def __init__(self, write: Callable[[str], object], clock: Callable[[], float]) -> None:
        self._write = write
        self._clock = clock
        self._lock = threading.Lock()
        self._started: dict[tuple[str, str], float] = {}
        self._spoken: dict[tuple[str, str], float] = {}

    def __call__(self, event: Progress) -> None:
        key = (event.subject, event.stage)
        with self._lock:
            now = self._clock()
            if key not in self._started:
                self._started[key] = self._spoken[key] = now
                self._write(f"{describe(event)}\n")
            if event.total is not None and event.done >= event.total:
                seconds = now - self._started.pop(key)
                self._write(f"{describe(event)}: done, {amount(event)} in {seconds:.1f} s\n")
            elif now - self._spoken[key] >= _LINE_SECONDS:
                self._spoken[key] = now
                self._write(f"{describe(event)}: {amount(event)}\n")


def describe(event: Progress) -> str:
    """What is being done to what, in words."""
    return f"{event.subject}: {_WORDS[event.stage]}"


def amount(event: Progress) -> str:
    """How far it is, in the unit of the event; sizes in decimal megabytes."""
    scale, unit = {"bytes": (1e6, " MB"), "seconds": (1, " s"), "steps": (1, "")}[event.unit]
    digits = ".1f" if event.unit == "bytes" else ".0f"
    done = format(event.done / scale, digits)
    if event.total is None:
        return f"{done}{unit}"
    return f"{done}/{format(event.total / scale, digits)}{unit}"
