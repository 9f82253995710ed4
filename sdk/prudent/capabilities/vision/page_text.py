"""Read lines to a page: put upright in thought, ordered, joined, with their places. Knows no model."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from prudent.capabilities.vision.directions import Line, main_direction
from prudent.capabilities.vision.layout import Block, Row, paragraphs, vertical_paragraphs
from prudent.capabilities.vision.quads import Quad, angle
from prudent.capabilities.vision.recognition import Reading
from prudent.capabilities.vision.scripts import languages_of
from prudent.types.reading import Polygon, TextLine, TextPage, TextWord

_LEAST_CONFIDENCE: Final = 0.5
"""RapidOCR's: what is read with less is most often no text."""

_ONE_LINE: Final = 0.6
"""Gap in heights up to which two boxes of a row are one line."""

_STEEP: Final = 45.0
_DIGITS: Final = 4


def page_text(lines: Sequence[Line], width: int, height: int, *, words: bool = False) -> TextPage:
    """The page of these lines. `words` adds the words of each line."""
    kept = [line for line in lines if line.reading.confidence >= _LEAST_CONFIDENCE]
    angles = [angle(line.quad) for line in kept]
    quarters = main_direction(kept, angles)
    ordered = _ordered(kept, angles, quarters)
    found: list[TextLine] = []
    text = ""
    for number, paragraph in enumerate(ordered):
        text += "\n\n" if number else ""
        for place, row in enumerate(paragraph):
            text += "\n" if place else ""
            for column, pieces in enumerate(row):
                text += "\t" if column else ""
                line = _line([kept[index] for index in pieces], len(text), number, words)
                found.append(line)
                text += line.text
    return TextPage(
        text=text,
        lines=found,
        width=width,
        height=height,
        orientation=quarters * 90,
        languages=languages_of(line.text for line in found),
    )


def _ordered(lines: Sequence[Line], angles: Sequence[float], quarters: int) -> list[list[list[Row]]]:
    """Paragraphs of rows of lines of boxes, by index: first what runs as most of the page, then the rest."""
    along = [i for i, line in enumerate(lines) if not line.stacked and _off(angles[i], quarters) < _STEEP]
    stacked = [i for i, line in enumerate(lines) if line.stacked]
    others = [i for i in range(len(lines)) if i not in set(along) | set(stacked)]
    found: list[list[list[Row]]] = []
    vertical_first = sum(len(lines[i].reading.text) for i in stacked) > sum(
        len(lines[i].reading.text) for i in along
    )
    if stacked and vertical_first:
        found += _groups(lines, stacked, 0.0, vertical=True)
    if along:
        tilt = _tilt([lines[i] for i in along], [angles[i] for i in along], quarters)
        found += _groups(lines, along, 90.0 * quarters + tilt)
    if stacked and not vertical_first:
        found += _groups(lines, stacked, 0.0, vertical=True)
    for quarter in range(4):
        members = [i for i in others if round(angles[i] / 90) % 4 == quarter]
        if members:
            found += _groups(lines, members, 90.0 * quarter)
    return found


def _groups(
    lines: Sequence[Line], members: list[int], degrees: float, *, vertical: bool = False
) -> list[list[list[Row]]]:
    """Paragraphs of some lines, seen from a direction."""
    blocks = [_block(lines[index].quad, degrees) for index in members]
    order = vertical_paragraphs(blocks) if vertical else paragraphs(blocks)
    return [
        [[[members[i] for i in piece] for piece in _pieces(row, blocks)] for row in rows] for rows in order
    ]


def _pieces(row: Row, blocks: Sequence[Block]) -> list[Row]:
    """A row's boxes, those without a gap between them together."""
    pieces = [[row[0]]]
    for before, index in itertools.pairwise(row):
        gap = blocks[index].left - blocks[before].right
        if gap <= _ONE_LINE * min(blocks[index].height, blocks[before].height):
            pieces[-1].append(index)
        else:
            pieces.append([index])
    return pieces


def _off(degrees: float, quarters: int) -> float:
    """By how many degrees a direction is off another."""
    return abs((degrees - 90.0 * quarters + 180.0) % 360.0 - 180.0)


def _tilt(lines: Sequence[Line], angles: Sequence[float], quarters: int) -> float:
    """The page's tilt in degrees: the median of the lines, longer ones counting more."""
    off = [(degrees - 90.0 * quarters + 180.0) % 360.0 - 180.0 for degrees in angles]
    weights = [len(line.reading.text) for line in lines]
    passed = 0
    for degrees, weight in sorted(zip(off, weights, strict=True)):
        passed += weight
        if 2 * passed >= sum(weights):
            return degrees
    return 0.0


def _block(quad: Quad, degrees: float) -> Block:
    """The quad's extent after the page was turned back by an angle."""
    radians = math.radians(-degrees)
    turn = np.array([[math.cos(radians), -math.sin(radians)], [math.sin(radians), math.cos(radians)]])
    points = quad.astype(float) @ turn.T
    # The middles of the edges: of a box that leans more than its neighbours the corners stick out.
    start, end = points[[0, 3]].mean(axis=0), points[[1, 2]].mean(axis=0)
    upper, lower = points[[0, 1]].mean(axis=0), points[[2, 3]].mean(axis=0)
    edges = np.stack([start, end, upper, lower])
    left, top = edges.min(axis=0)
    right, bottom = edges.max(axis=0)
    return Block(float(left), float(top), float(right), float(bottom))


def _line(boxes: Sequence[Line], offset: int, paragraph: int, words: bool) -> TextLine:
    first = boxes[0]
    quad = first.quad if len(boxes) == 1 else _around(boxes)
    text = " ".join(box.reading.text.strip() for box in boxes)
    probabilities = [value for box in boxes for value in box.reading.probabilities]
    return TextLine(
        text=text,
        offset=offset,
        paragraph=paragraph,
        polygon=_polygon(quad),
        confidence=round(sum(probabilities) / len(probabilities), _DIGITS),
        angle=round(angle(quad), 1) if not first.stacked else 90.0,
        vertical=first.stacked,
        words=[word for box in boxes for word in _words(box.quad, box.reading)] if words else None,
    )


def _around(boxes: Sequence[Line]) -> Quad:
    """From the first one's beginning to the last one's end."""
    first, last = boxes[0].quad, boxes[-1].quad
    return np.stack([first[0], last[1], last[2], first[3]])


def _polygon(quad: NDArray[np.floating]) -> Polygon:
    return [(round(float(x), 1), round(float(y), 1)) for x, y in quad]


def _words(quad: Quad, reading: Reading) -> list[TextWord]:
    found: list[TextWord] = []
    start = 0
    for word in reading.text.split(" "):
        end = start + len(word)
        if word:
            left = _between(reading.places, start - 1, start)
            right = _between(reading.places, end - 1, end)
            probabilities = reading.probabilities[start:end]
            confidence = round(sum(probabilities) / len(probabilities), _DIGITS)
            polygon = _polygon(_part(quad, left, right))
            found.append(TextWord(text=word, confidence=confidence, polygon=polygon))
        start = end + 1
    return found


def _between(places: Sequence[float], before: int, after: int) -> float:
    """Where one character ends and the next begins."""
    left = places[before] if before >= 0 else 0.0
    right = places[after] if after < len(places) else 1.0
    if before < 0:
        return 0.0
    return 1.0 if after >= len(places) else (left + right) / 2


def _part(quad: Quad, left: float, right: float) -> NDArray[np.floating]:
    """The part of a quad between two shares of its length."""
    upper, lower = quad[1] - quad[0], quad[2] - quad[3]
    return np.stack(
        [quad[0] + upper * left, quad[0] + upper * right, quad[3] + lower * right, quad[3] + lower * left]
    )
