"""`client.models`: what the server can answer with."""

from __future__ import annotations

import httpx

from prudent.client.connection import AsyncConnection, Connection
from prudent.types.models import LIST_MODELS, RETRIEVE_MODEL, Model, ModelList


class Models:
    """Lists the models of the catalog and looks one up."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, *, timeout: float | httpx.Timeout | None = None) -> ModelList:
        """Return all models that the server knows, with the state of each."""
        return self._connection.call(LIST_MODELS, timeout=timeout)

    def retrieve(self, model: str, *, timeout: float | httpx.Timeout | None = None) -> Model:
        """Return one model; where it has been compiled, with its card.

        Raises:
            ModelNotFoundError: no model has this name; the message offers the nearest.
        """
        return self._connection.call(RETRIEVE_MODEL, timeout=timeout, model=model)


class AsyncModels:
    """Lists the models of the catalog and looks one up."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def list(self, *, timeout: float | httpx.Timeout | None = None) -> ModelList:
        """Return all models that the server knows, with the state of each."""
        return await self._connection.call(LIST_MODELS, timeout=timeout)

    async def retrieve(self, model: str, *, timeout: float | httpx.Timeout | None = None) -> Model:
        """Return one model; where it has been compiled, with its card.

        Raises:
            ModelNotFoundError: no model has this name; the message offers the nearest.
        """
        return await self._connection.call(RETRIEVE_MODEL, timeout=timeout, model=model)
