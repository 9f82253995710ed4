"""A compiled scorer of explicit images on disk: what the compiler writes and `ImageSafetyModel` reads.

    <folder>/
      model.onnx       the graph, weights inside
      config.json      ImageSafetyConfig
      card.json        Card; written last, so a folder without it is not a model

The graph's input and output (B images of S x S pixels):

    pixels  uint8   (B, 3, S, S)  red, green, blue
    scores  float32 (B, 2)        probability that the image is harmless, and that it is explicit
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from prudent.runtime.artifact import Artifact


class ImageSafetyConfig(BaseModel):
    """What the scorer wants to see: the image scaled to `resize` x `resize` whatever its shape, and of that
    the middle `size` x `size`.

    `levels` are the scores from which an image has severity 1, 2, up to 7 in `category`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    family: str
    category: str
    size: int = Field(ge=1, le=4096)
    resize: int = Field(ge=1, le=4096)
    levels: list[float] = Field(min_length=7, max_length=7)


class ImageSafetyArtifact(Artifact[ImageSafetyConfig]):
    """A compiled scorer's folder."""

    def __init__(self, folder: Path) -> None:
        """Open it. Raises as `Artifact`."""
        super().__init__(folder, ImageSafetyConfig)
