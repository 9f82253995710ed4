"""Four-cornered pieces of a page: their sides, angles and cut-outs. Knows no model and no text.

Corners are float32 (4, 2), x and y in pixels, clockwise as the text is read: start of the upper edge, its
end, end of the lower edge, its start. The upper edge points in the direction of reading.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray

Quad: TypeAlias = NDArray[np.float32]
Pixels: TypeAlias = NDArray[np.uint8]
"""(height, width, 3), red, green, blue."""

# The package's hints are loose; seen as Any, its untyped calls stay inside this file.
_cv: Any = cast("Any", cv2)

_STRAIGHT_PIXELS: Final = 1.0
"""A quad whose corners deviate less from a box is cut out without warping."""


def sides(quad: Quad) -> tuple[float, float]:
    """Width along the reading direction, and height; the longer one of each two edges."""
    width = max(np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[2] - quad[3]))
    height = max(np.linalg.norm(quad[3] - quad[0]), np.linalg.norm(quad[2] - quad[1]))
    return float(width), float(height)


def angle(quad: Quad) -> float:
    """Direction of reading in degrees, clockwise from rightwards, in [-180, 180)."""
    along = (quad[1] - quad[0]) + (quad[2] - quad[3])
    degrees = float(np.degrees(np.arctan2(along[1], along[0])))
    return (degrees + 180.0) % 360.0 - 180.0


def turned(quad: Quad, quarters: int) -> Quad:
    """The same place, read `quarters` of a turn further clockwise."""
    return np.roll(quad, -(quarters % 4), axis=0)


def from_rotated_rectangle(center: tuple[float, float], size: tuple[float, float], degrees: float) -> Quad:
    """Corners of OpenCV's rotated rectangle, read rightwards, or downwards where it is tall."""
    points = np.asarray(_cv.boxPoints((center, size, degrees)), np.float32)
    by_x = points[np.argsort(points[:, 0], kind="stable")]
    left, right = by_x[:2], by_x[2:]
    left = left[np.argsort(left[:, 1], kind="stable")]
    right = right[np.argsort(right[:, 1], kind="stable")]
    return np.stack([left[0], right[0], right[1], left[1]]).astype(np.float32)


def cut_out(image: Pixels, quad: Quad) -> Pixels:
    """The pixels inside, upright, at their own size (at least one pixel a side).

    Edges of the page are repeated where the quad reaches beyond them.
    """
    width, height = (max(1, round(side)) for side in sides(quad))
    x0, y0 = quad.min(axis=0)
    x1, y1 = quad.max(axis=0)
    box = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)
    quarter = next((q for q in range(4) if np.abs(turned(box, q) - quad).max() <= _STRAIGHT_PIXELS), None)
    if quarter is not None:
        left, top = max(0, int(np.floor(x0))), max(0, int(np.floor(y0)))
        right, bottom = min(image.shape[1], int(np.ceil(x1))), min(image.shape[0], int(np.ceil(y1)))
        if right > left and bottom > top:
            return np.ascontiguousarray(np.rot90(image[top:bottom, left:right], quarter))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    transform = _cv.getPerspectiveTransform(np.ascontiguousarray(quad), target)
    warped = _cv.warpPerspective(
        image, transform, (width, height), flags=_cv.INTER_CUBIC, borderMode=_cv.BORDER_REPLICATE
    )
    return cast("Pixels", warped)


def resized(image: Pixels, width: int, height: int) -> Pixels:
    """The image at another size; averaged where it shrinks by much, so that thin strokes stay."""
    if image.shape[1] == width and image.shape[0] == height:
        return image
    shrinks = image.shape[0] * image.shape[1] > 4 * width * height
    how = _cv.INTER_AREA if shrinks else _cv.INTER_LINEAR
    return cast("Pixels", _cv.resize(image, (width, height), interpolation=how))
