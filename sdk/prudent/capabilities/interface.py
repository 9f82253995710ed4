"""What the guard needs of models, as protocols: so that a double (prudent.testing) can stand in.

Knows no engine and no file.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from prudent.types.chat import ChatCompletionChunk, ChatCompletionRequest
from prudent.types.models import Model


class ChatStream(Protocol):
    """The chunks of one request. Errors of the request come with the first `anext`.

    The first chunk of each choice has the role; the last chunk of all has no choices and the usage, asked
    for or not.
    """

    def __aiter__(self) -> AsyncIterator[ChatCompletionChunk]:
        """Itself."""
        ...

    async def __anext__(self) -> ChatCompletionChunk:
        """The next chunk.

        Raises:
            InvalidRequestError: the request does not suit the model; `param` names the field.
            ContextLengthError: prompt and answer do not fit the context.
            ServiceUnavailableError: the model was closed in mid-answer.
        """
        ...

    def cancel(self, choice: int) -> None:
        """Stop one choice within a step. It gets no finish reason; the usage counts what it had."""
        ...

    def cancel_all(self) -> None:
        """Stop every choice within a step. The stream then ends with the usage and no finish reasons."""
        ...

    async def aclose(self) -> None:
        """Stop all choices within a step."""
        ...


class ChatService(Protocol):
    """A loaded chat model."""

    @property
    def id(self) -> str:
        """Its name in the catalog."""
        ...

    def stream(self, request: ChatCompletionRequest) -> ChatStream:
        """Answer a request. Nothing is done before the first chunk is asked for."""
        ...


class Models(Protocol):
    """Chat models by name. All methods are for one event loop."""

    def lease(self, name: str) -> AbstractAsyncContextManager[ChatService]:
        """Hold a model for the length of the block, loading it first where needed.

        Raises:
            ModelNotFoundError: no such model, or it is not here and may not be fetched.
            InvalidRequestError: the model is not a chat model.
        """
        ...

    async def list(self) -> list[Model]:
        """Every model that can be asked for."""
        ...

    async def retrieve(self, name: str) -> Model:
        """One model. Raises ModelNotFoundError."""
        ...

    async def close(self) -> None:
        """Free every model."""
        ...
