"""Text and Markdown, which stay as they are. Knows headings and nothing else of Markdown."""

from __future__ import annotations

import re

from prudent_agents.knowledge.extraction.decoding import decoded
from prudent_agents.knowledge.extraction.extracted import Extracted, Heading

_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(\S[^\n]{0,300}?)[ \t]*#*[ \t]*$", re.MULTILINE)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)


def read_text(data: bytes, name: str) -> Extracted:
    """A text file. Raises UnsupportedMediaError, RequestTooLargeError."""
    return Extracted(decoded(data, name), "text")


def read_markdown(data: bytes, name: str) -> Extracted:
    """A Markdown file; its first heading of the highest level is its title.

    Raises UnsupportedMediaError, RequestTooLargeError.
    """
    text = decoded(data, name)
    code = _fenced(text)
    headings = tuple(
        Heading(match.start(), len(match[1]), match[2])
        for match in _HEADING.finditer(text)
        if not any(start <= match.start() < end for start, end in code)
    )
    title = min(headings, key=lambda heading: heading.level).text if headings else ""
    return Extracted(text, "markdown", title, headings=headings)


def _fenced(text: str) -> list[tuple[int, int]]:
    """Where code is, in which a # is no heading."""
    spans: list[tuple[int, int]] = []
    opened: tuple[str, int] | None = None
    for match in _FENCE.finditer(text):
        if opened is None:
            opened = (match[1], match.start())
        elif match[1].startswith(opened[0]):
            spans.append((opened[1], match.end()))
            opened = None
    return [*spans, (opened[1], len(text))] if opened else spans
