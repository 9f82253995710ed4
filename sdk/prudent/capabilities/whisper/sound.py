"""Windows of features to what the decoder looks at. Knows the encoder's graph; no tokens.

One window at a time, since each has a length of its own; two cores are busy with one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prudent.capabilities.whisper.options import WindowMode
from prudent.capabilities.whisper.tail import SilentTail, TailPositions, Thinning, tail_positions
from prudent.capabilities.whisper.window import WINDOW_FRAMES, Window
from prudent.runtime.session import Session
from prudent.runtime.transcriber_artifact import TranscriberConfig

MASKED = -1e9
"""Added to the scores of positions that are no sound: their weight becomes 0."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A window as the decoder looks at it.

    `keys` and `values` have an array (heads, S, head_dim) for each layer, of the S positions that were
    computed; `tail` says what follows them. `positions` is how many of S are sound, the others being silence.
    """

    keys: tuple[NDArray[np.float32], ...]
    values: tuple[NDArray[np.float32], ...]
    tail: TailPositions
    positions: int

    @property
    def length(self) -> int:
        """Positions to look at."""
        return self.keys[0].shape[1] + len(self.tail.indices)


@dataclass(frozen=True, slots=True)
class CrossArrays:
    """Sounds side by side: `arrays` by name of the decoder's input, `bias` float32 (B, 1, 1, C)."""

    arrays: dict[str, NDArray[np.float32]]
    bias: NDArray[np.float32]


class SoundEncoder:
    """An open encoder. One thread at a time."""

    def __init__(
        self, session: Session, tail: SilentTail, config: TranscriberConfig, thinning: Thinning
    ) -> None:
        self._session = session
        self._tail = tail
        self._config = config
        self._thinning = thinning
        self._outputs = [
            f"cross_{part}_{layer}" for layer in range(config.decoder_layers) for part in ("key", "value")
        ]

    def encode(self, window: Window, mode: WindowMode) -> Sound:
        """Run the encoder over one window."""
        config = self._config
        positions = -(-window.features.shape[1] // 2)
        computed = config.positions
        if mode == "thin":
            thinning = self._thinning
            computed = min(computed, max(positions + thinning.margin, thinning.least))
        tail = tail_positions(computed, config.positions, self._thinning)
        features = np.zeros((1, config.mels, 2 * computed), np.float32)
        features[0, :, : window.features.shape[1]] = window.features
        bias = np.concatenate([np.zeros(computed, np.float32), tail.bias]).reshape(1, 1, 1, -1)
        feeds = {"features": features, "score_bias": bias}
        for layer in range(config.encoder_layers):
            keys, values = self._tail.at(layer, tail.indices)
            feeds |= {f"tail_key_{layer}": keys[None], f"tail_value_{layer}": values[None]}
        results = self._session.run(feeds, self._outputs)
        return Sound(
            tuple(array[0] for array in results[0::2]),
            tuple(array[0] for array in results[1::2]),
            tail,
            min(positions, WINDOW_FRAMES // 2),
        )

    def side_by_side(self, sounds: Sequence[Sound]) -> CrossArrays:
        """The decoder's inputs for these sounds, each followed by its tail; what is shorter is masked."""
        config = self._config
        longest = max(sound.length for sound in sounds)
        shape = (len(sounds), config.heads, longest, config.head_dim)
        arrays: dict[str, NDArray[np.float32]] = {}
        for layer in range(config.decoder_layers):
            keys, values = np.empty(shape, np.float32), np.empty(shape, np.float32)
            for row, sound in enumerate(sounds):
                tails = self._tail.at(config.encoder_layers + layer, sound.tail.indices)
                own = sound.keys[layer].shape[1]
                for whole, mine, tail in ((keys, sound.keys, tails[0]), (values, sound.values, tails[1])):
                    whole[row, :, :own] = mine[layer]
                    whole[row, :, own : sound.length] = _heads(tail, config.heads)
                    whole[row, :, sound.length :] = 0.0
            arrays |= {f"cross_key_{layer}": keys, f"cross_value_{layer}": values}
        bias = np.full((len(sounds), 1, 1, longest), MASKED, np.float32)
        for row, sound in enumerate(sounds):
            own = sound.keys[0].shape[1]
            bias[row, 0, 0, :own] = 0.0
            bias[row, 0, 0, own : sound.length] = sound.tail.bias
        return CrossArrays(arrays, bias)


def _heads(rows: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """(positions, hidden_size) to (heads, positions, head_dim)."""
    return rows.reshape(len(rows), heads, rows.shape[1] // heads).transpose(1, 0, 2)
