"""What a file of synthetic speech says of itself, for machines to read. Knows no format.

Article 50(2) of the EU AI Act (Regulation 2024/1689) asks for marks in a machine-readable format that let
generated audio be detected. The kind of source is the term of the IPTC's vocabulary that cameras, editors
and C2PA use.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from prudent.version import __version__

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"

_TITLE = "Synthetic speech"
_UTF8 = 3


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of speech by one model."""

    model: str

    @property
    def title(self) -> str:
        """What it is."""
        return _TITLE

    @property
    def software(self) -> str:
        """What made it."""
        return f"prudent {__version__}"

    @property
    def comment(self) -> str:
        """All of it in a line: generated, by which model, of which kind of source."""
        return f"AI-generated speech; generator={self.software}; model={self.model}; source={SOURCE_TYPE}"

    def id3(self) -> bytes:
        """An ID3v2.4 tag (id3.org/id3v2.4.0-structure), which stands before the sound of an MP3."""
        text = bytes([_UTF8])
        frames = [
            _frame(b"TIT2", text + self.title.encode()),
            _frame(b"TSSE", text + self.software.encode()),
            _frame(b"COMM", text + b"eng\0" + self.comment.encode()),
            _frame(b"TXXX", text + b"DigitalSourceType\0" + SOURCE_TYPE.encode()),
        ]
        body = b"".join(frames)
        return b"ID3\x04\x00\x00" + _synchsafe(len(body)) + body


def _frame(name: bytes, data: bytes) -> bytes:
    return name + _synchsafe(len(data)) + b"\0\0" + data


def _synchsafe(size: int) -> bytes:
    """A size in four bytes of seven bits."""
    return struct.pack("4B", *(size >> shift & 0x7F for shift in (21, 14, 7, 0)))
