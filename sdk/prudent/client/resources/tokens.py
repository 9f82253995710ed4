"""`client.tokens`: text as a model reads it, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpx

from prudent.client.body import json_body, with_model
from prudent.client.connection import AsyncConnection, Connection
from prudent.types.chat import ChatMessage
from prudent.types.tokenize import DETOKENIZE, TOKENIZE, Detokenized, Tokenized
from prudent.types.tools import Tool


class Tokens:
    """Token ids of texts and conversations. They never wait for a running answer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def encode(
        self,
        prompt: str | None = None,
        *,
        messages: Iterable[ChatMessage | Mapping[str, Any]] | None = None,
        tools: Iterable[Tool | Mapping[str, Any]] | None = None,
        model: str | None = None,
        add_special_tokens: bool | None = None,
        add_generation_prompt: bool | None = None,
        return_token_strs: bool | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Tokenized:
        """The tokens of a text, or of messages (with tools) as the model would read them.

        Raises:
            InvalidRequestError: neither or both are given, or the messages do not suit the model.
            ModelNotFoundError: no model has this name.
        """
        body = json_body(with_model(dict(locals()), self._connection.options.model))
        return self._connection.call(TOKENIZE, body, timeout=timeout)

    def decode(
        self, tokens: Sequence[int], *, model: str | None = None, timeout: float | httpx.Timeout | None = None
    ) -> Detokenized:
        """The text of token ids. Raises InvalidRequestError for an id that the model does not have."""
        body = json_body(with_model(dict(locals()), self._connection.options.model))
        return self._connection.call(DETOKENIZE, body, timeout=timeout)


class AsyncTokens:
    """Token ids of texts and conversations. They never wait for a running answer."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def encode(
        self,
        prompt: str | None = None,
        *,
        messages: Iterable[ChatMessage | Mapping[str, Any]] | None = None,
        tools: Iterable[Tool | Mapping[str, Any]] | None = None,
        model: str | None = None,
        add_special_tokens: bool | None = None,
        add_generation_prompt: bool | None = None,
        return_token_strs: bool | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Tokenized:
        """The tokens of a text, or of messages (with tools) as the model would read them.

        Raises:
            InvalidRequestError: neither or both are given, or the messages do not suit the model.
            ModelNotFoundError: no model has this name.
        """
        body = json_body(with_model(dict(locals()), self._connection.options.model))
        return await self._connection.call(TOKENIZE, body, timeout=timeout)

    async def decode(
        self, tokens: Sequence[int], *, model: str | None = None, timeout: float | httpx.Timeout | None = None
    ) -> Detokenized:
        """The text of token ids. Raises InvalidRequestError for an id that the model does not have."""
        body = json_body(with_model(dict(locals()), self._connection.options.model))
        return await self._connection.call(DETOKENIZE, body, timeout=timeout)
