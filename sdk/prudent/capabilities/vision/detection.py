"""Where text is on a page: differentiable binarisation's map of probabilities to four-cornered boxes.

After Liao et al., "Real-time Scene Text Detection with Differentiable Binarization" (2020), with
PaddleOCR's thresholds. A box is a rotated rectangle, so that growing it back needs no polygon clipping.
Knows the detector's graph; nothing of what the text says.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from prudent.capabilities.vision.print_left import has_more_print
from prudent.capabilities.vision.quads import Pixels, Quad, from_rotated_rectangle, resized, sides

_cv: Any = cast("Any", cv2)

INPUT: Final = "pixels"
_MULTIPLE: Final = 32
"""The network halves its input five times."""

_MARGIN: Final = 16
"""Pixels of repeated edge on each side: text that touches the edge is found as well."""

_THRESHOLD: Final = 0.3
_BOX_THRESHOLD: Final = 0.5
_GROWTH: Final = 1.6
"""PaddleOCR's: how likely a pixel and the mean of a box must be, and how far shrunken text is grown."""

_LEAST_SIDE: Final = 3.0
MAX_BOXES: Final = 4000
"""Boxes on one page; a page of 4,000 words has fewer, and noise may have any number."""

_TILE: Final = 960
_OVERLAP: Final = 64
_SMALL_PRINT: Final = 13.0
_READABLE: Final = 22.0
"""Height in pixels of the map below which boxes merge or are missed, and which tiles aim at."""

_SMALL_SHARE: Final = 0.2
_SECOND_LOOK: Final = 2.2
_WORTH_IT: Final = 1.2
_MAX_TILES: Final = 30
_STRIP_SHARE: Final = 0.3
"""Of a tile's area: what a strip is shrunk to at least, however long it is."""

_LEAST_STRUCTURE: Final = 12
"""Levels between the darkest and the lightest pixel of a tile: with fewer it is empty."""

_LABEL_SIDE: Final = 480
_LABEL_HEIGHT: Final = 96
_LEAST_CONTRAST: Final = 48
"""A picture that may be one line of text."""


class Graph(Protocol):
    """The detector: uint8 (1, 3, H, W) to float32 (1, 1, H, W), H and W multiples of 32."""

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities that a pixel is text."""
        ...


@dataclass(frozen=True, slots=True)
class Box:
    """A piece of text and how sure the detector is (0-1)."""

    quad: Quad
    score: float


def detect(image: Pixels, graph: Graph) -> list[Box]:
    """Boxes of text, in no order.

    The page is first seen whole with its longer side at most 960 pixels (a long strip at more), never
    enlarged. Where small print may have been lost by shrinking it, it is seen once more in overlapping
    tiles, whose maps are joined before boxes are drawn. A small picture on which nothing is found is taken
    for one line.
    """
    height, width = image.shape[:2]
    strip = math.sqrt(_STRIP_SHARE * _TILE**2 / (height * width))
    scale = min(1.0, max(_TILE / max(height, width), strip))
    boxes = _boxes(_map(image, scale, graph), image, scale)
    finer = _finer_scale(boxes, scale, image)
    if finer is not None:
        again = _boxes(_map(image, finer, graph), image, finer)
        boxes = _with_missing(again, boxes)
    if not boxes and max(height, width) <= _LABEL_SIDE and min(height, width) <= _LABEL_HEIGHT:
        return _whole(image)
    return boxes


def _finer_scale(boxes: list[Box], scale: float, image: Pixels) -> float | None:
    """The scale at which small print would be readable, where that is worth a second look."""
    if scale >= 1.0:
        return None
    heights = sorted(min(sides(box.quad)) * scale for box in boxes)
    small = heights[int(len(heights) * _SMALL_SHARE)] if heights else None
    if small is not None and small < _SMALL_PRINT:
        wanted = scale * _READABLE / small
    elif not boxes or has_more_print(image, [box.quad for box in boxes]):
        wanted = scale * _SECOND_LOOK
    else:
        return None
    height, width = image.shape[:2]
    within = math.sqrt(_MAX_TILES * (_TILE - _OVERLAP) ** 2 / (height * width))
    finer = min(1.0, wanted, within)
    return finer if finer > scale * _WORTH_IT else None


def _whole(image: Pixels) -> list[Box]:
    """The picture as one box, if there is anything on it."""
    if int(image.max()) - int(image.min()) < _LEAST_CONTRAST:
        return []
    height, width = image.shape[:2]
    return [Box(np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32), 0.0)]


def _with_missing(boxes: list[Box], others: list[Box]) -> list[Box]:
    """`boxes`, and those of `others` whose middle none of them holds (print too large for a tile)."""
    kept = list(boxes)
    for other in others:
        middle = tuple(float(value) for value in other.quad.mean(axis=0))
        if not any(_cv.pointPolygonTest(box.quad, middle, False) >= 0 for box in boxes):
            kept.append(other)
    return kept


def _map(image: Pixels, scale: float, graph: Graph) -> NDArray[np.uint8]:
    """Probabilities in 255ths at a scale of the image, tile by tile."""
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    small = resized(image, width, height)
    whole = np.zeros((height, width), np.uint8)
    for top, bottom in _spans(height):
        for left, right in _spans(width):
            tile = small[top:bottom, left:right]
            if int(tile.max()) - int(tile.min()) < _LEAST_STRUCTURE:
                continue
            piece = _probabilities(tile, graph)
            # The outermost pixels of a tile lack the context of their neighbours.
            y0 = top + (_OVERLAP // 2 if top else 0)
            x0 = left + (_OVERLAP // 2 if left else 0)
            target = whole[y0:bottom, x0:right]
            target[:] = piece[y0 - top :, x0 - left :]
    return whole


def _spans(length: int) -> list[tuple[int, int]]:
    """Overlapping spans of at most a tile that cover a side."""
    if length <= _TILE:
        return [(0, length)]
    count = math.ceil((length - _OVERLAP) / (_TILE - _OVERLAP))
    starts = [round(index * (length - _TILE) / (count - 1)) for index in range(count)]
    return [(start, start + _TILE) for start in starts]


def _probabilities(tile: Pixels, graph: Graph) -> NDArray[np.uint8]:
    height, width = tile.shape[:2]
    bottom = _padded(height) - height - _MARGIN
    right = _padded(width) - width - _MARGIN
    padded = _cv.copyMakeBorder(tile, _MARGIN, bottom, _MARGIN, right, _cv.BORDER_REPLICATE)
    planes = np.ascontiguousarray(padded.transpose(2, 0, 1))[np.newaxis]
    probabilities = graph(planes)[0, 0, _MARGIN : _MARGIN + height, _MARGIN : _MARGIN + width]
    return np.rint(probabilities * 255).astype(np.uint8)


def _padded(side: int) -> int:
    return math.ceil((side + 2 * _MARGIN) / _MULTIPLE) * _MULTIPLE


def _boxes(probabilities: NDArray[np.uint8], image: Pixels, scale: float) -> list[Box]:
    """Rotated rectangles around what is likely text, grown to the letters' size, in the image's pixels."""
    mask = (probabilities > _THRESHOLD * 255).astype(np.uint8)
    mask = _cv.dilate(mask, np.ones((2, 2), np.uint8))
    contours, _ = _cv.findContours(mask, _cv.RETR_LIST, _cv.CHAIN_APPROX_SIMPLE)
    if len(contours) > MAX_BOXES:
        contours = sorted(contours, key=_cv.contourArea, reverse=True)[:MAX_BOXES]
    found: list[Box] = []
    limit = np.array([image.shape[1], image.shape[0]], np.float32)
    for contour in contours:
        center, size, degrees = _cv.minAreaRect(contour)
        if min(size) < _LEAST_SIDE:
            continue
        score = _score(probabilities, from_rotated_rectangle(center, size, degrees))
        if score < _BOX_THRESHOLD:
            continue
        grown = size[0] * size[1] * _GROWTH / (size[0] + size[1])
        quad = from_rotated_rectangle(center, (size[0] + grown, size[1] + grown), degrees)
        quad = np.clip(quad / np.float32(scale), 0, limit).astype(np.float32)
        if min(sides(quad)) > _LEAST_SIDE:
            found.append(Box(quad, score))
    return found


def _score(probabilities: NDArray[np.uint8], quad: Quad) -> float:
    """Mean probability inside."""
    height, width = probabilities.shape
    low = np.clip(np.floor(quad.min(axis=0)).astype(int), 0, (width - 1, height - 1))
    high = np.clip(np.ceil(quad.max(axis=0)).astype(int), 0, (width - 1, height - 1))
    inside = np.zeros((high[1] - low[1] + 1, high[0] - low[0] + 1), np.uint8)
    _cv.fillPoly(inside, (quad - low).astype(np.int32)[np.newaxis], 1)
    piece = probabilities[low[1] : high[1] + 1, low[0] : high[0] + 1]
    return float(_cv.mean(piece, inside)[0]) / 255.0
