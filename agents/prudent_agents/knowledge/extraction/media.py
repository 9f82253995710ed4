"""PDFs and images by the server's reader, recordings by its transcriber. Knows no other format.

A PDF's own text is used where it is sane; a page without one is read in its picture.
"""

from __future__ import annotations

from pathlib import Path

from prudent.errors import RequestTooLargeError
from prudent_agents.knowledge.extraction.extracted import MOST_CHARACTERS, Extracted, Mark
from prudent_agents.senses import Senses

_PAGES_A_CALL = 16
_BETWEEN_PAGES = "\n\n"


def read_pdf(file: Path, senses: Senses) -> Extracted:
    """A PDF, page by page.

    Raises:
        PrudentError: what `client.vision.read` raises.
        RequestTooLargeError: its text is longer than a document may be.
    """
    first = senses.read(file, [1])
    pages = list(first.pages)
    for begin in range(2, first.pages_total + 1, _PAGES_A_CALL):
        last = min(first.pages_total, begin + _PAGES_A_CALL - 1)
        pages += senses.read(file, list(range(begin, last + 1))).pages
        if sum(len(page.text) for page in pages) > MOST_CHARACTERS:
            raise RequestTooLargeError(
                f"{file.name} has more than {MOST_CHARACTERS:,} characters.",
                hint="Split it into several files.",
            )
    marks: list[Mark] = []
    parts: list[str] = []
    offset = 0
    for page in pages:
        marks.append(Mark(offset, page=page.number))
        parts.append(page.text)
        offset += len(page.text) + len(_BETWEEN_PAGES)
    return Extracted(_BETWEEN_PAGES.join(parts), "pdf", marks=tuple(marks))


def read_image(file: Path, senses: Senses) -> Extracted:
    """The text in an image. Raises PrudentError: what `client.vision.read` raises."""
    return Extracted(senses.read(file).text, "image")


def read_recording(file: Path, senses: Senses) -> Extracted:
    """What is said in a recording: a line for each segment, with its time.

    Raises PrudentError: what `client.audio.transcriptions.create` raises.
    """
    heard = senses.transcribe(file)
    lines: list[str] = []
    marks: list[Mark] = []
    offset = 0
    for segment in heard.segments or []:
        line = segment.text.strip()
        if line:
            marks.append(Mark(offset, seconds=round(segment.start, 2), until=round(segment.end, 2)))
            lines.append(line)
            offset += len(line) + 1
    if not lines:
        return Extracted(heard.text.strip(), "audio")
    return Extracted("\n".join(lines), "audio", marks=tuple(marks))
