"""Tells an answer that goes round in a circle: small models fall into loops that nothing ends but a limit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LONGEST = 1024
"""Tokens of what is repeated, at most."""
LEAST_TOKENS, LEAST_ROUNDS = 192, 3
"""What the same words again must come to: so many tokens, and so many rounds. Nobody reads on until then."""
EVERY = 32
"""Tokens between two looks, which take some 0.1 ms."""
_ALIKE = 16
"""Tokens at the end whose earlier places tell how long a round can be."""


def goes_round(tokens: Sequence[int]) -> bool:
    """Whether the tokens end in the same ones over and over, exactly."""
    if len(tokens) < LEAST_TOKENS or len(tokens) % EVERY:
        return False
    tail = np.array(tokens[-LONGEST * LEAST_ROUNDS :], np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(tail, _ALIKE)
    places = np.flatnonzero((windows == tail[-_ALIKE:]).all(axis=1))
    for place in places[-2::-1].tolist():
        period = len(windows) - 1 - place
        seen = tail[-max(LEAST_TOKENS, LEAST_ROUNDS * period) :]
        if period > LONGEST or len(seen) < LEAST_ROUNDS * period:
            return False
        if np.array_equal(seen[period:], seen[:-period]):
            return True
    return False
