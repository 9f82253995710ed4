"""The order in which a page's lines are read: columns, rows, paragraphs. Pure geometry: no text, no pixels.

A page is cut at its gutters before it is cut into rows (after Nagy's and Seth's recursive X-Y cut, 1984),
and only at gutters between columns of running text: a table is read row by row.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_SAME_ROW: Final = 0.5
"""Share of the lower one's height by which two boxes of a row overlap."""

_LEAST_ROWS: Final = 3
_FULLNESS: Final = 0.72
_LEAST_LENGTH: Final = 4.5
"""Running text: rows, share of the width that the median row fills, a row's length in heights."""

_CROSSING: Final = 0.34
_BESIDE: Final = 0.5
"""Share of boxes that may cross a gutter (headings); share of the shorter column that is beside the other."""

_GAP: Final = 0.5
_TALLER: Final = 1.4
_INDENT: Final = 1.0
"""A paragraph begins after a gap larger than usual by this share of a height, where letters are this much
taller, or where a row is indented by this many heights."""


@dataclass(frozen=True, slots=True)
class Block:
    """A line's place, upright."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        """In pixels."""
        return self.bottom - self.top

    @property
    def width(self) -> float:
        """In pixels."""
        return self.right - self.left

    @property
    def middle(self) -> float:
        """Of the height."""
        return (self.top + self.bottom) / 2


Row = list[int]
"""Indices of blocks from left to right."""


def paragraphs(blocks: Sequence[Block]) -> list[list[Row]]:
    """Indices of all blocks, in reading order: paragraphs of rows."""
    found: list[list[Row]] = []
    for column in _columns(blocks, list(range(len(blocks)))):
        found += _paragraphs(blocks, _rows(blocks, column))
    return found


def vertical_paragraphs(blocks: Sequence[Block]) -> list[list[Row]]:
    """The same for vertical print: columns from right to left, each one from top to bottom."""
    turned = [Block(block.top, -block.right, block.bottom, -block.left) for block in blocks]
    return _paragraphs(turned, _rows(turned, list(range(len(turned)))))


def _columns(blocks: Sequence[Block], members: list[int]) -> list[list[int]]:
    """Blocks column by column; a heading over several columns is a column of its own."""
    gutter = _gutter(blocks, members)
    if gutter is None:
        return [members]
    left = [index for index in members if blocks[index].right <= gutter]
    right = [index for index in members if blocks[index].left >= gutter]
    across = [index for index in members if index not in left and index not in right]
    across.sort(key=lambda index: blocks[index].middle)
    found: list[list[int]] = []
    start = float("-inf")
    for limit in [*across, None]:
        end = float("inf") if limit is None else blocks[limit].middle
        for side in (left, right):
            band = [index for index in side if start <= blocks[index].middle < end]
            if band:
                found += _columns(blocks, band)
        if limit is not None:
            found.append([limit])
            start = end
    return found


def _gutter(blocks: Sequence[Block], members: list[int]) -> float | None:
    """Where a page of columns is parted: the widest gap between columns of running text."""
    if len(members) < 2 * _LEAST_ROWS:
        return None
    best: tuple[float, float] | None = None
    for left_edge in sorted({blocks[index].left for index in members}):
        left = [index for index in members if blocks[index].right <= left_edge]
        right = [index for index in members if blocks[index].left >= left_edge]
        crossing = len(members) - len(left) - len(right)
        if crossing > _CROSSING * len(members) or not (left and right):
            continue
        if not (_is_running(blocks, left) and _is_running(blocks, right) and _beside(blocks, left, right)):
            continue
        gap = left_edge - max(blocks[index].right for index in left)
        if best is None or gap - crossing > best[0]:
            best = gap - crossing, left_edge
    return None if best is None else best[1]


def _is_running(blocks: Sequence[Block], members: list[int]) -> bool:
    """Whether they are rows of text that fill their column, rather than the cells of a table."""
    rows = _rows(blocks, members)
    if len(rows) < _LEAST_ROWS:
        return False
    left = min(blocks[index].left for index in members)
    width = max(blocks[index].right for index in members) - left
    # Of a row of cells most is gaps.
    lengths = [sum(blocks[index].width for index in row) for row in rows]
    height = statistics.median(blocks[index].height for index in members)
    typical = statistics.median(lengths)
    return typical >= _FULLNESS * width and typical >= _LEAST_LENGTH * height


def _beside(blocks: Sequence[Block], left: list[int], right: list[int]) -> bool:
    tops = [min(blocks[index].top for index in side) for side in (left, right)]
    bottoms = [max(blocks[index].bottom for index in side) for side in (left, right)]
    shared = min(bottoms) - max(tops)
    shorter = min(bottom - top for top, bottom in zip(tops, bottoms, strict=True))
    return shared >= _BESIDE * shorter


def _rows(blocks: Sequence[Block], members: list[int]) -> list[Row]:
    """Blocks that stand side by side, rows from top to bottom."""
    rows: list[Row] = []
    for index in sorted(members, key=lambda index: blocks[index].middle):
        if rows and _in_row(blocks, rows[-1], blocks[index]):
            rows[-1].append(index)
        else:
            rows.append([index])
    return [sorted(row, key=lambda index: blocks[index].left) for row in rows]


def _in_row(blocks: Sequence[Block], row: Row, block: Block) -> bool:
    last = blocks[row[-1]]
    overlap = min(last.bottom, block.bottom) - max(last.top, block.top)
    return overlap >= _SAME_ROW * min(last.height, block.height)


def _paragraphs(blocks: Sequence[Block], rows: list[Row]) -> list[list[Row]]:
    if not rows:
        return []
    bounds = [
        Block(
            min(blocks[index].left for index in row),
            min(blocks[index].top for index in row),
            max(blocks[index].right for index in row),
            max(blocks[index].bottom for index in row),
        )
        for row in rows
    ]
    gaps = [below.top - above.bottom for above, below in itertools.pairwise(bounds)]
    usual = statistics.median_low(gaps) if gaps else 0.0
    edge = statistics.median_low([bound.left for bound in bounds])
    found = [[rows[0]]]
    for row, above, below, gap in zip(rows[1:], bounds[:-1], bounds[1:], gaps, strict=True):
        heights = sorted((above.height, below.height))
        apart = gap > usual + _GAP * heights[0]
        other = heights[1] > _TALLER * heights[0]
        indented = below.left - max(edge, above.left) > _INDENT * below.height
        if apart or other or indented:
            found.append([])
        found[-1].append(row)
    return found
