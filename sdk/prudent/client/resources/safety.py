"""`client.safety`: what the checks say of a text, and what the policy would do with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from prudent.client.body import json_body
from prudent.client.connection import AsyncConnection, Connection
from prudent.types.safety_check import CHECK_SAFETY, PartToCheck, SafetyCheck

Parts = str | Sequence[PartToCheck | Mapping[str, Any]]
"""A text of the user, or parts: each has `text`, and `source` where it is not the user's."""


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
            InvalidRequestError: a part is wrong.
            RateLimitError, ServiceUnavailableError, ConnectionFailedError: after the retries.
        """
        body = json_body({"input": input, "user": user, "metadata": metadata})
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
            InvalidRequestError: a part is wrong.
            RateLimitError, ServiceUnavailableError, ConnectionFailedError: after the retries.
        """
        body = json_body({"input": input, "user": user, "metadata": metadata})
        return await self._connection.call(CHECK_SAFETY, body, timeout=timeout)
