"""A compiled encoder on disk: what the compiler writes and embeddings are made with. Knows neither of them.

    <folder>/
      model.onnx       the graph
      model.data       weights, external and memory-mapped
      config.json      EncoderConfig
      tokenizer.json   read and written by prudent.tokenizer
      card.json        Card; written last, so a folder without it is not a model

The graph's inputs and output (B texts, S tokens of the longest):

    input_ids  int64   (B, S)            right-padded; what stands in the padding does not matter
    lengths    int32   (B)               tokens of each text, at least 1
    embedding  float32 (B, hidden_size)  of length 1
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from prudent.runtime.artifact import Artifact


class EncoderConfig(BaseModel):
    """The dimensions of an encoder, and what it wants to see before a query and before a passage."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    family: str
    layers: int
    heads: int
    hidden_size: int
    vocab_size: int
    max_tokens: int
    tokenizer: Literal["unigram", "wordpiece"]
    query_prefix: str
    passage_prefix: str


class EncoderArtifact(Artifact[EncoderConfig]):
    """A compiled encoder's folder."""

    def __init__(self, folder: Path) -> None:
        """Open it. Raises as `Artifact`."""
        super().__init__(folder, EncoderConfig)
