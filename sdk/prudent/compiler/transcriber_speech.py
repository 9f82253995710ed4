"""Speech on which a compiled Whisper is compared with float32; its files ship with prudent. Knows no graph.

speech.npz holds log-mel features in 8 bits of three recordings in the public domain (an address of 1961 by a
president of the United States, two sentences of LibriVox by way of LJSpeech), speech.json what they say.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

_TEXTS = TypeAdapter(list[str])
_STEPS, _LOWEST = np.float32(80.0), np.float32(-1.5)
"""A stored value v stands for v / 80 - 1.5."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """Features float32 (80, frames) and the words in them."""

    features: NDArray[np.float32]
    text: str


@dataclass(frozen=True, slots=True)
class CalibrationSpeech:
    """The recordings, and the hash of their files."""

    utterances: tuple[Utterance, ...]
    sha256: str


def calibration_speech() -> CalibrationSpeech:
    """All of it, in a fixed order."""
    folder = importlib.resources.files("prudent.compiler.calibration")
    sound, words = (folder / "speech.npz").read_bytes(), (folder / "speech.json").read_bytes()
    with np.load(io.BytesIO(sound), allow_pickle=False) as arrays:
        features = [arrays[f"features_{i}"].astype(np.float32) / _STEPS + _LOWEST for i in range(len(arrays))]
    utterances = tuple(map(Utterance, features, _TEXTS.validate_json(words)))
    return CalibrationSpeech(utterances, hashlib.sha256(sound + words).hexdigest())
