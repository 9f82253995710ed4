"""Moderations on the wire, as the OpenAI API has them, plus the verdicts.

`model` takes OpenAI's names too, so that a client can stay as it is; what answers is the checks' own encoder.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from prudent.types.base import RequestModel, ResponseModel
from prudent.types.content import ImagePart
from prudent.types.operation import Operation
from prudent.types.safety import ContentFilterResults, SafetyInfo

MOST_INPUTS = 256

ModerationModel: TypeAlias = Literal[
    "prudent",
    "omni-moderation-latest",
    "omni-moderation-2024-09-26",
    "text-moderation-latest",
    "text-moderation-stable",
]
"""All of them are the checks' own encoder."""

InputType: TypeAlias = Literal["text", "image"]


class ModeratedText(RequestModel):
    """A text, as a part of one input."""

    type: Literal["text"]
    text: str


class ModeratedImage(ImagePart):
    """An image, as a part of one input."""


ModeratedPart = Annotated[ModeratedText | ModeratedImage, Field(discriminator="type")]
ModeratedTexts = Annotated[list[str], Field(min_length=1, max_length=MOST_INPUTS)]
ModeratedParts = Annotated[list[ModeratedPart], Field(min_length=1, max_length=MOST_INPUTS)]


class ModerationRequest(RequestModel):
    """A text, several texts (each has a result of its own), or the parts of one input (one result).

    `user` and `metadata` are as for chat.
    """

    input: Annotated[str | ModeratedTexts | ModeratedParts, Field(union_mode="left_to_right")]
    model: ModerationModel = "prudent"
    user: str | None = Field(default=None, max_length=256)
    metadata: dict[str, str] | None = Field(default=None, max_length=16)

    @property
    def inputs(self) -> list[list[ModeratedText | ModeratedImage]]:
        """The parts of each input."""
        if isinstance(self.input, str):
            return [[ModeratedText(type="text", text=self.input)]]
        texts = [one for one in self.input if isinstance(one, str)]
        if texts:
            return [[ModeratedText(type="text", text=text)] for text in texts]
        return [[one for one in self.input if not isinstance(one, str)]]


class Moderation(ResponseModel):
    """The result for one input. `category_scores` are calibrated probabilities (0-1).

    A category whose `category_applied_input_types` are empty was not looked for. `content_filter_results` say
    what the policy in force does with the input, by part.
    """

    flagged: bool
    categories: dict[str, bool]
    category_scores: dict[str, float]
    category_applied_input_types: dict[str, list[InputType]]
    content_filter_results: list[ContentFilterResults] = []


class Moderations(ResponseModel):
    """A result for each input. `model` names the encoder."""

    id: str
    model: str
    results: list[Moderation]
    safety: SafetyInfo | None = None


CREATE_MODERATION: Operation[ModerationRequest, Moderations, None] = Operation(
    "moderations.create", "POST", "/v1/moderations", ModerationRequest, Moderations
)
