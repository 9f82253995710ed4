"""A compiled voice activity detector on disk: what the compiler writes and `VoiceActivityModel` reads.

    <folder>/
      model.onnx       the graph
      model.data       weights, external and memory-mapped
      config.json      VoiceActivityConfig
      card.json        Card; written last, so a folder without it is not a model

The graph's inputs and outputs (T windows of 32 ms at 16 kHz, in order):

    windows        float32 (T, 576)     the last 64 samples before a window, and its 512
    state          float32 (2, 1, 128)  zeros at the beginning, then the last run's next_state
    probabilities  float32 (T)          that somebody speaks in the window
    next_state     float32 (2, 1, 128)
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from prudent.runtime.artifact import Artifact

WINDOW = 512
"""Samples of a window."""

CONTEXT = 64
"""Samples before a window that the network sees as well."""

HIDDEN = 128
"""Size of the recurrent cell."""


class VoiceActivityConfig(BaseModel):
    """What the detector wants to hear."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    family: str
    sample_rate: int


class VoiceActivityArtifact(Artifact[VoiceActivityConfig]):
    """A compiled detector's folder."""

    def __init__(self, folder: Path) -> None:
        """Open it. Raises as `Artifact`."""
        super().__init__(folder, VoiceActivityConfig)
