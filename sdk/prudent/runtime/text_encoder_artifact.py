"""A compiled text encoder on disk: its heads score texts and tag tokens. Files as in `artifact`.

The graph's inputs and outputs (B texts, S tokens of the longest):

    input_ids  int64   (B, S)            right-padded; what stands in the padding does not matter
    lengths    int32   (B)               tokens of each text, at least 1
    logits     float32 (B, labels)
    tags       float32 (B, S, tags)

Where the config has `lower_layers`, the graph ends after so many layers, and a second one goes on from there:

    states     float32 (B, S, hidden)    output of the first, input of the second, which has `lengths` as well
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from prudent.runtime.artifact import Artifact

UPPER_GRAPH_FILE = "upper.onnx"


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
    lower_layers: int | None = None


class TextEncoderArtifact(Artifact[TextEncoderConfig]):
    """A compiled text encoder's folder."""

    def __init__(self, folder: Path) -> None:
        """Open it. Raises as `Artifact`."""
        super().__init__(folder, TextEncoderConfig)

    @property
    def upper_graph(self) -> Path | None:
        """The second graph; None where the first is the whole."""
        return None if self.config.lower_layers is None else self.graph.with_name(UPPER_GRAPH_FILE)
