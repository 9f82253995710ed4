"""The error body, as the OpenAI API has it: `{"error": {"message", "type", "param", "code"}}`."""

from __future__ import annotations

from typing import Any

from prudent.types.base import ResponseModel
from prudent.types.safety import ContentFilterResults


class ErrorDetail(ResponseModel):
    """What happened, to which parameter, and what to do next (`hint`)."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None
    hint: str | None = None
    details: dict[str, Any] | None = None
    innererror: InnerError | None = None


class InnerError(ResponseModel):
    """Azure's place for the verdicts of a refused prompt."""

    code: str = "ResponsibleAIPolicyViolation"
    content_filter_result: ContentFilterResults = {}


class ErrorBody(ResponseModel):
    """The whole body of an error response."""

    error: ErrorDetail


ErrorDetail.model_rebuild()
