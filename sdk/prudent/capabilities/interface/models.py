"""What the guard needs of a pool of models, as a protocol. Knows no kind of model."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from prudent.capabilities.interface.capability import Capability, ModelT
from prudent.types.models import Model


class Models(Protocol):
    """Models by name. All methods are for one event loop."""

    def lease(
        self, capability: Capability[ModelT], name: str | None = None
    ) -> AbstractAsyncContextManager[ModelT]:
        """Hold a model for the length of the block, loading it first where needed.

        `name` None takes the capability's default.

        Raises:
            ModelNotFoundError: no such model, or it is not here and may not be fetched.
            InvalidRequestError: the model has another capability.
            ServiceUnavailableError: the server is shutting down.
        """
        ...

    async def warm(self, names: Collection[str]) -> None:
        """Load models of any capability ahead of their first use. Raises as `lease` does."""
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
