"""What is transcribed: up to 30 seconds of sound as log-mel features. Knows no file and no model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FRAMES_PER_SECOND = 100
WINDOW_FRAMES = 3000
"""Frames that Whisper sees at most: 30 seconds."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of sound that is decoded as one.

    `features` is float32 (80, frames), frames from 1 to 3000, one every 10 ms and not padded: log-mel as
    Whisper wants it, (max(log10 mel, its maximum over the window - 8) + 4) / 4. `offset` is where the window
    begins in the recording, in seconds; all times of its transcript count from the recording's beginning.
    """

    features: NDArray[np.float32]
    offset: float = 0.0

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.features.shape[1] / FRAMES_PER_SECOND
