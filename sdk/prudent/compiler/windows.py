"""Calibration tokens cut into windows of equal length. Knows no model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LONGEST = 512
"""Tokens in a window at most: long enough for attention to matter, short enough for memory."""


@dataclass(frozen=True, slots=True)
class Windows:
    """`ids` is int64 (windows, length), padded with 0; `lengths` int64 (windows) says how much is text."""

    ids: NDArray[np.int64]
    lengths: NDArray[np.int64]

    @property
    def is_text(self) -> NDArray[np.bool_]:
        """Which ids are text and not padding: (windows, length)."""
        positions = np.arange(self.ids.shape[1], dtype=np.int64)
        return np.less(positions, self.lengths[:, None])

    @property
    def tokens(self) -> int:
        """Tokens of text in all windows."""
        return int(self.lengths.sum())


def cut_windows(tokens: list[int], longest: int = LONGEST) -> Windows:
    """As few windows as do not exceed `longest`, all of nearly one length, so that little is padding."""
    count = -(-len(tokens) // longest)
    length = -(-len(tokens) // count)
    ids = np.zeros((count, length), np.int64)
    ids.reshape(-1)[: len(tokens)] = tokens
    lengths = np.full(count, length)
    lengths[-1] = len(tokens) - (count - 1) * length
    return Windows(ids, lengths)
