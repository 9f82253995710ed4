"""What the guard needs of a model that hears: recordings, and sound as it comes. Knows no file format."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from prudent.capabilities.interface.capability import Capability
from prudent.capabilities.whisper.transcript import Segment


@dataclass(frozen=True, slots=True)
class Recording:
    """A file of sound. `file` is binary and seekable; `name` is what errors call it."""

    file: BinaryIO
    name: str
    longest: float
    """Seconds of sound that are accepted."""


@dataclass(frozen=True, slots=True)
class HearingOptions:
    """What is wanted of a transcript; see `prudent.types.transcription`.

    `language` is a code, an English name, or None. `early` gives the first text sooner.
    """

    language: str | None = None
    translate: bool = False
    prompt: str = ""
    temperature: float = 0.0
    words: bool = False
    early: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard in a part of a recording. Times are in seconds from its beginning.

    `language` is a code, None where nobody spoke so far; `position` is how far the recording has been gone
    through, `duration` how long it is, None where that is not known yet. The last one has both alike.
    """

    segments: tuple[Segment, ...]
    language: str | None
    position: float
    duration: float | None


@dataclass(frozen=True, slots=True)
class LiveText:
    """What was heard of an utterance: `final` once it is over, else as far as it has come; may then change.

    Times are in seconds since the beginning of the sound. `utterance` counts from 0.
    """

    utterance: int
    text: str
    start: float
    end: float
    final: bool
    language: str | None


class LiveHearing(Protocol):
    """Sound that comes as it is made. For one task at a time."""

    def feed(self, pcm: bytes) -> AsyncGenerator[LiveText, Any]:
        """Take 16-bit little-endian mono samples at 16 kHz; give what they let be said."""
        ...

    def finish(self) -> AsyncGenerator[LiveText, Any]:
        """Say that nothing more comes; give what is left."""
        ...


class Transcriber(Protocol):
    """A loaded model that hears."""

    @property
    def id(self) -> str:
        """Its name in the catalog."""
        ...

    def transcribe(self, recording: Recording, options: HearingOptions) -> AsyncGenerator[Heard, Any]:
        """Go through a recording; the last item comes at its end. Closing it stops the work.

        Iterating raises:
            UnsupportedMediaError: the file is not sound in a format that can be read.
            InvalidRequestError: the file is empty or damaged, or the model does not know the language or
                cannot translate; `param` names the field.
            RequestTooLargeError: the recording is too long.
            ServiceUnavailableError: the model was closed.
        """
        ...

    def listen(self, options: HearingOptions) -> LiveHearing:
        """Begin to hear. Raises InvalidRequestError as `transcribe` does."""
        ...


TRANSCRIPTION: Capability[Transcriber] = Capability("transcription", default="whisper-base")
