"""Errors as answers: one function for all of them, because the facts are on the class. Knows no route."""

from __future__ import annotations

import logging
import math
import traceback
from typing import Any, cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from prudent.errors import (
    AuthenticationError,
    ContentFilterError,
    InternalError,
    NotFoundError,
    PrudentError,
    RateLimitError,
    ServiceUnavailableError,
)
from prudent.types.error import ErrorBody, ErrorDetail, InnerError

logger = logging.getLogger("prudent.server")

RETRY_AFTER_S = 1


def error_body(error: PrudentError) -> dict[str, Any]:
    """The body that OpenAI's clients understand. `message` ends with the hint, which is also given apart."""
    details = dict(error.details)
    verdicts = details.pop("content_filter_result", None)
    inner = (
        InnerError(content_filter_result=verdicts or {}) if isinstance(error, ContentFilterError) else None
    )
    detail = ErrorDetail(
        message=str(error),
        type=error.type,
        param=error.param,
        code=error.code,
        hint=error.hint,
        details=details or None,
        innererror=inner,
    )
    body = ErrorBody(error=detail).model_dump(mode="json", exclude_none=True)
    body["error"].setdefault("param", None)
    body["error"].setdefault("code", None)
    return body


def error_response(error: PrudentError) -> JSONResponse:
    """Answer with an error: its own status, and the headers that go with it."""
    headers: dict[str, str] = {}
    if isinstance(error, AuthenticationError):
        headers["www-authenticate"] = "Bearer"
    if isinstance(error, RateLimitError | ServiceUnavailableError):
        after = error.details.get("retry_after", RETRY_AFTER_S)
        seconds = float(after) if isinstance(after, int | float) else RETRY_AFTER_S
        headers["retry-after"] = str(math.ceil(seconds))
        headers["retry-after-ms"] = str(math.ceil(seconds * 1000))  # what OpenAI's clients read first
    return JSONResponse(error_body(error), type(error).http_status, headers)


def internal_error(error: Exception, request_id: str | None) -> InternalError:
    """Log where an unforeseen exception came from, and return what the client may know of it.

    The exception's own text stays out of the log: it may quote the request.
    """
    frames = "".join(traceback.format_tb(error.__traceback__))
    logger.error("request %s failed with %s\n%s", request_id, type(error).__qualname__, frames)
    return InternalError(
        "The server failed on this request.", hint="Its log says more, under the request id."
    )


def handle_prudent_error(_: Request, error: Exception) -> Response:
    """Handler of every PrudentError that a route lets through."""
    return error_response(cast("PrudentError", error))


def handle_http_exception(request: Request, error: Exception) -> Response:
    """Handler of what the framework itself refuses: no such route, wrong method."""
    refusal = cast("HTTPException", error)
    path = request.url.path
    if refusal.status_code == NotFoundError.http_status:
        return error_response(NotFoundError(f"There is no {path[:100]} here.", hint="See /openapi.json."))
    body = {
        "message": f"{request.method} {path[:100]}: {refusal.detail}.",
        "type": "invalid_request_error",
        "param": None,
        "code": "method_not_allowed" if refusal.status_code == 405 else None,
    }
    return JSONResponse({"error": body}, refusal.status_code, refusal.headers)
