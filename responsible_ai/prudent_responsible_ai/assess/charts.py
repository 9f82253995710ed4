"""Shares and differences as inline SVG: a dot with its interval on a scale, titled for screen readers."""

from __future__ import annotations

from html import escape

_WIDTH, _HEIGHT = 220, 26
_MARGIN = 8
_MIDDLE = 13
_RADIUS = 5


def interval_chart(
    value: float, low: float, high: float, *, start: float, end: float, label: str, tone: str
) -> str:
    """A dot and its interval between start and end; `tone` is a class that the page gives a colour."""

    def place(at: float) -> str:
        share = (at - start) / (end - start)
        return f"{_MARGIN + share * (_WIDTH - 2 * _MARGIN):.1f}"

    ticks = (start, (start + end) / 2, end)
    marks = "".join(
        f'<line class="tick" x1="{place(at)}" x2="{place(at)}" y1="{_MIDDLE - 8}" y2="{_MIDDLE + 8}"/>'
        for at in ticks
    )
    return (
        f'<svg role="img" width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}">'
        f"<title>{escape(label)}</title>"
        f'<line class="axis" x1="{place(start)}" x2="{place(end)}" y1="{_MIDDLE}" y2="{_MIDDLE}"/>{marks}'
        f'<line class="range {tone}" x1="{place(low)}" x2="{place(high)}" y1="{_MIDDLE}" y2="{_MIDDLE}"/>'
        f'<circle class="dot {tone}" cx="{place(value)}" cy="{_MIDDLE}" r="{_RADIUS}"/></svg>'
    )
