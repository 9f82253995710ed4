"""Files to texts: which kind of file is read by what. Knows no index.

A file's kind follows from its name's ending; what it holds is decided by its bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from prudent_agents.knowledge.extraction.extracted import Extracted
from prudent_agents.knowledge.extraction.html import read_html
from prudent_agents.knowledge.extraction.media import read_image, read_pdf, read_recording
from prudent_agents.knowledge.extraction.plain import read_markdown, read_text
from prudent_agents.senses import Senses

_OfBytes = Callable[[bytes, str], Extracted]
_OfFile = Callable[[Path, Senses], Extracted]

_MARKDOWN = (".md", ".markdown", ".mdown")
_HTML = (".html", ".htm", ".xhtml")
_TEXT = (".txt", ".text", ".rst", ".org", ".log", ".csv", ".tsv", ".json", ".jsonl", ".yaml", ".yml", ".srt")
_IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
_RECORDINGS = (".wav", ".mp3", ".flac", ".ogg", ".opus", ".oga", ".m4a", ".aac", ".webm", ".mp4")

OF_BYTES: dict[str, _OfBytes] = {
    **dict.fromkeys(_MARKDOWN, read_markdown),
    **dict.fromkeys(_HTML, read_html),
    **dict.fromkeys(_TEXT, read_text),
}
"""Readers of files that are text, by ending."""

OF_FILE: dict[str, _OfFile] = {
    ".pdf": read_pdf,
    **dict.fromkeys(_IMAGES, read_image),
    **dict.fromkeys(_RECORDINGS, read_recording),
}
"""Readers of files that need a model, by ending."""


def is_readable(file: Path) -> bool:
    """Whether the name's ending is that of a kind that can be read."""
    return file.suffix.lower() in OF_BYTES or file.suffix.lower() in OF_FILE


def extract(file: Path, data: bytes, senses: Senses) -> Extracted:
    """The text of a file whose bytes are given. One of an unknown ending is read as text.

    Raises:
        UnsupportedMediaError: it is of no kind that can be read.
        RequestTooLargeError: it is too long.
        PrudentError: what the client raises for images, PDFs and recordings.
    """
    ending = file.suffix.lower()
    if ending in OF_FILE:
        return OF_FILE[ending](file, senses)
    return OF_BYTES.get(ending, read_text)(data, file.name)
