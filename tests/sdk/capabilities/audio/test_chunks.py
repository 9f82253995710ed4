"""Chunks of a recording: where their parts stand, and what is left after a time in them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prudent.capabilities.audio.chunks import Chunk, Piece

RATE = 16_000


def chunk() -> Chunk:
    """Two seconds from the third second on, then three from the tenth on."""
    samples = np.arange(5 * RATE, dtype=np.float32)
    return Chunk(samples, (Piece(0, 3 * RATE, 2 * RATE), Piece(2 * RATE, 10 * RATE, 3 * RATE)))


@given(cut=st.floats(min_value=0.0, max_value=4.9), later=st.floats(min_value=0.0, max_value=1.0))
def test_what_is_left_keeps_its_times_and_samples(cut: float, later: float) -> None:
    whole = chunk()
    left = whole.after(cut)
    assert len(left.samples) == len(whole.samples) - int(cut * RATE)
    assert left.samples[0] == whole.samples[int(cut * RATE)]
    assert left.end == whole.end
    at = min(cut + later, whole.seconds)
    assert left.recording_time(at - cut) == pytest.approx(whole.recording_time(at), abs=2 / RATE) or (
        abs(at - 2.0) < 2 / RATE
    )


def test_what_is_left_in_a_later_part_knows_nothing_of_the_first() -> None:
    left = chunk().after(3.0)
    assert left.pieces == (Piece(0, 11 * RATE, 2 * RATE),)
    assert (left.start, left.end, left.seconds) == (11.0, 13.0, 2.0)
