"""What the guard needs of a model that speaks: a text in, a file of sound out. Knows no runtime."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Protocol

from prudent.capabilities.interface.capability import Capability
from prudent.types.speech import SpeechFormat


@dataclass(frozen=True, slots=True)
class SpeakingOptions:
    """What is wanted; see `prudent.types.speech`. `whole` gives all bytes in one part, with sizes in them."""

    response_format: SpeechFormat = "mp3"
    speed: float = 1.0
    voice: str | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said, without its words: a hash of its samples, one that survives lossy formats, seconds."""

    sha256: str
    robust: str
    seconds: float


@dataclass(frozen=True, slots=True)
class SpeechPart:
    """Bytes of the file; or, at its end, none and what was `spoken`."""

    data: bytes
    spoken: Spoken | None = None


class Speaker(Protocol):
    """A loaded model that speaks."""

    @property
    def id(self) -> str:
        """Its name in the catalog."""
        ...

    def speak(self, text: str, options: SpeakingOptions) -> AsyncGenerator[SpeechPart, Any]:
        """The sound in parts, the first after a sentence's beginning. Closing it stops the work.

        Iterating raises:
            InvalidRequestError: there is nothing to be said, or nothing that this voice can say, or it has
            no such
                voice; `param` names the field.
            ConfigurationError: what turns text into phonemes is not installed.
            ServiceUnavailableError: the model was closed.
        """
        ...


SPEECH: Capability[Speaker] = Capability("speech", default="piper-en-us-joe-medium")
