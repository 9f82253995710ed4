"""Every error that prudent raises, and the facts its handlers need.

It knows no other module of prudent, and imports only the standard library.

    PrudentError
    ├── InvalidRequestError            400  the request is wrong; `param` names the field
    │   ├── ContextLengthError         400  prompt and answer do not fit the context
    │   ├── GrammarError               400  a schema or grammar that is wrong or cannot be enforced
    │   ├── ContentFilterError         400  a check refused the request; carries the verdicts
    │   ├── RequestTooLargeError       413
    │   └── UnsupportedMediaError      415  a file that is no sound, picture or page that can be read
    ├── AuthenticationError            401
    ├── PermissionDeniedError          403
    │   └── ApprovalRequiredError      403  a check holds the request until a person approves it
    ├── NotFoundError                  404
    │   └── ModelNotFoundError         404  carries the nearest names
    ├── ConflictError                  409
    ├── RateLimitError                 429  retryable; carries retry_after
    ├── InternalError                  500  retryable; a fault of ours
    ├── ServiceUnavailableError        503  retryable; loading, or draining
    ├── DeadlineExceededError          504  the request's own deadline passed first
    ├── UnreadableAnswerError          -    an answer does not have the form it was to be read in
    ├── ConnectionFailedError          -    retryable; no answer from the server
    │   └── RequestTimeoutError        -
    ├── FetchError                     -    a model file could not be brought
    │   ├── OfflineError               -    PRUDENT_OFFLINE=1 and the file is not in the cache
    │   └── IntegrityError             -    bytes differ from the catalog's hash
    ├── StorageError                   -    disk full, or the cache cannot be written
    ├── ModelFileError                 -    a weight file is corrupt or not supported
    │   └── UnsupportedModelError      -
    ├── AccuracyGateError              -    a compiled model strays too far from float32
    └── ConfigurationError             -    a setting or policy file is wrong

`message` says what happened and to which input; `hint` says what to do next. `http_status` is how the
server answers with it, `code` is the machine-readable name in the error body, `exit_code` is what the
command line exits with, `retryable` tells a client that the same call may succeed later.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class PrudentError(Exception):
    """Root of every error of prudent."""

    http_status: ClassVar[int] = 500
    type: ClassVar[str] = "internal_error"
    code: ClassVar[str | None] = None
    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        param: str | None = None,
        details: Mapping[str, Any] | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.param = param
        self.details: dict[str, Any] = dict(details or {})
        self.request_id = request_id

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message} {self.hint}"


class InvalidRequestError(PrudentError):
    """The request is wrong and would be wrong again; `param` names the field."""

    http_status = 400
    type = "invalid_request_error"
    exit_code = 2


class ContextLengthError(InvalidRequestError):
    """Prompt plus requested answer exceed the context. Nothing is ever truncated to make it fit."""

    code = "context_length_exceeded"


class ContentFilterError(InvalidRequestError):
    """A check refused the request. `details["content_filter_result"]` holds the verdicts."""

    code = "content_filter"
    exit_code = 3


class GrammarError(InvalidRequestError):
    """A schema, regex or grammar is wrong, or asks for what cannot be enforced."""

    code = "unsupported_grammar"


class RequestTooLargeError(InvalidRequestError):
    """The body, or what is in it, is larger than the server accepts."""

    http_status = 413
    code = "request_too_large"


class UnsupportedMediaError(InvalidRequestError):
    """A file is not of a kind that can be read: not sound where sound is asked for, or an unknown format."""

    http_status = 415
    code = "unsupported_media"


class AuthenticationError(PrudentError):
    """No key, or a key that the server does not know."""

    http_status = 401
    type = "authentication_error"
    code = "invalid_api_key"


class PermissionDeniedError(PrudentError):
    """The key is known, the action is not allowed to it."""

    http_status = 403
    type = "permission_error"
    code = "permission_denied"


class ApprovalRequiredError(PermissionDeniedError):
    """A check holds the request until a person approves it. `details["approval"]` is what to approve.

    Once it is approved (`prudent approvals approve`), the same request goes through, once.
    """

    code = "approval_required"
    exit_code = 3


class NotFoundError(PrudentError):
    """No such route or object."""

    http_status = 404
    type = "invalid_request_error"
    code = "not_found"
    exit_code = 2


class ModelNotFoundError(NotFoundError):
    """No model has this name; the message offers the nearest one."""

    code = "model_not_found"


class ConflictError(PrudentError):
    """The object is not in a state that allows the action."""

    http_status = 409
    type = "invalid_request_error"
    code = "conflict"


class RateLimitError(PrudentError):
    """The server is at capacity. `details["retry_after"]` is in seconds where the server said so."""

    http_status = 429
    type = "rate_limit_error"
    code = "rate_limit_exceeded"
    retryable = True


class InternalError(PrudentError):
    """A fault of ours. The body never carries a traceback; the log does, under the request id."""

    code = "internal_error"
    retryable = True


class ServiceUnavailableError(PrudentError):
    """The model is still loading, or the server is shutting down."""

    http_status = 503
    type = "service_unavailable"
    code = "service_unavailable"
    retryable = True


class DeadlineExceededError(PrudentError):
    """The request's own deadline passed before it had an answer."""

    http_status = 504
    type = "deadline_exceeded"
    code = "deadline_exceeded"


class UnreadableAnswerError(PrudentError):
    """An answer that was to be read as a model was cut short, or breaks a rule that only the model knows.

    `details["completion"]` is the answer.
    """


class ConnectionFailedError(PrudentError):
    """No answer: refused, reset, or cut in mid-answer."""

    http_status = 502
    type = "connection_error"
    code = "connection_failed"
    retryable = True


class RequestTimeoutError(ConnectionFailedError):
    """No answer within the client's timeout."""

    http_status = 504
    code = "timeout"


class FetchError(PrudentError):
    """A model file could not be brought through any channel."""

    http_status = 503
    code = "fetch_failed"
    retryable = True


class OfflineError(FetchError):
    """The file is not in the cache and PRUDENT_OFFLINE=1 forbids the network."""

    code = "offline"
    retryable = False


class IntegrityError(FetchError):
    """The bytes that came differ from the hash in the catalog; they were thrown away."""

    code = "integrity"
    retryable = False


class StorageError(PrudentError):
    """The disk is full, or the cache folder cannot be written."""

    http_status = 507
    code = "storage"


class ModelFileError(PrudentError):
    """A weight file is truncated, inconsistent or not what it says it is."""

    code = "model_file"
    exit_code = 2


class UnsupportedModelError(ModelFileError):
    """The file is sound, and prudent cannot run what is in it."""

    code = "unsupported_model"


class AccuracyGateError(PrudentError):
    """The compiled model strays further from float32 than its target promises."""

    code = "accuracy_gate"


class ConfigurationError(PrudentError):
    """A setting, an environment variable or a policy file is wrong."""

    code = "configuration"
    exit_code = 2
