"""A chat model of a pool that reads for a check: leased for as long as it is asked. Knows no question's form.

A check runs in a thread of its own and waits; the pool lives in an event loop of somebody else's.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar

from prudent.capabilities.interface import TEXT, Models
from prudent.errors import ServiceUnavailableError
from prudent_responsible_ai.grounding.reader import Question, doubt

LOADING_SECONDS = 600.0
"""How long `warm_up` waits at most: a check that waits for less says so itself."""
_GRACE_SECONDS = 2.0
"""What the loop may be late by before it counts as gone."""

ResultT = TypeVar("ResultT")
Home: TypeAlias = tuple[Models, asyncio.AbstractEventLoop]
"""Models, and the loop that they live in."""


class LeasedReader:
    """See `grounding.reader.Reader`. Never to be asked in the loop's own thread, which it would wait for."""

    def __init__(self, home: Callable[[], Home], name: str) -> None:
        """`name` is the model's in the catalog; `home` is called at each use, and may raise PrudentError."""
        self._home = home
        self._name = name

    def warm_up(self) -> None:
        """Have the model in memory. Raises PrudentError where it cannot be had."""
        models, loop = self._home()
        _waited(self._load(models), loop, LOADING_SECONDS)

    def doubts(self, questions: Sequence[Question], seconds: float) -> list[float | None]:
        """See `Reader.doubts`."""
        models, loop = self._home()
        found: list[float | None] = [None] * len(questions)
        with suppress(TimeoutError):
            _waited(self._ask(models, questions, found, seconds), loop, seconds + _GRACE_SECONDS)
        return found

    async def _load(self, models: Models) -> None:
        async with models.lease(TEXT, self._name):
            pass

    async def _ask(
        self, models: Models, questions: Sequence[Question], found: list[float | None], seconds: float
    ) -> None:
        """Fill in the answers one after the other, so that each finds its evidence read."""
        async with asyncio.timeout(seconds), models.lease(TEXT, self._name) as model:
            for index, question in enumerate(questions):
                found[index] = await doubt(model, question)


def _waited(work: Coroutine[Any, Any, ResultT], loop: asyncio.AbstractEventLoop, seconds: float) -> ResultT:
    """The result of work in a loop.

    Raises:
        TimeoutError: it took longer, and was told to stop.
        ServiceUnavailableError: the loop has ended.
    """
    try:
        future = asyncio.run_coroutine_threadsafe(work, loop)
    except RuntimeError:
        work.close()
        raise ServiceUnavailableError("The server has ended.") from None
    try:
        return future.result(timeout=seconds)
    except TimeoutError:
        future.cancel()
        raise
    except concurrent.futures.CancelledError:
        raise TimeoutError from None
