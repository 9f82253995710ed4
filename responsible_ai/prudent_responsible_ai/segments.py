"""Where streamed text may be cut so that no exact pattern can lie across the cut.

Text is read as units: a run of printable ASCII or Latin letters, a run of white space, a run of anything
else (Chinese, Cyrillic, emoji). No pattern crosses from one unit to the next, except numbers written in
groups: over one or two spaces, where `JOIN` allows it, the groups are one unit. A character without a shape
binds to both neighbours. So most text goes on word by word, and a number waits for its end.

A unit of `_FORCED` characters (a base64 blob, a table of numbers) is cut without its end being known:
all but its last `LONGEST_MATCH` characters are decided, since no match that begins before them can still be
undiscovered. That cut is at a place that the text alone determines; at all other cuts nothing can be cut
apart, so what is found does not depend on how the text arrived.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from prudent_responsible_ai.check import LONGEST_MATCH

LONGEST_UNIT = 2 * LONGEST_MATCH + 256
"""The most characters that are ever held back: 1,280."""

_GAP_AND_NEXT = 4
_FORCED = LONGEST_UNIT - _GAP_AND_NEXT

_PLAIN = r"!-~\u00c0-\u024f"
_LATIN = rf"[{_PLAIN}\u200b]"
_OTHER = rf"[^\s{_PLAIN}\u200b]"
_WITH_INVISIBLE = rf"[{_PLAIN}]*+(?:\u200b[{_PLAIN}]*+)++"
_SHORT_GAP = re.compile(r" {1,2}\Z")

JOIN = (
    r"(?:(?<=[0-9)\-/]) {1,2}(?=[0-9(\-/\u200b])"  # 138 0013 8000, (415) 555-0100, 030 / 123456
    r"|(?<=[0-9]) {1,2}(?=[A-Z])"  # GB82 WEST, QQ 12 34 56 C
    r"|(?<=(?<![A-Za-z0-9])[A-Z0-9]{4}) {1,2}(?=[A-Z0-9\u200b])"  # WEST 1234
    r"|(?<=(?<![A-Za-z0-9])[A-Z]{2}) {1,2}(?=[0-9\u200b]))"  # QQ 12
)
"""The gaps inside a number written in groups."""

_UNIT = re.compile(
    rf"\s+|(?:{_OTHER}(?!\u200b)){{1,1000}}+"
    rf"|(?:{_WITH_INVISIBLE}(?:(?<=\u200b){_OTHER}| {{1,2}}(?={_LATIN}))"
    rf"|{_LATIN}++{JOIN}|{_OTHER}(?=\u200b))+"
    rf"(?:{_LATIN}++|{_OTHER})?"
    rf"|{_LATIN}++"
)


@dataclass(frozen=True, slots=True)
class Cut:
    """Text up to `end` can be decided by looking at the text up to `visible`."""

    end: int
    visible: int


def next_cut(text: str, start: int, *, final: bool) -> Cut | None:
    """Return the next place to cut canonical text at, after `start`; None where more must come first."""
    end = start
    while end < len(text):
        unit = _UNIT.match(text, end, end + LONGEST_UNIT)
        reached = unit.end() if unit else end + 1
        if reached - end >= _FORCED and not text[end].isspace():
            if end > start:
                break
            return Cut(end + _FORCED - LONGEST_MATCH, end + _FORCED)
        known = reached if final else _known_end(text, end, reached)
        end, partly = known, known < reached
        if partly:
            break
    return Cut(end, end) if end > start else None


def _known_end(text: str, start: int, end: int) -> int:
    """Return how far the unit [start, end) is known: to its end, or less where more may belong to it."""
    last = text[end - 1]
    if last.isspace():
        return end
    if end == len(text):
        # Of a run of other characters, only the last can still be bound to what follows it.
        return end - 1 if _OTHER_RUN.fullmatch(text, start, end) else start
    if _SHORT_GAP.match(text, end) and ("\u200b" in text[start:end] or _MAY_JOIN.match(last)):
        return start
    return end


_OTHER_RUN = re.compile(rf"{_OTHER}+")
_MAY_JOIN = re.compile(r"[0-9A-Z)\-/]")
