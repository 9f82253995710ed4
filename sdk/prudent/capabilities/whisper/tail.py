"""The silence that fills a window, from a cache: which of its positions stand for the rest. Knows no graph.

Whisper always sees 30 seconds and has learnt to end by seeing silence, so what follows the sound cannot be
left out; but its keys and values hardly depend on the sound. They are computed once, for windows that begin
with a second of speech and are zeros then. Of those after a sound the first few are kept, and after them one
in `stride`, counted `stride` times by adding log(stride) to its attention score.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prudent.errors import ModelFileError
from prudent.runtime.transcriber_artifact import TranscriberConfig


@dataclass(frozen=True, slots=True)
class Thinning:
    """Positions (20 ms each): computed after the sound, and in any case; kept of the tail; its stride."""

    margin: int = 50
    least: int = 300
    kept: int = 25
    stride: int = 32


@dataclass(frozen=True, slots=True)
class TailPositions:
    """Which positions stand for the tail, and what is added to their attention scores."""

    indices: NDArray[np.int64]
    bias: NDArray[np.float32]


def tail_positions(start: int, end: int, thinning: Thinning) -> TailPositions:
    """The tail from position `start` to `end`, thinned."""
    dense = np.arange(start, min(end, start + thinning.kept))
    sparse = np.arange(start + thinning.kept + thinning.stride // 2, end, thinning.stride)
    bias = np.zeros(len(dense) + len(sparse), np.float32)
    bias[len(dense) :] = math.log(thinning.stride)
    return TailPositions(np.concatenate([dense, sparse]), bias)


class SilentTail:
    """Keys and values of the silence after speech, for every layer of encoder and decoder."""

    def __init__(self, path: Path, config: TranscriberConfig) -> None:
        """Map the file.

        Raises:
            ModelFileError: it is missing or of another shape.
        """
        shape = (
            2,
            config.encoder_layers + config.decoder_layers,
            config.positions,
            config.hidden_size,
        )
        try:
            self._values: NDArray[np.float16] = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise ModelFileError(f"{path.name} cannot be read.", hint=_AGAIN) from error
        if self._values.shape != shape or self._values.dtype != np.float16:
            raise ModelFileError(f"{path.name} has the shape {self._values.shape}, not {shape}.", hint=_AGAIN)

    def at(self, layer: int, indices: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Keys and values, each (positions, hidden_size); the decoder's layers follow the encoder's."""
        keys, values = self._values[:, layer, indices].astype(np.float32)
        return keys, values


_AGAIN = "Remove the model's compiled folder; the next use compiles it again."
