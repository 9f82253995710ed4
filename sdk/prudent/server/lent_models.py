"""The checks' models, and the server's own chat models lent to checks that have one read. Loads nothing.

A check that names a chat model gets the one that answers requests too, out of the same pool: it is in memory
once, and waits its turn like any request.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from prudent.capabilities.interface import Models
from prudent.errors import ServiceUnavailableError
from prudent_responsible_ai.grounding.reader import Reader
from prudent_responsible_ai.leased_reader import Home, LeasedReader
from prudent_responsible_ai.setup import SafetyModels

if TYPE_CHECKING:
    from prudent.capabilities.embeddings import EmbeddingModel
    from prudent_responsible_ai.text_encoder import TextEncoder


class LentModels:
    """SafetyModels with the chat models of a pool, from when the loop that the pool lives in runs."""

    def __init__(self, own: SafetyModels, pool: Models) -> None:
        """`own` has all other models."""
        self._own = own
        self._pool = pool
        self._loop: asyncio.AbstractEventLoop | None = None

    def begin(self) -> None:
        """To be called in the pool's loop when it runs."""
        self._loop = asyncio.get_running_loop()

    def encoder(self) -> TextEncoder:
        """See `SafetyModels`."""
        return self._own.encoder()

    def embedder(self) -> EmbeddingModel:
        """See `SafetyModels`."""
        return self._own.embedder()

    def reader(self, name: str) -> Reader:
        """A chat model of the pool; checks may be made before the loop runs."""
        return LeasedReader(self._home, name)

    def _home(self) -> Home:
        if self._loop is None:
            raise ServiceUnavailableError("The server has not begun: it has no model yet that reads.")
        return self._pool, self._loop
