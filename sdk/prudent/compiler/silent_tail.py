"""What Whisper's encoder computes for a window without sound: kept beside the graphs, read at run time.

It runs the float32 encoder; knows nothing of which positions are used afterwards.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prudent.compiler.transcriber_plan import MELS, POSITIONS, TranscriberPlan
from prudent.runtime.session import Session


def silent_features(plan: TranscriberPlan, frames: int) -> dict[str, NDArray[np.float32]]:
    """Inputs of the encoder for `frames` frames of zeros and nothing after them."""
    nothing = np.zeros((1, 0, plan.hidden_size), np.float32)
    feeds: dict[str, NDArray[np.float32]] = {
        f"tail_{part}_{layer.index}": nothing for layer in plan.sound_layers for part in ("key", "value")
    }
    feeds["features"] = np.zeros((1, MELS, frames), np.float32)
    feeds["score_bias"] = np.zeros((1, 1, 1, frames // 2), np.float32)
    return feeds


def write_silent_tail(encoder: Session, plan: TranscriberPlan, path: Path) -> None:
    """Run an encoder with taps over a whole window of zeros and keep all keys and values, as float16.

    The encoder's layers come first, then the decoder's.
    """
    names = [
        [f"tap_{part}_{layer.index}" for layer in plan.sound_layers]
        + [f"cross_{part}_{layer.index}" for layer in plan.text_layers]
        for part in ("key", "value")
    ]
    results = encoder.run(silent_features(plan, 2 * POSITIONS), names[0] + names[1])
    rows = [_rows(array[0], plan.hidden_size) for array in results]
    layers = len(names[0])
    np.save(path, np.stack([rows[:layers], rows[layers:]]).astype(np.float16), allow_pickle=False)


def _rows(array: NDArray[np.float32], hidden: int) -> NDArray[np.float32]:
    """(positions, hidden) as it is, (heads, positions, head_dim) brought to it."""
    return array if array.ndim == 2 else array.transpose(1, 0, 2).reshape(-1, hidden)
