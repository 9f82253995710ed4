"""Log-mel features against those of faster-whisper."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent.capabilities.audio.mel import HOP, MEL_BINS, log_mel

EXPECTED = Path(__file__).parents[3] / "data" / "audio" / "expected_mel.npz"
RATE = 16_000


def _signal() -> np.ndarray:
    """The one of make_expected_mel.py."""
    random = np.random.default_rng(7)
    seconds = np.arange(2 * RATE + 137) / RATE
    chirp = 0.2 * np.sin(2 * np.pi * (200 + 900 * seconds) * seconds)
    return (chirp + 0.01 * random.normal(size=len(seconds))).astype(np.float32)


def test_features_are_those_of_faster_whisper() -> None:
    expected = np.load(EXPECTED)
    made = log_mel(_signal())
    assert made.shape == (MEL_BINS, int(expected["frames"]))
    assert np.abs(made[:, ::8] - expected["features"].astype(np.float32)).max() < 2e-3  # float16's steps


@settings(max_examples=25, deadline=None)
@given(length=st.integers(0, 5000))
def test_every_length_has_a_frame_for_each_10_ms_begun(length: int) -> None:
    sound = np.random.default_rng(length).normal(size=length).astype(np.float32)
    made = log_mel(sound)
    assert made.shape == (MEL_BINS, -(-length // HOP))
    assert made.dtype == np.float32
    assert np.isfinite(made).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_lowest_value_is_two_below_the_highest_at_most(seed: int) -> None:
    random = np.random.default_rng(seed)
    made = log_mel((random.normal(size=3200) * random.uniform(0.001, 1)).astype(np.float32))
    assert made.max() - made.min() <= 2.0 + 1e-6
