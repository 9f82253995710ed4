"""Times of tokens: the path is the cheapest there is, and follows a diagonal where one is drawn."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from prudent.capabilities.whisper.alignment import token_positions, weights_to_positions


def by_definition(cost):
    """Dynamic time warping as in whisper/timing.py's dtw_cpu."""
    rows, columns = cost.shape
    total, trace = np.full((rows + 1, columns + 1), np.inf), -np.ones((rows + 1, columns + 1))
    total[0, 0] = 0
    for j in range(1, columns + 1):
        for i in range(1, rows + 1):
            diagonal, above, left = total[i - 1, j - 1], total[i - 1, j], total[i, j - 1]
            if diagonal < above and diagonal < left:
                best, trace[i, j] = diagonal, 0
            elif above < diagonal and above < left:
                best, trace[i, j] = above, 1
            else:
                best, trace[i, j] = left, 2
            total[i, j] = cost[i - 1, j - 1] + best
    trace[0, :], trace[:, 0] = 2, 1
    path, i, j = [], rows, columns
    while i > 0 or j > 0:
        path.append((i - 1, j - 1))
        step = trace[i, j]
        i, j = i - (step != 2), j - (step != 1)
    first = {}
    for row, column in path[::-1]:
        first.setdefault(row, column)
    return [first[row] for row in range(rows)]


@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(1, 9), columns=st.integers(1, 24))
def test_positions_are_those_of_openais_path(seed, rows, columns):
    weights = np.random.default_rng(seed).normal(size=(rows, columns)).astype(np.float32)
    assert weights_to_positions(weights).tolist() == by_definition(-weights)


def test_heads_that_look_along_a_diagonal_give_its_times():
    positions, tokens, size = 120, 6, 64
    keys = np.zeros((2, positions, size), np.float32)
    keys[:, np.arange(positions), np.arange(positions) // 2] = 40.0
    queries = np.zeros((tokens, 2, size), np.float32)
    for token in range(tokens):
        queries[token, :, 10 * token : 10 * token + 10] = 10.0
    found = token_positions(queries, keys)
    assert np.abs(found - 20 * np.arange(tokens)).max() <= 3
