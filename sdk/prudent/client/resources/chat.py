"""`client.chat.completions`: the parameters of a chat request, spelled out for editors and type checkers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Unpack, overload

import httpx

from prudent.client.body import Priority, StreamOptionsDict, json_body, with_model
from prudent.client.connection import AsyncConnection, Connection
from prudent.client.parsing import ModelT, ParseParameters, form_of, read
from prudent.client.stream import AsyncStream, Stream
from prudent.errors import InvalidRequestError
from prudent.types.chat import CREATE_CHAT_COMPLETION, ChatCompletion, ChatCompletionChunk, ChatMessage
from prudent.types.explanation import ExplainOptions
from prudent.types.parsed import ParsedChatCompletion
from prudent.types.response_format import ResponseFormat
from prudent.types.sampling import StreamOptions
from prudent.types.tools import Tool, ToolChoice

Messages = Iterable[ChatMessage | Mapping[str, Any]]
"""Messages as objects or as the dictionaries that the OpenAI API takes."""


def request_body(parameters: dict[str, Any], default_model: str | None) -> bytes:
    """Write the parameters of `create` as the request's body."""
    if isinstance(parameters["messages"], Mapping | str):
        raise InvalidRequestError(
            "messages must be a list of messages.",
            hint='For example messages=[{"role": "user", "content": "Hello"}].',
            param="messages",
        )
    return json_body(with_model(parameters, default_model))


class Completions:
    """Answers of a chat model."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @overload
    def create(
        self,
        *,
        messages: Messages,
        model: str | None = None,
        stream: Literal[False] = False,
        stream_options: StreamOptions | StreamOptionsDict | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        top_k: int | None = None,
        min_p: float | None = None,
        frequency_penalty: float | None = None,
        presence_penalty: float | None = None,
        repetition_penalty: float | None = None,
        seed: int | None = None,
        stop: str | Sequence[str] | None = None,
        max_tokens: int | None = None,
        max_completion_tokens: int | None = None,
        n: int | None = None,
        logprobs: bool | None = None,
        top_logprobs: int | None = None,
        logit_bias: Mapping[str, float] | None = None,
        response_format: ResponseFormat | Mapping[str, Any] | None = None,
        tools: Iterable[Tool | Mapping[str, Any]] | None = None,
        tool_choice: ToolChoice | Mapping[str, Any] | None = None,
        parallel_tool_calls: bool | None = None,
        explain: ExplainOptions | Mapping[str, Any] | None = None,
        priority: Priority | None = None,
        deadline: float | None = None,
        prompt_cache_key: str | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> ChatCompletion: ...

    @overload
    def create(
        self,
        *,
        messages: Messages,
        model: str | None = None,
        stream: Literal[True],
        stream_options: StreamOptions | StreamOptionsDict | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        top_k: int | None = None,
        min_p: float | None = None,
        frequency_penalty: float | None = None,
        presence_penalty: float | None = None,
        repetition_penalty: float | None = None,
        seed: int | None = None,
        stop: str | Sequence[str] | None = None,
        max_tokens: int | None = None,
        max_completion_tokens: int | None = None,
        n: int | None = None,
        logprobs: bool | None = None,
        top_logprobs: int | None = None,
        logit_bias: Mapping[str, float] | None = None,
        response_format: ResponseFormat | Mapping[str, Any] | None = None,
        tools: Iterable[Tool | Mapping[str, Any]] | None = None,
        tool_choice: ToolChoice | Mapping[str, Any] | None = None,
        parallel_tool_calls: bool | None = None,
        explain: ExplainOptions | Mapping[str, Any] | None = None,
        priority: Priority | None = None,
        deadline: float | None = None,
        prompt_cache_key: str | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Stream[ChatCompletionChunk]: ...

    @overload
    def create(
        self,
        *,
        messages: Messages,
        model: str | None = None,
        stream: bool,
        stream_options: StreamOptions | StreamOptionsDict | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        top_k: int | None = None,
        min_p: float | None = None,
        frequency_penalty: float | None = None,
        presence_penalty: float | None = None,
        repetition_penalty: float | None = None,
        seed: int | None = None,
        stop: str | Sequence[str] | None = None,
        max_tokens: int | None = None,
        max_completion_tokens: int | None = None,
        n: int | None = None,
        logprobs: bool | None = None,
        top_logprobs: int | None = None,
        logit_bias: Mapping[str, float] | None = None,
        response_format: ResponseFormat | Mapping[str, Any] | None = None,
        tools: Iterable[Tool | Mapping[str, Any]] | None = None,
        tool_choice: ToolChoice | Mapping[str, Any] | None = None,
        parallel_tool_calls: bool | None = None,
        explain: ExplainOptions | Mapping[str, Any] | None = None,
        priority: Priority | None = None,
        deadline: float | None = None,
        prompt_cache_key: str | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> ChatCompletion | Stream[ChatCompletionChunk]: ...

    def create(
        self,
        *,
        messages: Messages,
        model: str | None = None,
        stream: bool = False,
        stream_options: StreamOptions | StreamOptionsDict | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        top_k: int | None = None,
        min_p: float | None = None,
        frequency_penalty: float | None = None,
        presence_penalty: float | None = None,
        repetition_penalty: float | None = None,
        seed: int | None = None,
        stop: str | Sequence[str] | None = None,
        max_tokens: int | None = None,
        max_completion_tokens: int | None = None,
        n: int | None = None,
        logprobs: bool | None = None,
        top_logprobs: int | None = None,
        logit_bias: Mapping[str, float] | None = None,
        response_format: ResponseFormat | Mapping[str, Any] | None = None,
        tools: Iterable[Tool | Mapping[str, Any]] | None = None,
        tool_choice: ToolChoice | Mapping[str, Any] | None = None,
        parallel_tool_calls: bool | None = None,
        explain: ExplainOptions | Mapping[str, Any] | None = None,
        priority: Priority | None = None,
        deadline: float | None = None,
        prompt_cache_key: str | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> ChatCompletion | Stream[ChatCompletionChunk]:
        """Answer a conversation, whole or (`stream=True`) as it is written.

        Parameters are the OpenAI API's, in its units and ranges; `top_k`, `min_p`, `repetition_penalty`,
        `priority` and `deadline` (seconds) are ours. What is None is left to the server. `timeout` is in
        seconds without news.

        Raises:
            InvalidRequestError: a parameter is wrong; `param` names it.
            ContextLengthError: prompt and answer do not fit the model's context.
            GrammarError: the response format, or a tool's schema, cannot be enforced.
            ContentFilterError: a check refused the prompt; `details` holds the verdicts.
            ModelNotFoundError: no model has this name.
            DeadlineExceededError: the deadline passed before the first token.
            RateLimitError, ServiceUnavailableError, ConnectionFailedError: after the retries.
        """
        parameters = dict(locals())  # first, while nothing but the parameters is there
        body = request_body(parameters, self._connection.options.model)
        if stream:
            return self._connection.stream(CREATE_CHAT_COMPLETION, body, timeout=timeout)
        return self._connection.call(CREATE_CHAT_COMPLETION, body, timeout=timeout)

    def parse(
        self,
        *,
        messages: Messages,
        response_format: type[ModelT],
        **parameters: Unpack[ParseParameters],
    ) -> ParsedChatCompletion[ModelT]:
        """Answer in the form of a pydantic model, and read the answer as one: `choices[0].message.parsed`.

        Other parameters are those of `create`.

        Raises:
            UnreadableAnswerError: the answer was cut short by max_tokens, context or deadline.
            GrammarError: the model's schema has what cannot be enforced.
            PrudentError: as `create`.
        """
        form = form_of(response_format)
        answer = self.create(messages=messages, response_format=form, **parameters)
        return read(answer, response_format)


class AsyncCompletions:
    """Answers of a chat model."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    @overload
    async def create(
        self,
        *,
        messages: Messages,
        model: str | None = None,
        stream: Literal[False] = False,
        stream_options: StreamOptions | StreamOptionsDict | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        top_k: int | None = None,
        min_p: float | None = None,
        frequency_penalty: float | None = None,
        presence_penalty: float | None = None,
        repetition_penalty: float | None = None,
        seed: int | None = None,
        stop: str | Sequence[str] | None = None,
        max_tokens: int | None = None,
        max_completion_tokens: int | None = None,
        n: int | None = None,
        logprobs: bool | None = None,
        top_logprobs: int | None = None,
        logit_bias: Mapping[str, float] | None = None,
        response_format: ResponseFormat | Mapping[str, Any] | None = None,
        tools: Iterable[Tool | Mapping[str, Any]] | None = None,
        tool_choice: ToolChoice | Mapping[str, Any] | None = None,
        parallel_tool_calls: bool | None = None,
        explain: ExplainOptions | Mapping[str, Any] | None = None,
        priority: Priority | None = None,
        deadline: float | None = None,
        prompt_cache_key: str | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> ChatCompletion: ...

    @overload
    async def create(
        self,
        *,
        messages: Messages,
        model: str | None = None,
        stream: Literal[True],
        stream_options: StreamOptions | StreamOptionsDict | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        top_k: int | None = None,
        min_p: float | None = None,
        frequency_penalty: float | None = None,
        presence_penalty: float | None = None,
        repetition_penalty: float | None = None,
        seed: int | None = None,
        stop: str | Sequence[str] | None = None,
        max_tokens: int | None = None,
        max_completion_tokens: int | None = None,
        n: int | None = None,
        logprobs: bool | None = None,
        top_logprobs: int | None = None,
        logit_bias: Mapping[str, float] | None = None,
        response_format: ResponseFormat | Mapping[str, Any] | None = None,
        tools: Iterable[Tool | Mapping[str, Any]] | None = None,
        tool_choice: ToolChoice | Mapping[str, Any] | None = None,
        parallel_tool_calls: bool | None = None,
        explain: ExplainOptions | Mapping[str, Any] | None = None,
        priority: Priority | None = None,
        deadline: float | None = None,
        prompt_cache_key: str | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> AsyncStream[ChatCompletionChunk]: ...

    @overload
    async def create(
        self,
        *,
        messages: Messages,
        model: str | None = None,
        stream: bool,
        stream_options: StreamOptions | StreamOptionsDict | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        top_k: int | None = None,
        min_p: float | None = None,
        frequency_penalty: float | None = None,
        presence_penalty: float | None = None,
        repetition_penalty: float | None = None,
        seed: int | None = None,
        stop: str | Sequence[str] | None = None,
        max_tokens: int | None = None,
        max_completion_tokens: int | None = None,
        n: int | None = None,
        logprobs: bool | None = None,
        top_logprobs: int | None = None,
        logit_bias: Mapping[str, float] | None = None,
        response_format: ResponseFormat | Mapping[str, Any] | None = None,
        tools: Iterable[Tool | Mapping[str, Any]] | None = None,
        tool_choice: ToolChoice | Mapping[str, Any] | None = None,
        parallel_tool_calls: bool | None = None,
        explain: ExplainOptions | Mapping[str, Any] | None = None,
        priority: Priority | None = None,
        deadline: float | None = None,
        prompt_cache_key: str | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> ChatCompletion | AsyncStream[ChatCompletionChunk]: ...

    async def create(
        self,
        *,
        messages: Messages,
        model: str | None = None,
        stream: bool = False,
        stream_options: StreamOptions | StreamOptionsDict | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        top_k: int | None = None,
        min_p: float | None = None,
        frequency_penalty: float | None = None,
        presence_penalty: float | None = None,
        repetition_penalty: float | None = None,
        seed: int | None = None,
        stop: str | Sequence[str] | None = None,
        max_tokens: int | None = None,
        max_completion_tokens: int | None = None,
        n: int | None = None,
        logprobs: bool | None = None,
        top_logprobs: int | None = None,
        logit_bias: Mapping[str, float] | None = None,
        response_format: ResponseFormat | Mapping[str, Any] | None = None,
        tools: Iterable[Tool | Mapping[str, Any]] | None = None,
        tool_choice: ToolChoice | Mapping[str, Any] | None = None,
        parallel_tool_calls: bool | None = None,
        explain: ExplainOptions | Mapping[str, Any] | None = None,
        priority: Priority | None = None,
        deadline: float | None = None,
        prompt_cache_key: str | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> ChatCompletion | AsyncStream[ChatCompletionChunk]:
        """Answer a conversation, whole or (`stream=True`) as it is written.

        Parameters are the OpenAI API's, in its units and ranges; `top_k`, `min_p`, `repetition_penalty`,
        `priority` and `deadline` (seconds) are ours. What is None is left to the server. `timeout` is in
        seconds without news.

        Raises:
            InvalidRequestError: a parameter is wrong; `param` names it.
            ContextLengthError: prompt and answer do not fit the model's context.
            GrammarError: the response format, or a tool's schema, cannot be enforced.
            ContentFilterError: a check refused the prompt; `details` holds the verdicts.
            ModelNotFoundError: no model has this name.
            DeadlineExceededError: the deadline passed before the first token.
            RateLimitError, ServiceUnavailableError, ConnectionFailedError: after the retries.
        """
        parameters = dict(locals())  # first, while nothing but the parameters is there
        body = request_body(parameters, self._connection.options.model)
        if stream:
            return await self._connection.stream(CREATE_CHAT_COMPLETION, body, timeout=timeout)
        return await self._connection.call(CREATE_CHAT_COMPLETION, body, timeout=timeout)

    async def parse(
        self,
        *,
        messages: Messages,
        response_format: type[ModelT],
        **parameters: Unpack[ParseParameters],
    ) -> ParsedChatCompletion[ModelT]:
        """Answer in the form of a pydantic model, and read the answer as one: `choices[0].message.parsed`.

        Other parameters are those of `create`.

        Raises:
            UnreadableAnswerError: the answer was cut short by max_tokens, context or deadline.
            GrammarError: the model's schema has what cannot be enforced.
            PrudentError: as `create`.
        """
        form = form_of(response_format)
        answer = await self.create(messages=messages, response_format=form, **parameters)
        return read(answer, response_format)


class Chat:
    """Holds `completions`, where the OpenAI SDK has it."""

    def __init__(self, connection: Connection) -> None:
        self.completions = Completions(connection)


class AsyncChat:
    """Holds `completions`, where the OpenAI SDK has it."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.completions = AsyncCompletions(connection)
