"""What the guard needs of a model that says how severe an image is. Knows no runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from prudent.capabilities.interface.capability import Capability
from prudent.types.vision import ImageSeverity

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class ImageSafetyService(Protocol):
    """A loaded scorer. Its methods block, and are safe to call from several threads."""

    @property
    def id(self) -> str:
        """Its name in the catalog."""
        ...

    def assess(self, pixels: NDArray[np.uint8]) -> dict[str, ImageSeverity]:
        """Severities by category of an image (height, width, 3), red green blue."""
        ...


IMAGE_SAFETY: Capability[ImageSafetyService] = Capability("vision.safety", "open-nsfw")
