"""Finds every place where a pattern can begin, and turns matches into spans of the original text.

The base of the exact checks. It knows no format; a match is judged by where it begins alone, never by what
was matched before it, and context reaches back a fixed way: so a long text gives the same findings in
portions.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from prudent_responsible_ai.check import LOOK_BACK
from prudent_responsible_ai.text_view import View

VALUE = "value"
"""Name of the group that holds the value, where a pattern has context around it."""

NUMBER_END = r"(?![0-9A-Za-z_@%]|[.\-/][0-9A-Za-z])"
"""Where a written number ends: not in the middle of a word, a path or a longer number."""

# Where a written number can begin, in digits, brackets or up to six capitals, with six digits close by.
_NUMBER_START = re.compile(
    r"(?<![0-9A-Za-z_.\-/+#\\$€£¥@%&])(?<![0-9],)(?=\(?[A-Z]{0,6} ?[0-9])(?=(?:[^0-9\n]{0,6}[0-9]){6})"
)
_EDGE = 8
"""Characters of the look-back that are left to a pattern's own lookbehind."""


def occurrences(pattern: re.Pattern[str], view: View, context: int = 0) -> Iterator[re.Match[str]]:
    """Yield the matches whose value begins in the new part of the view; overlapping ones as well.

    `context` is how many characters the value may begin after the match does.
    """
    has_group = VALUE in pattern.groupindex
    at = max(0, view.start - context)
    while match := pattern.search(view.text, at):
        at = match.start() + 1
        value = match.start(VALUE) if has_group else match.start()
        if value >= view.start and match.start() >= max(_farthest(view, value), value - context):
            yield match


def number_starts(view: View) -> list[int]:
    """Return the places in the new part where a written number of six digits or more can begin."""
    return [match.start() for match in _NUMBER_START.finditer(view.text, view.start)]


def value_span(match: re.Match[str]) -> tuple[int, int]:
    """Return the span of the value in the view."""
    return match.span(VALUE) if VALUE in match.re.groupindex else match.span()


def before(view: View, start: int, characters: int) -> str:
    """Return up to `characters` before a position on its line, in lower case: where context words stand.

    Of a value that begins its line, the line before is what announces it, if it ends in a colon.
    """
    text = view.text[max(_farthest(view, start), start - characters) : start]
    line = text[text.rfind("\n") + 1 :]
    if not line.strip() and (above := text.rstrip()).endswith(":"):
        line = above[above.rfind("\n") + 1 :]
    return line.lower()


def _farthest(view: View, start: int) -> int:
    """Return the farthest position that context may reach back to: counted in the original text."""
    reach = LOOK_BACK - _EDGE
    if view.offsets is None:
        return max(0, start - reach)
    return bisect_left(view.offsets, view.offsets[start] - reach)
