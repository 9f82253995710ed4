"""A side of a comparison in a process of its own, which is idle while another side is timed. Times nothing.

In one process the threads of one side would spin while the other is timed, and what a kernel reads from the
environment could not differ. A worker answers each line it reads with a line of JSON, its first one unasked.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self


class Worker:
    """A process that answers jobs."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        self.about = self._answer()

    def ask(self, job: str) -> dict[str, float]:
        """Run a job and return its figures."""
        assert self._process.stdin is not None
        print(job, file=self._process.stdin, flush=True)
        return self._answer()

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("a worker ended early; see its message above")
        return json.loads(line)


def take_turns(
    workers: Mapping[str, Worker], jobs: Iterable[str], rounds: int
) -> dict[str, dict[str, list[float]]]:
    """Ask every worker every job, `rounds` times after a warm-up: "job, figure" -> worker -> values.

    Who goes first changes from round to round.
    """
    figures: dict[str, dict[str, list[float]]] = {}
    for job in jobs:
        for number in range(rounds + 1):
            for side in workers if number % 2 else reversed(list(workers)):
                measured = workers[side].ask(job)
                if number == 0:
                    continue  # a warm-up
                for name, value in measured.items():
                    key = ", ".join(part for part in (job, name) if part)
                    figures.setdefault(key, {s: [] for s in workers})[side].append(value)
    return figures
