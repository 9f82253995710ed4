"""The order of lines is that of a reader: columns, rows, paragraphs; nothing is lost and nothing twice."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from prudent.capabilities.vision.layout import Block, paragraphs, vertical_paragraphs

_SIDES = st.floats(0, 2000, allow_nan=False)
_SIZES = st.floats(1, 400, allow_nan=False)
_BLOCKS = st.lists(
    st.builds(lambda x, y, w, h: Block(x, y, x + w, y + h), _SIDES, _SIDES, _SIZES, _SIZES), max_size=24
)


@settings(deadline=None)
@given(_BLOCKS)
def test_every_block_is_read_once(blocks: list[Block]) -> None:
    for order in (paragraphs(blocks), vertical_paragraphs(blocks)):
        assert sorted(index for rows in order for row in rows for index in row) == list(range(len(blocks)))


def _rows(left: float, width: float, count: int, *, top: float = 100.0) -> list[Block]:
    return [Block(left, top + 30 * row, left + width, top + 30 * row + 24) for row in range(count)]


def _flat(order: list[list[list[int]]]) -> list[int]:
    return [index for rows in order for row in rows for index in row]


def test_columns_are_read_one_after_the_other_below_their_heading() -> None:
    left, right = _rows(40, 400, 6), _rows(500, 400, 6)
    heading = Block(40, 20, 900, 60)
    mixed = [block for pair in zip(left, right, strict=True) for block in pair]
    order = _flat(paragraphs([*mixed, heading]))
    assert order == [12, 0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11]


def test_three_columns() -> None:
    columns = [_rows(left, 250, 5) for left in (0, 300, 600)]
    assert _flat(paragraphs([block for column in columns for block in column])) == list(range(15))


def test_a_table_is_read_row_by_row() -> None:
    names = [
        Block(20, 40.0 * row, 20 + width, 40.0 * row + 24) for row, width in enumerate((60, 220, 150, 90))
    ]
    prices = [Block(400, 40.0 * row, 460, 40.0 * row + 24) for row in range(4)]
    order = paragraphs([*names, *prices])
    assert [row for rows in order for row in rows] == [[0, 4], [1, 5], [2, 6], [3, 7]]


def test_a_gap_begins_a_paragraph() -> None:
    order = paragraphs([*_rows(0, 300, 3), *_rows(0, 300, 3, top=220)])
    assert [len(rows) for rows in order] == [3, 3]


def test_vertical_print_is_read_from_right_to_left() -> None:
    columns = [Block(left, 10, left + 40, 400) for left in (0, 60, 120)]
    assert _flat(vertical_paragraphs(columns)) == [2, 1, 0]
