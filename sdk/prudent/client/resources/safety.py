"""`client.safety`: what the checks say of texts, images and sounds, and what the policy would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from prudent.client.body import json_body
from prudent.client.connection import AsyncConnection, Connection
from prudent.client.content import as_parts
from prudent.types.safety_check import (
    CHECK_SAFETY,
    ImageToCheck,
    PartToCheck,
    SafetyCheck,
    SoundToCheck,
)

Parts = str | Sequence[str | PartToCheck | ImageToCheck | SoundToCheck | Mapping[str, Any]]
"""A text of the user, or parts: texts of the user, `{"text": ..., "source": ...}`, `{"image": ...}` with what
`client.vision` takes, `{"audio": ...}` with what `client.audio` takes, or parts of the OpenAI API."""


class Safety:
    """Verdicts without a model: nothing is generated, nothing is refused."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def check(
        self,
        input: Parts,
        *,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> SafetyCheck:
        """What the checks find in each part, and what the policy in force would do with it.

        Raises:
            InvalidRequestError: a part is wrong, or there is no such file.
            RateLimitError, ServiceUnavailableError, ConnectionFailedError: after the retries.
        """
        body = json_body({"input": as_parts(input), "user": user, "metadata": metadata})
        return self._connection.call(CHECK_SAFETY, body, timeout=timeout)


class AsyncSafety:
    """Verdicts without a model: nothing is generated, nothing is refused."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def check(
        self,
        input: Parts,
        *,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> SafetyCheck:
        """What the checks find in each part, and what the policy in force would do with it.

        Raises:
            InvalidRequestError: a part is wrong, or there is no such file.
            RateLimitError, ServiceUnavailableError, ConnectionFailedError: after the retries.
        """
        body = json_body({"input": as_parts(input), "user": user, "metadata": metadata})
        return await self._connection.call(CHECK_SAFETY, body, timeout=timeout)
