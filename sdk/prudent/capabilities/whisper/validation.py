"""Whether windows and options can be worked with at all. Knows no model."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from prudent.capabilities.whisper.options import DecodeOptions
from prudent.capabilities.whisper.window import WINDOW_FRAMES, Window
from prudent.errors import InvalidRequestError

MELS = 80
MAX_BATCH = 64


def require_sane(windows: Sequence[Window], options: DecodeOptions) -> None:
    """Return where all is well.

    Raises:
        InvalidRequestError: what is not, by name.
    """
    for window in windows:
        shape = window.features.shape
        if len(shape) != 2 or shape[0] != MELS or not 0 < shape[1] <= WINDOW_FRAMES:
            raise InvalidRequestError(
                f"A window's features have the shape {shape}, not ({MELS}, 1 to {WINDOW_FRAMES}).",
                param="file",
            )
        if window.features.dtype != np.float32 or not np.isfinite(window.features).all():
            raise InvalidRequestError("A window's features are not finite float32 numbers.", param="file")
    if not options.temperatures or not all(0.0 <= t <= 1.0 for t in options.temperatures):
        raise InvalidRequestError(
            "Temperatures are numbers from 0 to 1, at least one of them.", param="temperature"
        )
    if not 1 <= options.batch <= MAX_BATCH:
        raise InvalidRequestError(f"A batch has 1 to {MAX_BATCH} windows.", param="batch")
    if options.max_tokens is not None and options.max_tokens < 1:
        raise InvalidRequestError("A window has at least 1 token.", param="max_tokens")
    limits = (options.compression_ratio_limit, options.logprob_limit, options.no_speech_limit)
    if any(map(math.isnan, limits)):
        raise InvalidRequestError("A limit of decoding is no number.", param="temperature")
