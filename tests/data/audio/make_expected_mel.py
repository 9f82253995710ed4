"""Write expected_mel.npz with faster-whisper's feature extractor; needs the extra bench."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor

RATE = 16_000
EVERY = 8
HOP = 160


def signal() -> np.ndarray:
    """A chirp with a little noise, 2 s and some samples long."""
    random = np.random.default_rng(7)
    seconds = np.arange(2 * RATE + 137) / RATE
    chirp = 0.2 * np.sin(2 * np.pi * (200 + 900 * seconds) * seconds)
    return (chirp + 0.01 * random.normal(size=len(seconds))).astype(np.float32)


if __name__ == "__main__":
    sound = signal()
    features = FeatureExtractor()(np.pad(sound, (0, 30 * RATE - len(sound))), padding=0)
    frames = -(-len(sound) // HOP)
    np.savez_compressed(
        Path(__file__).with_name("expected_mel.npz"),
        features=features[:, :frames][:, ::EVERY].astype(np.float16),
        frames=frames,
    )
