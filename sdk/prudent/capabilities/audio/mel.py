"""Samples to log-mel features as Whisper was trained on them. Knows no file, no window and no model.

The definition is that of OpenAI's `whisper/audio.py`: a Hann window of 400 samples (periodic), a hop of 160,
frames centred by reflecting 200 samples at the ends, the power of 201 frequencies, 80 triangular filters on
Slaney's mel scale, each of area one, log10, no more than 8 below the maximum, then (x + 4) / 4.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE: Final = 16_000
MEL_BINS: Final = 80
HOP: Final = 160
"""Samples from one frame to the next: 10 ms."""

_WINDOW = 400
_FLOOR = 1e-10
_RANGE = 8.0

# Slaney's mel scale (Auditory Toolbox, 1998): linear to 1000 Hz, 15 mel a kHz; above it logarithmic.
_LINEAR_HZ_PER_MEL = 200.0 / 3
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _LINEAR_HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27.0

_BATCH_FRAMES = 512
"""Frames that are transformed at a time: their windows stay in the processor's cache."""


def log_mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Features float32 (80, ceil(samples / 160)) of mono samples at 16 kHz, within -1..1.

    The sound is taken to be followed by silence, as in Whisper's padded window; the frames of that silence
    are not given out.
    """
    frames = -(-len(samples) // HOP)
    if frames == 0:
        return np.empty((MEL_BINS, 0), np.float32)
    mel = np.empty((MEL_BINS, frames), np.float32)
    windows = _windows(samples, frames)
    window, filters = _hann(), mel_filters()
    for start in range(0, frames, _BATCH_FRAMES):
        batch = windows[start : start + _BATCH_FRAMES] * window
        spectrum = np.fft.rfft(batch, axis=1)
        power = spectrum.real**2 + spectrum.imag**2
        np.matmul(filters, power.astype(np.float32, copy=False).T, out=mel[:, start : start + len(batch)])
    np.maximum(mel, _FLOOR, out=mel)
    np.log10(mel, out=mel)
    np.maximum(mel, mel.max() - _RANGE, out=mel)
    mel += 4.0
    mel /= 4.0
    return mel


def _windows(samples: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """The samples under each frame's window, (frames, 400), as a view."""
    half = _WINDOW // 2
    needed = (frames - 1) * HOP + _WINDOW
    padded = np.zeros(max(needed, half + len(samples)), np.float32)
    padded[half : half + len(samples)] = samples
    # What is reflected at the beginning; a sound shorter than that is followed by silence.
    reflected = padded[half + 1 : 2 * half + 1]
    padded[half - len(reflected) : half] = reflected[::-1]
    view = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)
    return view[::HOP][:frames]


@lru_cache(maxsize=1)
def _hann() -> NDArray[np.float32]:
    angle = 2 * np.pi * np.arange(_WINDOW) / _WINDOW
    return (0.5 - 0.5 * np.cos(angle)).astype(np.float32)


@lru_cache(maxsize=1)
def mel_filters() -> NDArray[np.float32]:
    """The filters, float32 (80, 201), each a triangle of area one over frequency."""
    frequencies = np.linspace(0, SAMPLE_RATE / 2, _WINDOW // 2 + 1)
    edges = _hertz(np.linspace(0, _mel(SAMPLE_RATE / 2), MEL_BINS + 2))
    rising = (frequencies - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - frequencies) / np.diff(edges)[1:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    areas = 2.0 / (edges[2:] - edges[:-2])
    return (triangles * areas[:, None]).astype(np.float32)


def _mel(hertz: float) -> float:
    if hertz < _BREAK_HZ:
        return hertz / _LINEAR_HZ_PER_MEL
    return float(_BREAK_MEL + np.log(hertz / _BREAK_HZ) / _LOG_STEP)


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _BREAK_HZ * np.exp(_LOG_STEP * (np.maximum(mel, _BREAK_MEL) - _BREAK_MEL))
    return np.where(mel < _BREAK_MEL, mel * _LINEAR_HZ_PER_MEL, above)
