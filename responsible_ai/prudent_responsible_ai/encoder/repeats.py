"""Takes out the repeats of repeated tokens, and remembers where each was. Knows ids and no text.

A text that says one thing over and over is like none that the encoder learnt from, and what it scores then
means nothing; it also pads attacks. Two repeats say that something is repeated, and that is all there is to
know.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LONGEST_PERIOD = 6
"""Tokens of the longest sequence whose repeats are taken out."""
REPEATS = 2
"""So many repeats are kept, with the beginning of a last one that was cut short."""


def without_repeats(ids: Sequence[int]) -> tuple[list[int], NDArray[np.intp]]:
    """The ids with two repeats of whatever stands there more often, and for each old id its place in them.

    The place of an id that was taken out is that of the same id in the second repeat.
    """
    short = np.asarray(ids, np.int64)
    places = np.arange(len(short))
    for period in range(1, LONGEST_PERIOD + 1):
        while runs := _runs(short, period):
            stays = np.arange(len(short))
            for start, end in runs:
                kept = start + REPEATS * period + (end - start) % period
                stays[kept:end] = start + period + (np.arange(kept, end) - start) % period
            left = stays == np.arange(len(short))
            places = (np.cumsum(left) - 1)[stays][places]
            short = short[left]
    return short.tolist(), places


def _runs(ids: NDArray[np.int64], period: int) -> list[tuple[int, int]]:
    """Where [start, end) something of `period` ids stands more than twice, one run after the other.

    Of two that overlap the first alone may be among them.
    """
    same = ids[period:] == ids[:-period]
    if np.count_nonzero(same) < REPEATS * period:
        return []
    edges = np.flatnonzero(np.diff(same, prepend=False, append=False))
    found: list[tuple[int, int]] = []
    for start, end in zip(edges[::2].tolist(), (edges[1::2] + period).tolist(), strict=True):
        first = max(start, found[-1][1]) if found else start
        if end - first >= (REPEATS + 1) * period:
            found.append((first, end))
    return found
