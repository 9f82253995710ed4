"""Lines to characters: greedy CTC, batches of equal width, and lines that are too wide for one look."""

from __future__ import annotations

from itertools import groupby

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from prudent.capabilities.vision.recognition import LINE_HEIGHT, MAX_LINE_COLUMNS, recognize

CHARACTERS = ["", "a", "b", " "]


class Spelled:
    """A graph that reads brightness: the red level of every eighth column is the character's index."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        self.shapes.append(pixels.shape)
        best = pixels[:, 0, LINE_HEIGHT // 2, ::8].astype(np.int64)
        best[best >= len(CHARACTERS)] = 0  # padding
        return best, np.full(best.shape, 0.5, np.float32)


def _line(indices: list[int]) -> NDArray[np.uint8]:
    columns = np.repeat(np.array(indices, np.uint8), 8)
    return np.broadcast_to(columns[None, :, None], (LINE_HEIGHT, len(columns), 3)).copy()


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=40), min_size=1, max_size=8))
def test_repeats_are_one_character_and_blanks_none(rows: list[list[int]]) -> None:
    readings = recognize([_line(row) for row in rows], Spelled(), CHARACTERS)
    for row, reading in zip(rows, readings, strict=True):
        expected = "".join(CHARACTERS[index] for index, _ in groupby(row))
        assert reading.text == expected
        assert len(reading.places) == len(reading.probabilities) == len(expected)
        assert list(reading.places) == sorted(reading.places)
        assert all(0 <= place <= 1 for place in reading.places)


def test_lines_of_one_width_go_together_and_no_line_is_padded_to_another() -> None:
    graph = Spelled()
    recognize([_line([1] * 8), _line([2] * 40), _line([3] * 8)], graph, CHARACTERS)
    assert sorted(graph.shapes) == [(1, 3, 48, 320), (2, 3, 48, 64)]


def test_a_line_that_is_too_wide_is_cut_between_its_letters() -> None:
    word = np.full((LINE_HEIGHT, 200, 3), 255, np.uint8)
    word[10:40, 10:190] = 0
    gap = np.full((LINE_HEIGHT, 40, 3), 255, np.uint8)
    line = np.concatenate([word, gap] * 30, axis=1)
    seen: list[NDArray[np.uint8]] = []

    def graph(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        seen.extend(pixels)
        shape = (len(pixels), pixels.shape[3] // 8)
        return np.ones(shape, np.int64), np.ones(shape, np.float32)

    reading = recognize([line], graph, CHARACTERS)[0]
    assert len(reading.text) == len(seen) > 1
    assert all(piece.shape[2] <= MAX_LINE_COLUMNS for piece in seen)
    edges = [piece[0, 10:40, column] for piece in seen for column in (0,)]
    assert all((edge == 255).all() for edge in edges), "no cut goes through a letter"


def test_no_lines_run_nothing() -> None:
    graph = Spelled()
    assert recognize([], graph, CHARACTERS) == []
    assert graph.shapes == []
