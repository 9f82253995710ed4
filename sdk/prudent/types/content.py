"""Content and where it came from: the base of indirect-injection defence and of the agents' data flow.

A part knows its source from the first day, because trust follows from it and cannot be guessed later.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from prudent.types.base import RequestModel


class Source(StrEnum):
    """Who wrote a piece of content."""

    DEVELOPER = "developer"
    USER = "user"
    TOOL = "tool"
    DOCUMENT = "document"
    IMAGE = "image"
    AUDIO = "audio"
    ASSISTANT = "assistant"

    @property
    def trusted(self) -> bool:
        """Whether instructions in the content are to be followed: only the developer's and the user's."""
        return self in (Source.DEVELOPER, Source.USER)


UNTRUSTED_SOURCES = (Source.TOOL, Source.DOCUMENT, Source.IMAGE, Source.AUDIO)
"""What a message may mark a part of itself as, beside its role's own source: trust can only be lowered."""


class TextPart(RequestModel):
    """A piece of text. `source` defaults to the role of the message; it can only name a less trusted one."""

    type: Literal["text"] = "text"
    text: str
    source: Source | None = None


class ImageUrl(RequestModel):
    """Where the image is: a data URL, or an http URL where the server's settings allow it.

    Text in it is read unless `detail` is "low".
    """

    url: str
    detail: Literal["auto", "low", "high"] = "auto"


class ImagePart(RequestModel):
    """An image in a message. Models without eyes are told in words what it may show, and the text in it."""

    type: Literal["image_url"]
    image_url: ImageUrl
    source: Source | None = None


class InputAudio(RequestModel):
    """A recording: base64 of a file, or a data URL. What `format` says is not relied on: the bytes tell."""

    data: str = Field(min_length=1)
    format: str | None = Field(default=None, max_length=64)


class AudioPart(RequestModel):
    """A recording, as the OpenAI API has it in messages."""

    type: Literal["input_audio"]
    input_audio: InputAudio


ContentPart = Annotated[TextPart | ImagePart, Field(discriminator="type")]
