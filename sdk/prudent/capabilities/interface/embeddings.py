"""What the guard needs of a model that makes vectors of texts. Knows no runtime."""

from __future__ import annotations

from typing import Protocol

from prudent.capabilities.interface.capability import Capability
from prudent.types.embeddings import EmbeddingList, EmbeddingRequest


class Embedder(Protocol):
    """A loaded model that makes vectors of texts."""

    @property
    def id(self) -> str:
        """Its name in the catalog."""
        ...

    async def create(self, request: EmbeddingRequest) -> EmbeddingList:
        """The vectors of a request's texts. Being cancelled takes what still waits out of the queue.

        Raises:
            InvalidRequestError: more dimensions are asked for than the model has.
            ContextLengthError: a text is too long and may not be cut; `param` names it.
            ServiceUnavailableError: the model was closed.
        """
        ...


EMBEDDINGS: Capability[Embedder] = Capability("embeddings", default="multilingual-e5-small")
