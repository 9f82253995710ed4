"""What a caller holds of a submitted request: cancel it, or iterate over its events. Knows no engine."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from typing import Self

from prudent.generation.request import GenerationEvent


class GenerationHandle:
    """A submitted request."""

    def __init__(self, cancel: Callable[[], None]) -> None:
        self._cancel = cancel

    def cancel(self) -> None:
        """End the request within one step; its last event says `cancelled`. After the end it does nothing."""
        self._cancel()


class GenerationStream(Iterator[GenerationEvent]):
    """The events of one request as they come. Leaving early, through `close` or by dropping it, cancels."""

    def __init__(self, handle: GenerationHandle, events: queue.SimpleQueue[GenerationEvent]) -> None:
        self._handle = handle
        self._events = events
        self._ended = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> GenerationEvent:
        if self._ended:
            raise StopIteration
        event = self._events.get()
        self._ended = event.finish is not None
        return event

    def close(self) -> None:
        """Cancel the request if it still runs, and end the iteration."""
        if not self._ended:
            self._handle.cancel()
        self._ended = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()
