"""What is taken out of a file: its text, and where in it pages, times and headings are. Reads no file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["text", "markdown", "html", "pdf", "image", "audio"]

MOST_CHARACTERS = 10_000_000
"""Of one document: some 3,000 pages."""


@dataclass(frozen=True, slots=True)
class Mark:
    """From `offset` on the text is on a page, or was said from `seconds` until `until`."""

    offset: int
    page: int | None = None
    seconds: float | None = None
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading that begins at `offset`; `level` 1 is the highest."""

    offset: int
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Extracted:
    """A document's text; offsets are in characters. Marks and headings are in order."""

    text: str
    kind: Kind
    title: str = ""
    marks: tuple[Mark, ...] = field(default=())
    headings: tuple[Heading, ...] = field(default=())
