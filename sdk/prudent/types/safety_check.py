"""Texts put to the checks for no other purpose than their verdicts, on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from prudent.types.base import RequestModel, ResponseModel
from prudent.types.content import Source
from prudent.types.operation import Operation
from prudent.types.safety import Action, ContentFilterResults, SafetyInfo

MOST_PARTS = 256


class PartToCheck(RequestModel):
    """A text and who wrote it: the policy has rules for each source."""

    text: str
    source: Source = Source.USER


class SafetyCheckRequest(RequestModel):
    """What is to be checked: a text of the user, or parts with their sources.

    `user` and `metadata` are as for chat.
    """

    input: str | Annotated[list[PartToCheck], Field(min_length=1, max_length=MOST_PARTS)]
    user: str | None = Field(default=None, max_length=256)
    metadata: dict[str, str] | None = Field(default=None, max_length=16)

    @property
    def parts(self) -> list[PartToCheck]:
        """The parts, whichever way they were given."""
        return [PartToCheck(text=self.input)] if isinstance(self.input, str) else self.input


class CheckedPart(ResponseModel):
    """The verdicts on one part. `text` is what would go on: without what the policy takes out of it.

    `action` is the sternest of its verdicts; a blocked part has no text.
    """

    source: Source
    action: Action
    content_filter_results: ContentFilterResults
    text: str | None = None


class SafetyCheck(ResponseModel):
    """The verdicts on all parts, in their order. `blocked` says that a request with them would be refused."""

    blocked: bool
    action: Action
    parts: list[CheckedPart]
    safety: SafetyInfo | None = None


CHECK_SAFETY: Operation[SafetyCheckRequest, SafetyCheck, None] = Operation(
    "safety.check", "POST", "/v1/safety/check", SafetyCheckRequest, SafetyCheck
)
