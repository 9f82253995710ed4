"""What the guard needs of a model that says what an image shows. Knows no runtime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from prudent.capabilities.interface.capability import Capability
from prudent.types.vision import Tag

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class ImageClassifierService(Protocol):
    """A loaded classifier. Its methods block, and are safe to call from several threads."""

    @property
    def id(self) -> str:
        """Its name in the catalog."""
        ...

    def classify(self, pixels: NDArray[np.uint8], *, top_k: int) -> list[Tag]:
        """The most probable classes, best first, of an image (height, width, 3), red green blue."""
        ...

    def features(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """What a small classifier of one's own can be trained on: (images, F)."""
        ...


CLASSIFICATION: Capability[ImageClassifierService] = Capability("vision.classify", "efficientnet-lite0")
