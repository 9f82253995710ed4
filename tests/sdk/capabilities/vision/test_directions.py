"""Which way text runs is told by how sure the recogniser is, and asked no more often than needed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from prudent.capabilities.vision.directions import MOST_COLUMNS, read_boxes
from prudent.capabilities.vision.quads import Pixels, Quad, angle
from prudent.capabilities.vision.recognition import Reading
from prudent.errors import RequestTooLargeError


class Arrow:
    """Reads a cut-out surely when its bright half lies to the left."""

    def __init__(self) -> None:
        self.seen = 0

    def __call__(self, pieces: Sequence[Pixels]) -> list[Reading]:
        self.seen += len(pieces)
        return [self._read(piece) for piece in pieces]

    def _read(self, piece: Pixels) -> Reading:
        half = piece.shape[1] // 2
        left, right = float(piece[:, :half].mean()), float(piece[:, half:].mean())
        sure = piece.shape[1] > piece.shape[0] and left > right + 50
        return Reading("abc", (0.99 if sure else 0.3,) * 3, (0.1, 0.5, 0.9))


def _quad(left: int, top: int, right: int, bottom: int) -> Quad:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def _arrows(quarters: int, count: int) -> tuple[NDArray[np.uint8], list[Quad]]:
    """A page of arrows that run so many quarters of a turn clockwise."""
    page = np.zeros((40 * count, 200, 3), np.uint8)
    for row in range(count):
        page[40 * row + 5 : 40 * row + 30, 20:90] = 255
    size = page.shape[1], page.shape[0]
    quads = [_quad(20, 40 * row + 5, 160, 40 * row + 30) for row in range(count)]
    for _ in range(quarters):
        page = np.ascontiguousarray(np.rot90(page, -1))
        height = size[1]
        turned = [np.stack([height - quad[:, 1], quad[:, 0]], axis=1) for quad in quads]
        quads = [
            _quad(*corners.min(axis=0).astype(int), *corners.max(axis=0).astype(int)) for corners in turned
        ]
        size = page.shape[1], page.shape[0]
    return page, quads


@pytest.mark.parametrize("quarters", range(4))
def test_the_direction_is_found(quarters: int) -> None:
    page, quads = _arrows(quarters, 12)
    lines = read_boxes(page, quads, [1.0] * 12, Arrow())
    assert [line.reading.confidence for line in lines] == [pytest.approx(0.99)] * 12
    expected = {0: 0.0, 1: 90.0, 2: -180.0, 3: -90.0}[quarters]
    assert {round(angle(line.quad)) for line in lines} == {expected}


@pytest.mark.parametrize(("quarters", "most"), [(0, 30), (2, 36)])
def test_a_page_that_is_read_surely_is_read_once(quarters: int, most: int) -> None:
    """Upside down a sample of six is read twice, and then every line the right way first."""
    page, quads = _arrows(quarters, 30)
    arrow = Arrow()
    read_boxes(page, quads, [1.0] * 30, arrow)
    assert arrow.seen == most


def test_more_text_than_a_minutes_work_is_refused() -> None:
    quads = [_quad(0, row, 5000, row + 4) for row in range(MOST_COLUMNS // 60_000 + 1)]
    with pytest.raises(RequestTooLargeError):
        read_boxes(np.zeros((100, 5000, 3), np.uint8), quads, [1.0] * len(quads), Arrow())
