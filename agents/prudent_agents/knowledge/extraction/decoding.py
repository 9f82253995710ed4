"""A text file's bytes as text, whatever encoding they are in. Knows no format."""

from __future__ import annotations

import codecs
import re

from prudent.errors import RequestTooLargeError, UnsupportedMediaError
from prudent_agents.knowledge.extraction.extracted import MOST_CHARACTERS

MOST_BYTES = 4 * MOST_CHARACTERS
"""Of a text file."""

_BYTE_ORDER = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_TRIED = ("utf-8", "gb18030", "cp1252")
"""In order of how surely a wrong one is noticed."""
_DECLARED = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,256}?(?:charset|encoding)\s*=\s*["']?([A-Za-z0-9_.:-]{2,32})""", re.I
)
_DECLARED_WITHIN = 2048
_TEXT_CODECS = re.compile(r"(?i)(utf|iso|latin|cp|windows|gb|big5|hz|shift|sjis|euc|koi8|mac|ascii|us-|tis)")
"""Beginnings of encodings of text; Python knows others that unpack, and those are not for files."""


def decoded(data: bytes, name: str, *, declares: bool = False) -> str:
    """The text, its line ends as newlines. With `declares` it may say its encoding as HTML and XML do.

    Raises:
        UnsupportedMediaError: it is no text.
        RequestTooLargeError: it is longer than a document may be.
    """
    if len(data) > MOST_BYTES:
        raise _too_long(name, f"more than {MOST_BYTES:,} bytes")
    text = _by_mark(data) or _by_trying(data, _declared(data) if declares else None)
    if text is None or "\0" in text:
        raise UnsupportedMediaError(
            f"{name[:200]} is no text.", hint="Text, Markdown, HTML, PDF, images and recordings can be read."
        )
    if len(text) > MOST_CHARACTERS:
        raise _too_long(name, f"{len(text):,} characters")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _by_mark(data: bytes) -> str | None:
    for mark, encoding in _BYTE_ORDER:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    return None


def _by_trying(data: bytes, declared: str | None) -> str | None:
    for encoding in (*([declared] if declared else ()), *_TRIED):
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return None


def _declared(data: bytes) -> str | None:
    match = _DECLARED.search(data[:_DECLARED_WITHIN])
    name = match[1].decode("ascii") if match else ""
    return name if _TEXT_CODECS.match(name) else None


def _too_long(name: str, size: str) -> RequestTooLargeError:
    return RequestTooLargeError(
        f"{name[:200]} has {size}; a document may have {MOST_CHARACTERS:,} characters.",
        hint="Split it into several files.",
    )
