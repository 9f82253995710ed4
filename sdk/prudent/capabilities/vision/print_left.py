"""Whether a page has print outside the boxes that were found on it. Knows no model.

A detector that sees a large page shrunk finds the title and misses the notes. On paper what it missed can be
told: edges that no box explains. A photograph has edges everywhere, and no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from prudent.capabilities.vision.quads import Pixels, Quad

_cv: Any = cast("Any", cv2)

_SIDE: Final = 960
_PAPER: Final = 12
_PAPER_SHARE: Final = 0.6
"""Levels of grey around the most frequent one, and the share of pixels there that makes it paper."""

_EDGE: Final = 24.0
_LEAST_EDGES: Final = 400
_LEFT: Final = 0.25
"""Levels of the Laplacian that are an edge; how many pixels outside, and which share of all, are print."""


def has_more_print(image: Pixels, found: Sequence[Quad]) -> bool:
    """Whether the page is paper with more on it than in the boxes."""
    scale = min(1.0, _SIDE / max(image.shape[:2]))
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    gray: NDArray[np.uint8] = _cv.cvtColor(
        _cv.resize(image, size, interpolation=_cv.INTER_AREA), _cv.COLOR_RGB2GRAY
    )
    counts = np.bincount(gray.reshape(-1), minlength=256)
    paper = int(counts.argmax())
    if counts[max(0, paper - _PAPER) : paper + _PAPER + 1].sum() < _PAPER_SHARE * gray.size:
        return False
    edges = np.abs(_cv.Laplacian(gray, _cv.CV_32F)) > _EDGE
    outside = np.ones(gray.shape, np.uint8)
    for quad in found:
        _cv.fillPoly(outside, np.rint(quad * scale).astype(np.int32)[np.newaxis], 0)
    left = int(np.logical_and(edges, outside).sum())
    return left >= _LEAST_EDGES and left >= _LEFT * int(edges.sum())
