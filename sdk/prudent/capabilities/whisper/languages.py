"""Which language is spoken, from the logits after the start of a transcript. Knows no graph."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from prudent.capabilities.whisper.transcript import DetectedLanguage


def detect(logits: NDArray[np.float32], languages: dict[str, int]) -> DetectedLanguage:
    """The language of windows of one recording: their probabilities' mean. Logits (windows, vocab_size)."""
    chosen = logits[:, list(languages.values())].astype(np.float64)
    shares = np.exp(chosen - chosen.max(-1, keepdims=True))
    shares /= shares.sum(-1, keepdims=True)
    mean = dict(zip(languages, shares.mean(0).tolist(), strict=True))
    best = max(mean, key=lambda code: mean[code])
    return DetectedLanguage(best, mean[best], mean)
