"""A compiled Whisper on disk: what the compiler writes and transcription reads. Knows neither of them.

<folder>/
  config.json      TranscriberConfig
  card.json        Card; written last, so a folder without it is not a model
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from prudent.runtime.artifact import Artifact, Size


class TranscriberConfig(BaseModel):
    """The dimensions of a Whisper model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    family: str
    vocab_size: Size

    @property
    def multilingual(self) -> bool:
        """Whether it knows more than English."""
        return self.vocab_size >= MULTILINGUAL_VOCABULARY


MULTILINGUAL_VOCABULARY = 51_865
"""Ids of the smallest multilingual Whisper; English-only ones have one fewer."""


class TranscriberArtifact(Artifact[TranscriberConfig]):
    """A compiled Whisper's folder."""

    def __init__(self, folder: Path) -> None:
        """Open it. Raises as `Artifact`."""
        super().__init__(folder, TranscriberConfig)
