"""Which way each piece of text runs: rightwards, upside down, up or down the page, or letter above letter.

Decided by how sure the recogniser is, since no classifier of directions knows all of these. It is asked
again only where it was not sure. Knows boxes and readings; no graph and no order of lines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from prudent.capabilities.vision.quads import Pixels, Quad, cut_out, sides, turned
from prudent.capabilities.vision.recognition import LINE_HEIGHT, Reading
from prudent.capabilities.vision.stacked import unstacked
from prudent.errors import RequestTooLargeError

Recognize = Callable[[Sequence[Pixels]], list[Reading]]

_SURE: Final = 0.8
"""A confidence below this asks for a second look from another side."""

_BETTER: Final = 0.05
_TALL: Final = 1.5
_MAYBE_ONE_CHARACTER: Final = 2.6
"""Height in widths from which a box runs along the page's height, and up to which it may be one upright 1."""

_VERTICAL: Final = 0.8
"""Share of the probabilities of turned lines that those of single letters must reach."""

MOST_COLUMNS: Final = 600_000
"""Columns of all lines at the recogniser's height: five times a page of A4 full of small print, a minute's
work on two cores."""

_SAMPLE: Final = 6
_TALL_SAMPLE: Final = 4


@dataclass(frozen=True, slots=True)
class Line:
    """A read piece of text; the quad's upper edge points where it runs. `stacked`: letter above letter."""

    quad: Quad
    reading: Reading
    score: float
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class _Way:
    """A way to look at a box: turned by quarters, or letter by letter."""

    quarters: int
    stacked: bool = False


_UPRIGHT, _DOWN, _UPSIDE_DOWN, _UP = (_Way(quarters) for quarters in range(4))
_STACKED = _Way(1, stacked=True)


def read_boxes(
    image: Pixels, quads: Sequence[Quad], scores: Sequence[float], recognize: Recognize
) -> list[Line]:
    """Read every box, the way it runs. Boxes that say nothing are left out.

    Raises:
        RequestTooLargeError: there is more text than is read at a time.
    """
    columns = sum(LINE_HEIGHT * max(sides(quad)) / max(1.0, min(sides(quad))) for quad in quads)
    if columns > MOST_COLUMNS:
        raise RequestTooLargeError(
            "The page has more text than is read at a time.", hint="Cut it into pieces.", param="image"
        )
    reader = _Reader(image, quads, recognize)
    tall = [index for index, quad in enumerate(quads) if _slenderness(quad) >= _TALL]
    wide = [index for index, quad in enumerate(quads) if _slenderness(quad) < _TALL]
    reader.read_wide(wide)
    reader.read_tall(tall)
    lines: list[Line] = []
    for index, (quad, score) in enumerate(zip(quads, scores, strict=True)):
        reading, way = reader.best[index]
        if reading.text.strip():
            lines.append(Line(turned(quad, way.quarters), reading, score, way.stacked))
    return lines


def _slenderness(quad: Quad) -> float:
    width, height = sides(quad)
    return height / max(width, 1.0)


class _Reader:
    """`best` has for each box read so far the surest reading and the way that gave it."""

    def __init__(self, image: Pixels, quads: Sequence[Quad], recognize: Recognize) -> None:
        self._image = image
        self._quads = quads
        self._recognize = recognize
        self.best: dict[int, tuple[Reading, _Way]] = {}

    def read_wide(self, boxes: Sequence[int]) -> None:
        """Lines: a few of the widest tell whether the page is upside down."""
        widest = sorted(boxes, key=lambda index: -sides(self._quads[index])[0])
        sample, rest = widest[:_SAMPLE], widest[_SAMPLE:]
        self._try(sample, _UPRIGHT)
        self._try(self._unsure(sample), _UPSIDE_DOWN)
        flipped = self._weight(sample, _UPSIDE_DOWN) > self._weight(sample, _UPRIGHT)
        first, second = (_UPSIDE_DOWN, _UPRIGHT) if flipped else (_UPRIGHT, _UPSIDE_DOWN)
        self._try(rest, first)
        self._try(self._unsure(rest), second)

    def read_tall(self, boxes: Sequence[int]) -> None:
        """Turned lines and vertical print: the most slender boxes tell which of them the page has.

        The recogniser knows vertical print that lies on its side as well, so what counts is whether it can
        read the letters one by one; the surer reading is kept.
        """
        slender = sorted(boxes, key=lambda index: -_slenderness(self._quads[index]))
        sample, rest = slender[:_TALL_SAMPLE], slender[_TALL_SAMPLE:]
        weights = {_DOWN: self._try(sample, _DOWN), _UP: self._try(self._unsure(sample), _UP)}
        weights[_STACKED] = self._try(sample, _STACKED) if self._may_be_stacked(sample) else 0.0
        order = sorted(weights, key=lambda way: -weights[way])
        vertical = weights[_STACKED] >= _VERTICAL * max(weights[_DOWN], weights[_UP]) > 0
        if vertical:
            order = [_STACKED, _DOWN]
        for way in order:
            self._try(self._unsure(rest), way)
        maybe_one = [i for i in boxes if _slenderness(self._quads[i]) < _MAYBE_ONE_CHARACTER]
        self._try(maybe_one, _UPRIGHT)
        for index in boxes if vertical else ():
            reading, way = self.best[index]
            self.best[index] = reading, _STACKED if way == _DOWN else way

    def _may_be_stacked(self, boxes: Sequence[int]) -> bool:
        """Not where turned lines were read surely, in letters that are not set one above the other."""
        surely = (self.best[i][0].text for i in boxes if self.best[i][0].confidence >= _SURE)
        return not all(text.isascii() for text in surely) or bool(self._unsure(boxes))

    def _unsure(self, boxes: Sequence[int]) -> list[int]:
        return [i for i in boxes if i not in self.best or self.best[i][0].confidence < _SURE]

    def _weight(self, boxes: Sequence[int], way: _Way) -> float:
        """Characters read this way, each by its probability."""
        chosen = (self.best[index] for index in boxes if index in self.best)
        return sum(sum(reading.probabilities) for reading, by in chosen if by == way)

    def _try(self, boxes: Sequence[int], way: _Way) -> float:
        """Read boxes in a way; kept where it is surer than before. Gives the sum of all probabilities."""
        pieces: list[Pixels] = []
        for index in boxes:
            piece = cut_out(self._image, turned(self._quads[index], 0 if way.stacked else way.quarters))
            pieces.append(unstacked(piece) if way.stacked else piece)
        readings = self._recognize(pieces)
        for index, reading in zip(boxes, readings, strict=True):
            known = self.best.get(index)
            if known is None or reading.confidence > known[0].confidence + _BETTER:
                self.best[index] = reading, way
        return sum(sum(reading.probabilities) for reading in readings)


def main_direction(lines: Sequence[Line], angles: Sequence[float]) -> int:
    """Quarters of a turn clockwise by which most characters run off from rightwards."""
    weights = np.zeros(4)
    for line, degrees in zip(lines, angles, strict=True):
        quarter = 0 if line.stacked else round(degrees / 90) % 4
        weights[quarter] += len(line.reading.text)
    return int(weights.argmax()) if len(lines) else 0
