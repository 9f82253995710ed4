"""What Whisper's encoder computes for the silence after speech: kept beside the graphs, read at run time.

It runs the float32 encoder; knows nothing of which positions are used afterwards.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prudent.compiler.transcriber_plan import MELS, POSITIONS, TranscriberPlan
from prudent.compiler.transcriber_speech import CalibrationSpeech
from prudent.runtime.session import Session

_SPEECH = slice(20, 110)
"""Frames of 10 ms taken from each utterance, whose first 0.2 s are silent."""


def silent_features(plan: TranscriberPlan, frames: int) -> dict[str, NDArray[np.float32]]:
    """Inputs of the encoder for `frames` frames of zeros and nothing after them."""
    nothing = np.zeros((1, 0, plan.hidden_size), np.float32)
    feeds: dict[str, NDArray[np.float32]] = {
        f"tail_{part}_{layer.index}": nothing for layer in plan.sound_layers for part in ("key", "value")
    }
    feeds["features"] = np.zeros((1, MELS, frames), np.float32)
    feeds["score_bias"] = np.zeros((1, 1, 1, frames // 2), np.float32)
    return feeds


def write_silent_tail(encoder: Session, plan: TranscriberPlan, speech: CalibrationSpeech, path: Path) -> None:
    """Run an encoder with taps over windows that begin with a second of speech; keep the mean, as float16.

    A window without any sound would not do: its keys say that nobody spoke, and decoding believes them (the
    probability of silence in a 5 s clip of Chinese rose from 0.1 to 0.5, errors of base in other languages by
    a tenth). The encoder's layers come first, then the decoder's.
    """
    names = [
        [f"tap_{part}_{layer.index}" for layer in plan.sound_layers]
        + [f"cross_{part}_{layer.index}" for layer in plan.text_layers]
        for part in ("key", "value")
    ]
    layers = len(names[0])
    total = np.zeros((2, layers, POSITIONS, plan.hidden_size), np.float32)
    for utterance in speech.utterances:
        feeds = silent_features(plan, 2 * POSITIONS)
        spoken = utterance.features[:, _SPEECH]
        feeds["features"][0, :, : spoken.shape[1]] = spoken
        results = encoder.run(feeds, names[0] + names[1])
        rows = [_rows(array[0], plan.hidden_size) for array in results]
        total += np.stack([np.stack(rows[:layers]), np.stack(rows[layers:])])
    mean = total / np.float32(len(speech.utterances))
    np.save(path, mean.astype(np.float16), allow_pickle=False)


def _rows(array: NDArray[np.float32], hidden: int) -> NDArray[np.float32]:
    """(positions, hidden) as it is, (heads, positions, head_dim) brought to it."""
    return array if array.ndim == 2 else array.transpose(1, 0, 2).reshape(-1, hidden)
