"""What classifiers need of the models below them: vectors of texts, vectors of images. Knows no head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from prudent.capabilities.interface.capability import Capability

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from prudent.runtime.artifact import Card


class Encoder(Protocol):
    """What a loaded model of any kind says of itself."""

    @property
    def id(self) -> str:
        """Its name in the catalog."""
        ...

    @property
    def card(self) -> Card:
        """Its sources and how exact it is."""
        ...


class TextEncoder(Encoder, Protocol):
    """A loaded embedding model."""

    def embed(self, texts: Sequence[str], *, kind: Literal["query", "passage"]) -> NDArray[np.float32]:
        """A vector for each text (texts, size). Raises ContextLengthError for one that is too long."""
        ...


class ImageEncoder(Encoder, Protocol):
    """A loaded image classifier."""

    def features(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """A vector for each image (images, size), from RGB pixels (height, width, 3)."""
        ...


TEXT_VECTORS: Capability[TextEncoder] = Capability("embeddings", default="multilingual-e5-small")
IMAGE_VECTORS: Capability[ImageEncoder] = Capability("vision.classify", default="efficientnet-lite0")
