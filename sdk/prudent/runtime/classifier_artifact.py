"""A compiled image classifier on disk: what the compiler writes and `ImageClassifier` reads.

    <folder>/
      model.onnx       the graph, weights inside
      config.json      ClassifierConfig
      card.json        Card; written last, so a folder without it is not a model

The graph's input and outputs (B images of S x S pixels):

    pixels    uint8   (B, 3, S, S)  red, green, blue
    logits    float32 (B, classes)
    features  float32 (B, F)        the last layer but one, averaged over the image
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from prudent.runtime.artifact import Artifact


class ClassifierConfig(BaseModel):
    """What the classifier wants to see and what its answers mean.

    The image's shorter side is scaled to `resize` pixels and the middle `size` x `size` cut out. `labels`
    are the classes by index.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    family: str
    size: int = Field(ge=1, le=4096)
    resize: int = Field(ge=1, le=4096)
    features: int = Field(ge=1)
    labels: list[str] = Field(min_length=2)


class ClassifierArtifact(Artifact[ClassifierConfig]):
    """A compiled classifier's folder."""

    def __init__(self, folder: Path) -> None:
        """Open it. Raises as `Artifact`."""
        super().__init__(folder, ClassifierConfig)
