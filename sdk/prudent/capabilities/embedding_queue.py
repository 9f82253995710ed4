"""Which texts are run together: those of all requests that wait, of like length, one request leading in turn.

The request whose turn it is gives the longest of its texts, and texts of like length are added, its own first
and then others'. So a short question waits for one run of a long job and not for the job; and since a row's
result does not depend on its neighbours, company is free. Knows no model and no thread.
"""

from __future__ import annotations

import bisect
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_TOKENS = 256
"""Tokens of one run, padding included; more are not faster. A longer text runs alone."""

_LEAST_TOKENS = 32
"""Runs are not made smaller than this to give every worker one."""

_PADDING_SHARE = 4
_PADDING_TOKENS = 4
"""A text joins a batch if it is shorter than the longest by no more than a quarter, or these few tokens."""


class Job:
    """The texts of one request, as ids. `done` has their vectors, float32 (texts, size), at the end."""

    def __init__(self, rows: Sequence[NDArray[np.int32]], size: int) -> None:
        self.rows = rows
        self.done: Future[NDArray[np.float32]] = Future()
        self._vectors = np.empty((len(rows), size), np.float32)
        self._left = len(rows)
        self._waiting = sorted((len(row), index) for index, row in enumerate(rows))

    @property
    def longest(self) -> int | None:
        """Tokens of the longest text that waits; None where none does."""
        return self._waiting[-1][0] if self._waiting else None

    def take(self, least: int, most: int, count: int) -> list[int]:
        """Take out up to `count` waiting texts of `least` to `most` tokens: their indices, longest first."""
        stop = bisect.bisect_right(self._waiting, (most, len(self.rows)))
        start = max(bisect.bisect_left(self._waiting, (least, -1)), stop - count)
        taken = [index for _, index in reversed(self._waiting[start:stop])]
        del self._waiting[start:stop]
        return taken

    def deliver(self, index: int, vector: NDArray[np.float32]) -> None:
        """Give one text its vector."""
        self._vectors[index] = vector
        self._left -= 1
        if not self._left and not self.done.done():
            self.done.set_result(self._vectors)

    def fail(self, error: BaseException) -> None:
        """End the job with an error, once."""
        self._waiting.clear()
        if not self.done.done():
            self.done.set_exception(error)


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts that run together: whose they are and their index there."""

    places: tuple[tuple[Job, int], ...]

    @property
    def rows(self) -> list[NDArray[np.int32]]:
        """Their ids."""
        return [job.rows[index] for job, index in self.places]


class EmbeddingQueue:
    """Jobs in turn. For one thread at a time."""

    def __init__(self, workers: int) -> None:
        """`workers` is how many batches may run at once."""
        self._workers = workers
        self._jobs: deque[Job] = deque()
        self._tokens = 0

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._jobs

    def add(self, job: Job) -> None:
        """Put a job at the end of the line."""
        self._jobs.append(job)
        self._tokens += sum(len(row) for row in job.rows)

    def remove(self, job: Job) -> None:
        """Take a job out, wherever it stands; what runs of it is not stopped."""
        if job in self._jobs:
            self._jobs.remove(job)
            self._tokens -= sum(len(job.rows[index]) for index in job.take(0, 1 << 31, len(job.rows)))

    def take_all(self) -> list[Job]:
        """Take out every job."""
        jobs = list(self._jobs)
        self._jobs.clear()
        self._tokens = 0
        return jobs

    def next_batch(self) -> Batch | None:
        """The texts to run next; None where nothing waits."""
        if not self._jobs:
            return None
        leader = self._jobs[0]
        longest = leader.longest
        if longest is None:
            raise AssertionError("a job without waiting texts is not in the line")
        budget = min(MOST_TOKENS, max(_LEAST_TOKENS, self._tokens // self._workers))
        places = list(self._gather(longest, max(1, budget // longest)))
        self._tokens -= sum(len(job.rows[index]) for job, index in places)
        self._jobs = deque(job for job in self._jobs if job.longest is not None)
        if self._jobs and self._jobs[0] is leader:
            self._jobs.rotate(-1)
        return Batch(tuple(places))

    def _gather(self, longest: int, count: int) -> Iterator[tuple[Job, int]]:
        least = longest - max(_PADDING_TOKENS, longest // _PADDING_SHARE)
        for job in self._jobs:
            for index in job.take(least, longest, count):
                count -= 1
                yield job, index
            if not count:
                return
