"""What the streams of a model share: their head, iteration and stopping. Knows no kind of answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any, Generic, TypeVar

from prudent.types.usage import Usage

EventT = TypeVar("EventT")


class ModelStream(ABC, Generic[EventT]):
    """The events of one request to a model. An `AnswerStream`."""

    def __init__(self, head: Mapping[str, Any], choices: int) -> None:
        """`head` is what every event says of the answer: its id, when, and by which model."""
        self._head = head
        self._choices = choices
        self.started: Usage | None = None
        self._events = self._run()

    def __aiter__(self) -> AsyncIterator[EventT]:
        return self

    async def __anext__(self) -> EventT:
        return await anext(self._events)

    @abstractmethod
    def cancel(self, choice: int) -> None:
        """Stop one choice within a step."""

    def cancel_all(self) -> None:
        """Stop every choice within a step."""
        for choice in range(self._choices):
            self.cancel(choice)

    async def aclose(self) -> None:
        """Stop all choices within a step, and end."""
        self.cancel_all()
        await self._events.aclose()

    @abstractmethod
    def _run(self) -> AsyncGenerator[EventT]:
        """The events, once the first is asked for."""
