"""`client.moderations`: which categories of harm texts and images fall into, in OpenAI's shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from prudent.client.body import json_body
from prudent.client.connection import AsyncConnection, Connection
from prudent.client.content import as_parts
from prudent.types.moderations import (
    CREATE_MODERATION,
    ModeratedImage,
    ModeratedText,
    ModerationModel,
    Moderations,
)

ModerationInput = str | Sequence[str] | Sequence[ModeratedText | ModeratedImage | Mapping[str, Any]]
"""A text; texts, each with a result of its own; or the parts of one input: `{"type": "text", "text": ...}`,
`{"image": ...}` with what `client.vision` takes, or parts of the OpenAI API."""


class ModerationCalls:
    """Categories and scores. Nothing is refused."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(
        self,
        *,
        input: ModerationInput,
        model: ModerationModel | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Moderations:
        """The categories of each input, with calibrated scores and the policy's verdicts beside them.

        Raises:
            InvalidRequestError: an input is wrong, or there is no such file.
            RateLimitError, ServiceUnavailableError, ConnectionFailedError: after the retries.
        """
        body = json_body(_parameters(input, model, user, metadata))
        return self._connection.call(CREATE_MODERATION, body, timeout=timeout)


class AsyncModerationCalls:
    """Categories and scores. Nothing is refused."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def create(
        self,
        *,
        input: ModerationInput,
        model: ModerationModel | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Moderations:
        """The categories of each input, with calibrated scores and the policy's verdicts beside them.

        Raises:
            InvalidRequestError: an input is wrong, or there is no such file.
            RateLimitError, ServiceUnavailableError, ConnectionFailedError: after the retries.
        """
        body = json_body(_parameters(input, model, user, metadata))
        return await self._connection.call(CREATE_MODERATION, body, timeout=timeout)


def _parameters(
    input: ModerationInput, model: str | None, user: str | None, metadata: Mapping[str, str] | None
) -> dict[str, Any]:
    given = as_parts(input)
    if not isinstance(input, str) and isinstance(given, list) and all(isinstance(one, str) for one in input):
        given = list(input)  # texts alone have a result each; as parts they would share one
    return {"input": given, "model": model, "user": user, "metadata": metadata}
