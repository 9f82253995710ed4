"""One call from first try to answer: retries, backoff, Retry-After, errors. Does no I/O and knows no httpx.

`exchange` is a generator. It yields what to do next (Send or Sleep) and is sent what came of it (Reply,
Failure, or None after a Sleep); what it returns is the successful reply. Two drivers run it, one that
blocks and one that awaits (`drivers.py`).
"""

from __future__ import annotations

import datetime
import email.utils
import itertools
import json
import random
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

from prudent import errors
from prudent.errors import (
    ConnectionFailedError,
    ContentFilterError,
    InternalError,
    InvalidRequestError,
    PrudentError,
)

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 8.0
LONGEST_RETRY_AFTER_S = 60.0
"""A server that asks for a longer pause than this is not waited for: the caller gets the error."""


@dataclass(frozen=True, slots=True)
class FormBody:
    """A form with a file. `fields` are texts or lists of them; a repeated call reads `content` again."""

    fields: Mapping[str, str | list[str]]
    name: str
    content: bytes | BinaryIO


@dataclass(frozen=True, slots=True)
class Call:
    """What to send. `stream` says that a successful answer is read by the caller, event by event."""

    method: str
    path: str
    body: bytes | FormBody | None = None
    stream: bool = False
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Send:
    """Send the call and report a Reply or a Failure."""

    call: Call


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait for so many seconds, then report None."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `headers` have lower-case names; `body` is empty where a stream was left open."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer. `repeatable` says that nothing was received, so that sending again does no harm."""

    error: ConnectionFailedError
    repeatable: bool


Exchange = Generator[Send | Sleep, Reply | Failure | None, Reply]


def exchange(call: Call, *, max_retries: int, jitter: Callable[[], float] = random.random) -> Exchange:
    """Try the call until it succeeds, fails for good, or has been retried `max_retries` times.

    Raises:
        PrudentError: the error of the last try, typed by the answer's code, else by its status.
    """
    for attempt in itertools.count():
        outcome = yield Send(call)
        if isinstance(outcome, Reply) and 200 <= outcome.status < 300:
            return outcome
        if isinstance(outcome, Reply):
            error = error_from_reply(outcome)
            may_retry = error.retryable
        elif isinstance(outcome, Failure):
            error, may_retry = outcome.error, outcome.repeatable
        else:
            raise InternalError("A driver answered Send with nothing.")
        pause = _pause(error, attempt, jitter)
        if not may_retry or pause is None or attempt >= max_retries:
            raise error
        yield Sleep(pause)
    raise AssertionError  # count() has no end


def _pause(error: PrudentError, attempt: int, jitter: Callable[[], float]) -> float | None:
    """Seconds before the next try: what the server asked for, else backoff less up to a quarter of it.

    None where the server asks for more patience than a call should have.
    """
    asked = error.details.get("retry_after")
    if isinstance(asked, (int, float)):
        return max(0.0, float(asked)) if asked <= LONGEST_RETRY_AFTER_S else None
    return min(FIRST_DELAY_S * 2**attempt, LONGEST_DELAY_S) * (1 - 0.25 * jitter())


def _asked_pause(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait; the exact header goes before the standard one."""
    exact = parse_retry_after(headers.get("retry-after-ms"))
    return parse_retry_after(headers.get("retry-after")) if exact is None else exact / 1000


def parse_retry_after(value: str | None) -> float | None:
    """Read a Retry-After header (seconds, or an HTTP date) as seconds from now, 0 or more."""
    if value is None:
        return None
    try:
        return max(0.0, float(value)) if float(value) < float("inf") else None
    except ValueError:
        pass
    try:
        when = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=datetime.UTC)
    return max(0.0, (when - datetime.datetime.now(datetime.UTC)).total_seconds())


_BY_CODE: dict[str, type[PrudentError]] = {
    kind.code: kind
    for kind in (
        errors.ContextLengthError,
        errors.ContentFilterError,
        errors.RequestTooLargeError,
        errors.UnsupportedMediaError,
        errors.AuthenticationError,
        errors.PermissionDeniedError,
        errors.ApprovalRequiredError,
        errors.NotFoundError,
        errors.ModelNotFoundError,
        errors.ConflictError,
        errors.RateLimitError,
        errors.InternalError,
        errors.GrammarError,
        errors.DeadlineExceededError,
        errors.ServiceUnavailableError,
        errors.ConnectionFailedError,
        errors.RequestTimeoutError,
        errors.FetchError,
        errors.OfflineError,
        errors.IntegrityError,
        errors.StorageError,
        errors.ModelFileError,
        errors.UnsupportedModelError,
        errors.AccuracyGateError,
        errors.ConfigurationError,
    )
    if kind.code is not None
}

_BY_STATUS: dict[int, type[PrudentError]] = {
    401: errors.AuthenticationError,
    403: errors.PermissionDeniedError,
    404: errors.NotFoundError,
    408: errors.RequestTimeoutError,
    409: errors.ConflictError,
    413: errors.RequestTooLargeError,
    415: errors.UnsupportedMediaError,
    429: errors.RateLimitError,
    502: errors.ConnectionFailedError,
    503: errors.ServiceUnavailableError,
    504: errors.RequestTimeoutError,
}


def error_from_reply(reply: Reply) -> PrudentError:
    """Build the error that an unsuccessful answer stands for, whoever wrote it (a proxy may have)."""
    try:
        parsed: Any = json.loads(reply.body)
    except (ValueError, RecursionError):
        parsed = None
    error = error_from_body(parsed, status=reply.status, request_id=reply.headers.get("x-request-id"))
    retry_after = _asked_pause(reply.headers)
    if retry_after is not None:
        error.details["retry_after"] = retry_after
    return error


def error_from_body(body: Any, *, status: int | None, request_id: str | None = None) -> PrudentError:
    """Build an error from an OpenAI-style body: by its code, else by the status, else the general one."""
    fields = _error_fields(body)
    kind = _BY_CODE.get(str(fields.get("code"))) or _kind_of_status(status, fields)
    message, hint = fields.get("message"), fields.get("hint")
    hint = hint if isinstance(hint, str) and hint else None
    if not isinstance(message, str) or not message:
        message = f"The server answered with status {status} and no explanation."
    if hint is not None:
        message = message.removesuffix(hint).rstrip()
    details: dict[str, Any] = {}
    if isinstance(fields.get("details"), dict):
        details.update(cast("dict[str, Any]", fields["details"]))
    inner = fields.get("innererror")
    if issubclass(kind, ContentFilterError) and isinstance(inner, dict):
        details["content_filter_result"] = cast("dict[str, Any]", inner).get("content_filter_result", {})
    param = fields.get("param")
    return kind(
        message,
        hint=hint,
        param=param if isinstance(param, str) else None,
        details=details,
        request_id=request_id,
    )


def _error_fields(body: Any) -> dict[str, Any]:
    if isinstance(body, dict):
        inner = cast("dict[str, Any]", body).get("error")
        if isinstance(inner, dict):
            return cast("dict[str, Any]", inner)
        if isinstance(inner, str):
            return {"message": inner}
    return {}


def _kind_of_status(status: int | None, fields: Mapping[str, Any]) -> type[PrudentError]:
    if status is None:
        invalid = fields.get("type") == InvalidRequestError.type
        return InvalidRequestError if invalid else InternalError
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if 400 <= status < 500:
        return InvalidRequestError
    return InternalError if status >= 500 else ConnectionFailedError
