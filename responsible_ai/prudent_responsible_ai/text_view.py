"""How a text looks once tricks of writing are undone, with a way back to the original offsets.

Checks match on views, so that full-width digits, odd dashes, odd spaces and zero-width characters do not
hide a value. It knows nothing of what the checks look for.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

INVISIBLE = "\u200b"
"""Stands for every character without a shape in the canonical text."""

# Default-ignorable code points (Unicode 16, DerivedCoreProperties) and their like.
_INVISIBLE_RANGES = (
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x20E3, 0x20E3),  # the enclosing keycap: it has a shape, and digits dressed in it are still digits
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFB),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)
_SPACES = (0x00A0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)
_DASHES = (*range(0x2010, 0x2016), 0x2212, 0xFE58, 0xFE63, 0xFF0D)
_NEWLINES = (0x0085, 0x2028, 0x2029)
_ZERO_DIGITS = (
    *(0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66),
    *(0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x17E0, 0x1810),
)
_LOOKALIKES = {0x212A: "K", 0x2581: "_", 0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"'}


@cache
def _table() -> dict[int, str]:
    table: dict[int, str] = dict(_LOOKALIKES)
    table.update({code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)})
    for code in range(0x1D400, 0x1D800):
        plain = unicodedata.normalize("NFKC", chr(code))
        if len(plain) == 1 and plain.isascii():
            table[code] = plain
    for zero in _ZERO_DIGITS:
        table.update({zero + digit: str(digit) for digit in range(10)})
    table.update(dict.fromkeys(_DASHES, "-"))
    table.update(dict.fromkeys(_SPACES, " "))
    table.update(dict.fromkeys(_NEWLINES, "\n"))
    for first, last in _INVISIBLE_RANGES:
        table.update(dict.fromkeys(range(first, last + 1), INVISIBLE))
    return table


def canonical(text: str) -> str:
    """Return the text with look-alikes replaced by their plain form, one character for one: offsets stay."""
    return text if text.isascii() else text.translate(_table())


def is_invisible(character: str) -> bool:
    """Whether the character has no shape of its own."""
    return _table().get(ord(character)) == INVISIBLE and character != "\u20e3"


@dataclass(frozen=True, slots=True)
class View:
    """One reading of a text. `offsets[i]` is the original offset of character i; None where they are equal.

    Findings count from `start` on; what lies before it is there to be looked back at. `complete` is false
    where the text was cut in the middle of a word.
    """

    text: str
    start: int
    complete: bool = True
    offsets: Sequence[int] | None = None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the span [start, end) of this view (not empty) in the original text."""
        if self.offsets is None:
            return start, end
        return self.offsets[start], self.offsets[end - 1] + 1


@dataclass(frozen=True)
class Reading:
    """A text to be checked and its views.

    `start` is where the new text begins after what was seen before; `complete` is false where the text was
    cut in the middle of a word.
    """

    text: str
    start: int = 0
    complete: bool = True

    @cached_property
    def canonical(self) -> str:
        """The text in its plain form, offsets unchanged."""
        return canonical(self.text)

    @cached_property
    def views(self) -> tuple[View, ...]:
        """The canonical text, and beside it the one without invisible characters where there are any."""
        return tuple(self._views())

    def _views(self) -> Iterator[View]:
        yield View(self.canonical, self.start, self.complete)
        if INVISIBLE in self.canonical:
            offsets = [index for index, character in enumerate(self.canonical) if character != INVISIBLE]
            start = bisect_left(offsets, self.start)
            yield View(self.canonical.replace(INVISIBLE, ""), start, self.complete, offsets)
