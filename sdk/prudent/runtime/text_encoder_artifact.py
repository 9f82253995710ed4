"""A compiled text encoder on disk: its heads score texts and tag tokens. Files as in `artifact`.

The graph's inputs and outputs (B texts, S tokens of the longest):

    input_ids  int64   (B, S)            right-padded; what stands in the padding does not matter
    lengths    int32   (B)               tokens of each text, at least 1
    logits     float32 (B, labels)
    tags       float32 (B, S, tags)
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from prudent.runtime.artifact import Artifact


class TextEncoderConfig(BaseModel):
    """The dimensions of a text encoder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    family: str
    layers: int
    hidden_size: int
    vocab_size: int
    max_tokens: int
    labels: int
    tags: int


class TextEncoderArtifact(Artifact[TextEncoderConfig]):
    """A compiled text encoder's folder."""

    def __init__(self, folder: Path) -> None:
        """Open it. Raises as `Artifact`."""
        super().__init__(folder, TextEncoderConfig)
