"""`client.completions`: the parameters of a text completion, spelled out for editors and type checkers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, overload

import httpx

from prudent.client.body import Priority, StreamOptionsDict, json_body, with_model
from prudent.client.connection import AsyncConnection, Connection
from prudent.client.stream import AsyncStream, Stream
from prudent.types.completions import CREATE_COMPLETION, Completion
from prudent.types.sampling import StreamOptions

Prompts = str | Sequence[int] | Sequence[str | Sequence[int]]
"""A text, the ids of its tokens, or several of either."""


def request_body(parameters: dict[str, Any], default_model: str | None) -> bytes:
    """Write the parameters of `create` as the request's body."""
    return json_body(with_model(parameters, default_model))


class TextCompletions:
    """Texts continued, with nothing put around them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @overload
    def create(
        self,
        *,
        prompt: Prompts,
        model: str | None = None,
        stream: Literal[False] = False,
        stream_options: StreamOptions | StreamOptionsDict | None = None,
        suffix: str | None = None,
        echo: bool | None = None,
        logprobs: int | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        top_k: int | None = None,
        min_p: float | None = None,
        frequency_penalty: float | None = None,
        presence_penalty: float | None = None,
        repetition_penalty: float | None = None,
        seed: int | None = None,
        stop: str | Sequence[str] | None = None,
        n: int | None = None,
        logit_bias: Mapping[str, float] | None = None,
        priority: Priority | None = None,
        deadline: float | None = None,
        prompt_cache_key: str | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Completion: ...

    @overload
    def create(
        self,
        *,
        prompt: Prompts,
        model: str | None = None,
        stream: Literal[True],
        stream_options: StreamOptions | StreamOptionsDict | None = None,
        suffix: str | None = None,
        echo: bool | None = None,
        logprobs: int | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        top_k: int | None = None,
        min_p: float | None = None,
        frequency_penalty: float | None = None,
        presence_penalty: float | None = None,
        repetition_penalty: float | None = None,
        seed: int | None = None,
        stop: str | Sequence[str] | None = None,
        n: int | None = None,
        logit_bias: Mapping[str, float] | None = None,
        priority: Priority | None = None,
        deadline: float | None = None,
        prompt_cache_key: str | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Stream[Completion]: ...

    @overload
    def create(
        self,
        *,
        prompt: Prompts,
        model: str | None = None,
        stream: bool,
        stream_options: StreamOptions | StreamOptionsDict | None = None,
        suffix: str | None = None,
        echo: bool | None = None,
        logprobs: int | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        top_k: int | None = None,
        min_p: float | None = None,
        frequency_penalty: float | None = None,
        presence_penalty: float | None = None,
        repetition_penalty: float | None = None,
        seed: int | None = None,
        stop: str | Sequence[str] | None = None,
        n: int | None = None,
        logit_bias: Mapping[str, float] | None = None,
        priority: Priority | None = None,
        deadline: float | None = None,
        prompt_cache_key: str | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Completion | Stream[Completion]: ...

    def create(
        self,
        *,
        prompt: Prompts,
        model: str | None = None,
        stream: bool = False,
        stream_options: StreamOptions | StreamOptionsDict | None = None,
        suffix: str | None = None,
        echo: bool | None = None,
        logprobs: int | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        top_k: int | None = None,
        min_p: float | None = None,
        frequency_penalty: float | None = None,
        presence_penalty: float | None = None,
        repetition_penalty: float | None = None,
        seed: int | None = None,
        stop: str | Sequence[str] | None = None,
        n: int | None = None,
        logit_bias: Mapping[str, float] | None = None,
        priority: Priority | None = None,
        deadline: float | None = None,
        prompt_cache_key: str | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Completion | Stream[Completion]:
        """Continue a text, whole or (`stream=True`) as it is written.

        Parameters are the OpenAI API's, in its units and ranges; `top_k`, `min_p`, `repetition_penalty`,
        `priority` and `deadline` (seconds) are ours. What is None is left to the server. `timeout` is in
        seconds without news.

        Raises:
            InvalidRequestError: a parameter is wrong, or the model cannot fill a gap before a `suffix`.
            ContextLengthError: prompt and answer do not fit the model's context.
            ContentFilterError: a check refused the prompt; `details` holds the verdicts.
            ModelNotFoundError: no model has this name.
            DeadlineExceededError: the deadline passed before the first token.
            RateLimitError, ServiceUnavailableError, ConnectionFailedError: after the retries.
        """
        parameters = dict(locals())  # first, while nothing but the parameters is there
        body = request_body(parameters, self._connection.options.model)
        if stream:
            return self._connection.stream(CREATE_COMPLETION, body, timeout=timeout)
        return self._connection.call(CREATE_COMPLETION, body, timeout=timeout)


class AsyncTextCompletions:
    """Texts continued, with nothing put around them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    @overload
    async def create(
        self,
        *,
        prompt: Prompts,
        model: str | None = None,
        stream: Literal[False] = False,
        stream_options: StreamOptions | StreamOptionsDict | None = None,
        suffix: str | None = None,
        echo: bool | None = None,
        logprobs: int | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        top_k: int | None = None,
        min_p: float | None = None,
        frequency_penalty: float | None = None,
        presence_penalty: float | None = None,
        repetition_penalty: float | None = None,
        seed: int | None = None,
        stop: str | Sequence[str] | None = None,
        n: int | None = None,
        logit_bias: Mapping[str, float] | None = None,
        priority: Priority | None = None,
        deadline: float | None = None,
        prompt_cache_key: str | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Completion: ...

    @overload
    async def create(
        self,
        *,
        prompt: Prompts,
        model: str | None = None,
        stream: Literal[True],
        stream_options: StreamOptions | StreamOptionsDict | None = None,
        suffix: str | None = None,
        echo: bool | None = None,
        logprobs: int | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        top_k: int | None = None,
        min_p: float | None = None,
        frequency_penalty: float | None = None,
        presence_penalty: float | None = None,
        repetition_penalty: float | None = None,
        seed: int | None = None,
        stop: str | Sequence[str] | None = None,
        n: int | None = None,
        logit_bias: Mapping[str, float] | None = None,
        priority: Priority | None = None,
        deadline: float | None = None,
        prompt_cache_key: str | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> AsyncStream[Completion]: ...

    @overload
    async def create(
        self,
        *,
        prompt: Prompts,
        model: str | None = None,
        stream: bool,
        stream_options: StreamOptions | StreamOptionsDict | None = None,
        suffix: str | None = None,
        echo: bool | None = None,
        logprobs: int | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        top_k: int | None = None,
        min_p: float | None = None,
        frequency_penalty: float | None = None,
        presence_penalty: float | None = None,
        repetition_penalty: float | None = None,
        seed: int | None = None,
        stop: str | Sequence[str] | None = None,
        n: int | None = None,
        logit_bias: Mapping[str, float] | None = None,
        priority: Priority | None = None,
        deadline: float | None = None,
        prompt_cache_key: str | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Completion | AsyncStream[Completion]: ...

    async def create(
        self,
        *,
        prompt: Prompts,
        model: str | None = None,
        stream: bool = False,
        stream_options: StreamOptions | StreamOptionsDict | None = None,
        suffix: str | None = None,
        echo: bool | None = None,
        logprobs: int | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        top_k: int | None = None,
        min_p: float | None = None,
        frequency_penalty: float | None = None,
        presence_penalty: float | None = None,
        repetition_penalty: float | None = None,
        seed: int | None = None,
        stop: str | Sequence[str] | None = None,
        n: int | None = None,
        logit_bias: Mapping[str, float] | None = None,
        priority: Priority | None = None,
        deadline: float | None = None,
        prompt_cache_key: str | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Completion | AsyncStream[Completion]:
        """Continue a text, whole or (`stream=True`) as it is written.

        Parameters are the OpenAI API's, in its units and ranges; `top_k`, `min_p`, `repetition_penalty`,
        `priority` and `deadline` (seconds) are ours. What is None is left to the server. `timeout` is in
        seconds without news.

        Raises:
            InvalidRequestError: a parameter is wrong, or the model cannot fill a gap before a `suffix`.
            ContextLengthError: prompt and answer do not fit the model's context.
            ContentFilterError: a check refused the prompt; `details` holds the verdicts.
            ModelNotFoundError: no model has this name.
            DeadlineExceededError: the deadline passed before the first token.
            RateLimitError, ServiceUnavailableError, ConnectionFailedError: after the retries.
        """
        parameters = dict(locals())  # first, while nothing but the parameters is there
        body = request_body(parameters, self._connection.options.model)
        if stream:
            return await self._connection.stream(CREATE_COMPLETION, body, timeout=timeout)
        return await self._connection.call(CREATE_COMPLETION, body, timeout=timeout)
