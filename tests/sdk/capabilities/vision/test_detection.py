"""Maps of probabilities to boxes: sizes, tiles and what is grown back, on maps that are drawn."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from prudent.capabilities.vision.detection import detect
from prudent.capabilities.vision.quads import angle, cut_out, sides, turned


class Dark:
    """A graph for which dark pixels are text."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, int]] = []

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.sizes.append((pixels.shape[2], pixels.shape[3]))
        return (pixels[:, :1] < 128).astype(np.float32)


def _page(width: int, height: int, *bars: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    page = np.full((height, width, 3), 255, np.uint8)
    for left, top, right, bottom in bars:
        page[top:bottom, left:right] = 0
    return page


def test_a_box_lies_around_its_bar_grown_as_the_network_shrank_it() -> None:
    boxes = detect(_page(400, 200, (50, 80, 250, 110)), Dark())
    assert len(boxes) == 1
    width, height = sides(boxes[0].quad)
    grown = 200 * 30 * 1.6 / 230
    assert width == pytest.approx(200 + grown, abs=3)
    assert height == pytest.approx(30 + grown, abs=3)
    assert boxes[0].quad.mean(axis=0) == pytest.approx((150, 95), abs=2)
    assert boxes[0].score > 0.9


@pytest.mark.parametrize("degrees", [-30, -10, 10, 30])
def test_a_turned_bar_has_a_turned_box(degrees: int) -> None:
    page = _page(500, 500)
    corners = cv2.boxPoints(((250, 250), (300, 30), degrees)).astype(np.int32)
    cv2.fillPoly(page, [corners], (0, 0, 0))
    boxes = detect(page, Dark())
    assert len(boxes) == 1
    assert angle(boxes[0].quad) == pytest.approx(degrees, abs=2)


def test_the_network_sees_multiples_of_32_and_nothing_enlarged() -> None:
    graph = Dark()
    detect(_page(333, 101, (20, 20, 300, 60)), graph)
    assert graph.sizes == [(160, 384)]


def test_a_large_page_is_seen_small_and_its_small_print_in_tiles() -> None:
    graph = Dark()
    notes = [(200, 2500 + 40 * row, 1200, 2512 + 40 * row) for row in range(5)]
    boxes = detect(_page(2000, 3000, (100, 600, 1800, 760), *notes), graph)
    assert max(max(size) for size in graph.sizes) <= 960 + 32
    assert len(graph.sizes) > 1
    assert len(boxes) == 6
    tops = sorted(float(box.quad[:, 1].mean()) for box in boxes)
    assert tops == pytest.approx([680, *(2506 + 40 * row for row in range(5))], abs=6)


def test_an_empty_page_asks_no_network() -> None:
    graph = Dark()
    assert detect(_page(300, 200), graph) == []
    assert graph.sizes == []


def test_noise_gives_a_bounded_number_of_boxes() -> None:
    noise = np.random.default_rng(1).integers(0, 2, (600, 600, 1), np.uint8) * 255
    boxes = detect(np.repeat(noise, 3, axis=2), Dark())
    assert len(boxes) <= 4000


@pytest.mark.parametrize("quarters", range(4))
def test_a_quad_is_cut_out_the_way_it_is_read(quarters: int) -> None:
    page = np.zeros((40, 90, 3), np.uint8)
    page[10:30, 20:70] = np.arange(20)[:, None, None] * 3 + np.arange(50)[None, :, None]
    quad = np.array([[20, 10], [70, 10], [70, 30], [20, 30]], np.float32)
    expected = np.rot90(page[10:30, 20:70], quarters)
    assert np.array_equal(cut_out(page, turned(quad, quarters)), expected)
