"""The sentences on which a compiled voice is calibrated and compared, as frames and latents. Knows no
storage.

They were written for prudent; their phonemes are espeak-ng's. The first half sets the ranges of bytes, the
second is what the compiled voice is measured on.
"""

from __future__ import annotations

import hashlib
import importlib.resources
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, TypeAdapter

from prudent.compiler.readers.piper import FloatArray
from prudent.runtime.session import Session, SessionOptions, Spinning, open_session
from prudent.runtime.speaker_artifact import SpeakerConfig
from prudent.runtime.speaker_frames import Manner, draw_frames, rhythm_noise

_SEED = 7


class _Sentence(BaseModel):
    text: str
    phonemes: str


_SENTENCES = TypeAdapter(list[_Sentence])


@dataclass(frozen=True, slots=True)
class SentenceFrames:
    """Frames (1, T, C) of each sentence, and the hash of what they were made from."""

    calibration: Sequence[FloatArray]
    measured: Sequence[FloatArray]
    sha256: str


def sentence_frames(encoder: Path, config: SpeakerConfig) -> SentenceFrames:
    """Say the sentences as far as the flow, each with noise from a fixed seed.

    Raises:
        ModelFileError: the encoder is damaged.
    """
    file = importlib.resources.files("prudent.compiler.calibration") / "phonemes.json"
    data = file.read_bytes()
    session = quiet_session(encoder)
    frames = [
        _frames(session, config.ids_of(sentence.phonemes), config, _SEED + index)
        for index, sentence in enumerate(_SENTENCES.validate_json(data))
    ]
    half = len(frames) // 2
    return SentenceFrames(frames[:half], frames[half:], hashlib.sha256(data).hexdigest())


def quiet_session(graph: Path) -> Session:
    """A session whose threads do not spin beside other work."""
    return open_session(graph, SessionOptions(spinning=Spinning.NEVER))


def _frames(session: Session, ids: list[int], config: SpeakerConfig, seed: int) -> FloatArray:
    random = np.random.default_rng(seed)
    manner = Manner(config.noise, config.rhythm_noise, config.length)
    feeds = {
        "ids": np.array([ids], np.int64),
        "length": np.array([len(ids)], np.int64),
        "noise": rhythm_noise(len(ids), manner, random),
    }
    mean, log_scale, log_duration = session.run(feeds, ["mean", "log_scale", "log_duration"])
    return draw_frames(mean, log_scale, log_duration, manner, random)
