"""What the guard needs of a model that writes text. Knows no engine and no file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from prudent.capabilities.interface.capability import Capability
from prudent.types.chat import ChatCompletionChunk, ChatCompletionRequest
from prudent.types.completions import Completion, CompletionRequest
from prudent.types.tokenize import Detokenized, DetokenizeRequest, Tokenized, TokenizeRequest
from prudent.types.usage import Usage


@dataclass(frozen=True, slots=True)
class ScoredAnswer:
    """The log-probability (nats) of each token of an answer.

    Of the `prompt_tokens` before them, `cached_tokens` were known and not computed anew.
    """

    logprobs: tuple[float, ...]
    prompt_tokens: int
    cached_tokens: int


ChunkT = TypeVar("ChunkT", covariant=True)


class AnswerStream(Protocol[ChunkT]):
    """The events of one request. Errors of the request come with the first `anext`.

    No event comes before the model has begun, or failed to. The first event of each choice has the role, or
    the echo of the prompt where one was asked for, and nothing else; the last event of all has no choices and
    the usage, asked for or not.
    """

    @property
    def started(self) -> Usage | None:
        """What was known of times and tokens at the first event; None before it, or where nothing was."""
        ...

    def __aiter__(self) -> AsyncIterator[ChunkT]:
        """Itself."""
        ...

    async def __anext__(self) -> ChunkT:
        """The next event.

        Raises:
            InvalidRequestError: the request does not suit the model; `param` names the field.
            ContextLengthError: prompt and answer do not fit the context.
            RateLimitError: the engine's queue is full.
            DeadlineExceededError: the request's deadline passed before its first token.
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


ChatStream = AnswerStream[ChatCompletionChunk]
CompletionStream = AnswerStream[Completion]


class TextService(Protocol):
    """A loaded model that writes text."""

    @property
    def id(self) -> str:
        """Its name in the catalog."""
        ...

    def stream(self, request: ChatCompletionRequest) -> ChatStream:
        """Answer a conversation. Nothing is done before the first event is asked for."""
        ...

    def stream_completion(self, request: CompletionRequest) -> CompletionStream:
        """Continue a prompt. Nothing is done before the first event is asked for."""
        ...

    async def score(self, request: ChatCompletionRequest, answer: str) -> ScoredAnswer:
        """How probable an answer to a conversation is, were it given. Nothing is generated.

        Raises:
            InvalidRequestError: the messages do not suit this model, or have tools.
            ContextLengthError, RateLimitError, ServiceUnavailableError: as for `stream`.
        """
        ...

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of token ids without control tokens. Raises InvalidRequestError for one unknown."""
        ...

    def tokenize(self, request: TokenizeRequest) -> Tokenized:
        """The tokens of a text, or of a conversation as the model would read it; may take a while.

        Raises:
            InvalidRequestError: the messages do not suit this model.
        """
        ...

    def detokenize(self, request: DetokenizeRequest) -> Detokenized:
        """The text of token ids, control tokens by name. Raises InvalidRequestError for an unknown id."""
        ...


TEXT: Capability[TextService] = Capability("chat", default="qwen2.5-coder-0.5b-instruct")
