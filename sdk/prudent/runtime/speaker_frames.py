"""What a voice's encoder says of its phonemes, drawn frame by frame. Knows no graph and no text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LONGEST_PHONEME = 512
"""Frames of one phoneme; a draw that makes one longer (6 s) is an accident, and is cut."""

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Manner:
    """How it is said: `noise` and `rhythm_noise` are how much sound and rhythm vary, `length` a factor
    of durations that is the voice's own, and `speed` 2 is twice as fast.
    """

    noise: float
    rhythm_noise: float
    length: float
    speed: float = 1.0


def rhythm_noise(phonemes: int, manner: Manner, random: np.random.Generator) -> FloatArray:
    """The encoder's noise (1, 2, phonemes)."""
    drawn = random.standard_normal((1, 2, phonemes), np.float32)
    return drawn * np.float32(manner.rhythm_noise)


def draw_frames(
    mean: FloatArray,
    log_scale: FloatArray,
    log_duration: FloatArray,
    manner: Manner,
    random: np.random.Generator,
) -> FloatArray:
    """Frames (1, T, C) out of the encoder's outputs (1, C, P), (1, C, P) and (1, 1, P).

    Each phoneme lasts its duration, rounded up; every frame is a draw of its own. At another speed it is the
    ends of phonemes that are rounded, so that the whole is as much shorter or longer as was asked for.
    """
    with np.errstate(over="ignore"):  # what overflows is cut
        lasting = np.ceil(np.exp(log_duration[0, 0]) * np.float32(manner.length))
    durations = np.clip(np.nan_to_num(lasting), 1, LONGEST_PHONEME).astype(np.int64)
    if manner.speed != 1:
        ends = np.rint(np.cumsum(durations) / manner.speed).astype(np.int64)
        durations = np.diff(ends, prepend=0)
    centres = np.repeat(mean[0].T, durations, axis=0)
    widths = np.exp(np.repeat(log_scale[0].T, durations, axis=0)) * np.float32(manner.noise)
    drawn = random.standard_normal(centres.shape, np.float32)
    return (centres + drawn * widths)[None].astype(np.float32)
