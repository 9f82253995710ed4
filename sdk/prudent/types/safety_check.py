"""Texts, images and sounds put to the checks for no other purpose than their verdicts, on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, cast

from pydantic import Discriminator, Field, Tag

from prudent.types.base import RequestModel, ResponseModel
from prudent.types.content import AudioPart, ImageUrl, InputAudio, Source
from prudent.types.image import ImageInfo
from prudent.types.operation import Operation
from prudent.types.safety import Action, ContentFilterResults, SafetyInfo
from prudent.types.vision import ImageSeverity

MOST_PARTS = 256


class PartToCheck(RequestModel):
    """A text and who wrote it: the policy has rules for each source."""

    type: Literal["text"] = "text"
    text: str
    source: Source = Source.USER


class ImageToCheck(RequestModel):
    """An image: what it shows is checked, and the text in it unless its `detail` is "low"."""

    type: Literal["image_url"] = "image_url"
    image_url: ImageUrl

    @property
    def source(self) -> Source:
        """What is read in it is nobody's instruction."""
        return Source.IMAGE


class SoundToCheck(AudioPart):
    """A recording: what is said in it is checked."""

    type: Literal["input_audio"] = "input_audio"
    input_audio: InputAudio

    @property
    def source(self) -> Source:
        """What is heard in it is nobody's instruction."""
        return Source.AUDIO


def _kind(part: object) -> str:
    """A part without a type is a text, as it was when there were no others."""
    if isinstance(part, dict):
        return str(cast("dict[str, Any]", part).get("type", "text"))
    return str(getattr(part, "type", "text"))


AnyPartToCheck: TypeAlias = Annotated[
    Annotated[PartToCheck, Tag("text")]
    | Annotated[ImageToCheck, Tag("image_url")]
    | Annotated[SoundToCheck, Tag("input_audio")],
    Discriminator(_kind),
]


class SafetyCheckRequest(RequestModel):
    """What is to be checked: a text of the user, or parts with their sources.

    `user` and `metadata` are as for chat.
    """

    input: str | Annotated[list[AnyPartToCheck], Field(min_length=1, max_length=MOST_PARTS)]
    user: str | None = Field(default=None, max_length=256)
    metadata: dict[str, str] | None = Field(default=None, max_length=16)

    @property
    def parts(self) -> list[PartToCheck | ImageToCheck | SoundToCheck]:
        """The parts, whichever way they were given."""
        return [PartToCheck(text=self.input)] if isinstance(self.input, str) else list(self.input)


class CheckedPart(ResponseModel):
    """The verdicts on one part. `text` is what would go on: without what the policy takes out of it.

    Of an image it is the text that was read in it, of a recording what was said. `action` is the sternest of
    its verdicts; a blocked part has no text. `categories` are an image model's severities, None where the
    image was not looked at.
    """

    source: Source
    action: Action
    content_filter_results: ContentFilterResults
    text: str | None = None
    image: ImageInfo | None = None
    categories: dict[str, ImageSeverity] | None = None
    language: str | None = None


class SafetyCheck(ResponseModel):
    """The verdicts on all parts, in their order. `blocked` says that a request with them would be refused."""

    blocked: bool
    action: Action
    parts: list[CheckedPart]
    safety: SafetyInfo | None = None


CHECK_SAFETY: Operation[SafetyCheckRequest, SafetyCheck, None] = Operation(
    "safety.check", "POST", "/v1/safety/check", SafetyCheckRequest, SafetyCheck
)
