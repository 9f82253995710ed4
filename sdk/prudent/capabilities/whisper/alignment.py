"""When each token was spoken, from where the alignment heads look. Pure numpy; knows no text.

The method of OpenAI's whisper/timing.py: scores over the sound's positions, softmax, normalised over the
tokens, smoothed by a median of 7 positions, averaged over heads, and the cheapest monotonic path through.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

MEDIAN_WIDTH = 7


def token_positions(queries: NDArray[np.float32], keys: NDArray[np.float32]) -> NDArray[np.int64]:
    """The position at which each row begins: int64 (rows), never going back.

    Args:
        queries: (tokens, heads, head_dim) of every token read, the first ones of the prompt included.
        keys: (heads, positions, head_dim) of the sound, without silence after it.
    """
    scores = np.matmul(queries.transpose(1, 0, 2), keys.transpose(0, 2, 1)) / math.sqrt(keys.shape[-1])
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    deviation = weights.std(-2, keepdims=True)
    weights = (weights - weights.mean(-2, keepdims=True)) / np.maximum(deviation, np.finfo(np.float32).tiny)
    return weights_to_positions(_median(weights).mean(0))


def weights_to_positions(weights: NDArray[np.float32]) -> NDArray[np.int64]:
    """The first position of each row on the path that gathers the most weight, given (rows, positions)."""
    rows, columns = _path(-weights)
    first = np.searchsorted(rows, np.arange(len(weights)))
    return columns[first]


def _median(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """The median over 7 neighbouring positions, the ends reflected; fewer positions are left as they are."""
    half = MEDIAN_WIDTH // 2
    if weights.shape[-1] <= half:
        return weights
    padded = np.pad(weights, ((0, 0), (0, 0), (half, half)), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, MEDIAN_WIDTH, axis=-1)
    return np.partition(windows, half, axis=-1)[..., half]


def _path(cost: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Dynamic time warping over (rows, columns): the path's rows and columns, from first to last.

    Diagonal by diagonal, since everything on one depends on the two before it only.
    """
    rows, columns = len(cost), int(cost.shape[1])
    total = np.full((rows + 1, columns + 1), np.inf, np.float64)
    total[0, 0] = 0.0
    origin = np.zeros((rows + 1, columns + 1), np.int8)
    for diagonal in range(2, rows + columns + 1):
        first, last = max(1, diagonal - columns), min(rows, diagonal - 1)
        i = np.arange(first, last + 1, dtype=np.int64)
        j = diagonal - i
        before = np.stack([total[i - 1, j - 1], total[i - 1, j], total[i, j - 1]])
        chosen = before.argmin(0)
        total[i, j] = cost[i - 1, j - 1] + before[chosen, np.arange(len(i))]
        origin[i, j] = chosen
    return _walk_back(origin)


def _walk_back(origin: NDArray[np.int8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    path: list[tuple[int, int]] = []
    row, column = origin.shape[0] - 1, origin.shape[1] - 1
    while row > 0 and column > 0:
        path.append((row - 1, column - 1))
        step = int(origin[row, column])
        row, column = row - (step != 2), column - (step != 1)
    points = np.array(path[::-1], np.int64)
    return points[:, 0], points[:, 1]
