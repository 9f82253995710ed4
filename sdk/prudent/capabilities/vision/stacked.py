"""Vertical print, letter above letter, to a line of the same letters side by side. Knows no model.

A recogniser of lines reads such letters well and a column of them badly.
"""

from __future__ import annotations

import itertools
from typing import Any, Final, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from prudent.capabilities.vision.quads import Pixels

_cv: Any = cast("Any", cv2)

_FULL: Final = 1.12
"""Height in letter widths up to which two strokes belong to one letter."""

_TWO: Final = 1.6
"""Height in letter widths from which a run of ink is more than one letter."""

_AROUND: Final = 0.12
"""Margin around each letter, in letter widths."""

_LEAST_CONTRAST: Final = 12.0


def unstacked(column: Pixels) -> Pixels:
    """Letters of the column from top to bottom, put from left to right on the column's own ground."""
    ink = _ink(column)
    across = np.flatnonzero(ink.any(axis=0))
    if not len(across):
        return column
    width = int(across[-1] - across[0] + 1)
    cells = _letters(np.asarray(ink.any(axis=1)), width)
    ground = np.median(column.reshape(-1, 3), axis=0).astype(np.uint8)
    margin = max(1, round(width * _AROUND))
    side = width + 2 * margin
    strip = np.empty((side, side * len(cells), 3), np.uint8)
    strip[:] = ground
    left = int(across[0])
    for place, (top, bottom) in enumerate(cells):
        letter = column[top:bottom, left : left + width]
        if letter.shape[0] > side:
            letter = _cv.resize(letter, (width, side))
        y = (side - letter.shape[0]) // 2
        x = place * side + margin
        strip[y : y + letter.shape[0], x : x + width] = letter
    return strip


def _ink(column: Pixels) -> NDArray[np.bool_]:
    """What differs from the ground, which is most of the column."""
    gray: NDArray[np.uint8] = _cv.cvtColor(column, _cv.COLOR_RGB2GRAY)
    limit, _ = _cv.threshold(gray, 0, 255, _cv.THRESH_BINARY | _cv.THRESH_OTSU)
    dark = gray <= limit
    if abs(float(gray[dark].mean()) - float(gray[~dark].mean()) if dark.any() and (~dark).any() else 0.0) < (
        _LEAST_CONTRAST
    ):
        return np.zeros(gray.shape, bool)
    return dark if dark.mean() <= 1 / 2 else ~dark


def _letters(rows: NDArray[np.bool_], width: int) -> list[tuple[int, int]]:
    """Spans of rows, one a letter: strokes near each other together, long runs apart."""
    edges = np.flatnonzero(np.diff(np.r_[False, rows, False].astype(np.int8)))
    runs = [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    merged: list[tuple[int, int]] = []
    for top, bottom in runs:
        if merged and bottom - merged[-1][0] <= width * _FULL:
            merged[-1] = (merged[-1][0], bottom)
        else:
            merged.append((top, bottom))
    letters: list[tuple[int, int]] = []
    for top, bottom in merged:
        count = max(1, round((bottom - top) / width)) if bottom - top > width * _TWO else 1
        cuts = np.linspace(top, bottom, count + 1).round().astype(int).tolist()
        letters += itertools.pairwise(cuts)
    return letters
