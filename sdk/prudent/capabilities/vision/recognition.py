"""What a line of text says: cut-outs of lines to characters, with places and probabilities.

Lines of equal width (in multiples of 32 columns) go through the recogniser together; none is padded to
another's width. Decoding is greedy CTC (Graves et al., 2006). Knows no page.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from prudent.capabilities.vision.quads import Pixels, resized

INPUT: Final = "pixels"
LINE_HEIGHT: Final = 48
_STEP: Final = 32
_BATCH_COLUMNS: Final = 2560
"""Columns in one run: more of them were no faster, and each takes some 70 kB in the wide last layer."""

MAX_LINE_COLUMNS: Final = 2560
"""A wider line is cut at its gaps; the recogniser was trained on lines far narrower than this."""

_PADDING: Final = 127
"""What the graph takes as zero."""

_BLANK: Final = 0


class Graph(Protocol):
    """The recogniser: uint8 (B, 3, 48, W), W a multiple of 32, to the best character of every column."""

    def __call__(self, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Indices (B, columns) of characters, 0 for none, and their probabilities."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What a line says; of every character its probability and the middle of its place (0-1 of the width)."""

    text: str
    probabilities: tuple[float, ...] = ()
    places: tuple[float, ...] = ()

    @property
    def confidence(self) -> float:
        """Mean probability of its characters; 0 where there is none."""
        return sum(self.probabilities) / len(self.probabilities) if self.probabilities else 0.0


def recognize(lines: Sequence[Pixels], graph: Graph, characters: Sequence[str]) -> list[Reading]:
    """Read every line; those too wide for one look are read in pieces."""
    pieces = [_pieces(line) for line in lines]
    flat = [piece for line in pieces for piece in line]
    readings = _recognize([_fitted(piece) for piece in flat], graph, characters)
    joined: list[Reading] = []
    start = 0
    for line in pieces:
        own = readings[start : start + len(line)]
        joined.append(own[0] if len(own) == 1 else _joined(own, [piece.shape[1] for piece in line]))
        start += len(line)
    return joined


def _fitted(line: Pixels) -> Pixels:
    height, width = line.shape[:2]
    return resized(line, max(1, math.ceil(LINE_HEIGHT * width / height)), LINE_HEIGHT)


def _recognize(lines: list[Pixels], graph: Graph, characters: Sequence[str]) -> list[Reading]:
    widths = [math.ceil(line.shape[1] / _STEP) * _STEP for line in lines]
    readings = [Reading("")] * len(lines)
    for batch in _batches(widths):
        pixels = np.full((len(batch), 3, LINE_HEIGHT, widths[batch[0]]), _PADDING, np.uint8)
        for row, index in enumerate(batch):
            pixels[row, :, :, : lines[index].shape[1]] = lines[index].transpose(2, 0, 1)
        best, probabilities = graph(pixels)
        for row, index in enumerate(batch):
            share = widths[index] / lines[index].shape[1]
            readings[index] = _decoded(best[row], probabilities[row], characters, share)
    return readings


def _batches(widths: list[int]) -> Iterator[list[int]]:
    """Indices of equal width, as many as fit the budget of columns."""
    by_width: dict[int, list[int]] = {}
    for index, width in enumerate(widths):
        by_width.setdefault(width, []).append(index)
    for width, indices in by_width.items():
        most = max(1, _BATCH_COLUMNS // width)
        for start in range(0, len(indices), most):
            yield indices[start : start + most]


def _decoded(
    best: NDArray[np.int64], probabilities: NDArray[np.float32], characters: Sequence[str], share: float
) -> Reading:
    """Repeats are one character, blanks are none. `share` is the padded width in the line's widths."""
    changed = np.empty(best.shape, bool)
    changed[0] = True
    changed[1:] = best[1:] != best[:-1]
    kept = np.flatnonzero(changed & (best != _BLANK))
    kept_best: list[int] = best[kept].tolist()
    places = np.clip((kept + 0.5) / len(best) * share, 0.0, 1.0)
    return Reading(
        "".join(characters[index] for index in kept_best),
        tuple(float(value) for value in probabilities[kept]),
        tuple(float(value) for value in places),
    )


def _pieces(line: Pixels) -> list[Pixels]:
    """The line, or its parts between gaps where it is too wide."""
    height, width = line.shape[:2]
    most = max(1, MAX_LINE_COLUMNS * height // LINE_HEIGHT)
    if width <= most:
        return [line]
    # A gap is where brightness changes least from the top to the bottom.
    ink = np.ptp(line.min(axis=2).astype(np.int16), axis=0)
    cuts = [0]
    while width - cuts[-1] > most:
        low, high = cuts[-1] + most // 2, cuts[-1] + most
        cuts.append(low + int(np.argmin(_smoothed(ink[low:high], max(1, height // 4)))))
    cuts.append(width)
    return [line[:, left:right] for left, right in itertools.pairwise(cuts)]


def _smoothed(values: NDArray[np.int16], width: int) -> NDArray[np.float64]:
    return np.convolve(values, np.ones(width) / width, mode="same")


def _joined(parts: Sequence[Reading], widths: Sequence[int]) -> Reading:
    total, start = sum(widths), 0
    text, probabilities, places = "", list[float](), list[float]()
    for part, width in zip(parts, widths, strict=True):
        text += part.text
        probabilities += part.probabilities
        places += [(start + place * width) / total for place in part.places]
        start += width
    return Reading(text, tuple(probabilities), tuple(places))
