"""Answers whose text was read as a model of the caller's. They exist on the client's side only."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import BaseModel

from prudent.types.chat import AssistantMessage, ChatCompletion, Choice

ModelT = TypeVar("ModelT", bound=BaseModel)


class ParsedMessage(AssistantMessage, Generic[ModelT]):
    """The answer; `parsed` is None where a check refused it."""

    parsed: ModelT | None = None


class ParsedChoice(Choice, Generic[ModelT]):
    """One answer of `n`."""

    message: ParsedMessage[ModelT]  # pyright: ignore[reportIncompatibleVariableOverride]  # models are frozen


class ParsedChatCompletion(ChatCompletion, Generic[ModelT]):
    """A whole answer, read."""

    choices: list[ParsedChoice[ModelT]]  # pyright: ignore[reportIncompatibleVariableOverride]  # as above

    @property
    def parsed(self) -> ModelT | None:
        """What the first choice says."""
        return self.choices[0].message.parsed
