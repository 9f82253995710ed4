"""The exchange without any I/O: what is retried, for how long it waits, what it raises."""

from __future__ import annotations

import datetime
import email.utils
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent import errors
from prudent.client.exchange import (
    Call,
    Failure,
    Reply,
    Send,
    Sleep,
    error_from_body,
    error_from_reply,
    exchange,
    parse_retry_after,
)
from prudent.errors import (
    ConnectionFailedError,
    ContentFilterError,
    InternalError,
    InvalidRequestError,
    ModelNotFoundError,
    NotFoundError,
    PrudentError,
    RateLimitError,
    ServiceUnavailableError,
)

CALL = Call("POST", "http://localhost/v1/chat/completions", b"{}")
GOOD = Reply(200, {}, b"{}")


def _reply(status: int, headers: Mapping[str, str] = {}, **error: Any) -> Reply:
    return Reply(status, headers, json.dumps({"error": error}).encode())


def _run(
    outcomes: list[Reply | Failure], max_retries: int = 2
) -> tuple[Reply | PrudentError, list[float], int]:
    """Play the outcomes in order; return the result, the pauses and how often the call was sent."""
    steps = exchange(CALL, max_retries=max_retries, jitter=lambda: 0.0)
    pauses: list[float] = []
    sent = 0
    step = next(steps)
    try:
        while True:
            if isinstance(step, Sleep):
                pauses.append(step.seconds)
                step = steps.send(None)
            else:
                assert isinstance(step, Send)
                outcome = outcomes[sent]
                sent += 1
                step = steps.send(outcome)
    except StopIteration as end:
        return end.value, pauses, sent
    except PrudentError as error:
        return error, pauses, sent


def test_a_good_reply_is_returned_at_once() -> None:
    assert _run([GOOD]) == (GOOD, [], 1)


def test_a_retryable_error_is_tried_again_with_growing_pauses() -> None:
    busy = _reply(503, code="service_unavailable", message="loading")
    assert _run([busy, busy, GOOD]) == (GOOD, [0.5, 1.0], 3)


def test_the_last_error_is_raised_when_retries_are_used_up() -> None:
    result, _, sent = _run([_reply(500, message="a")] * 3)
    assert isinstance(result, InternalError)
    assert sent == 3


def test_no_retries_means_one_try() -> None:
    assert _run([_reply(503, message="no")], max_retries=0)[2] == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422])
def test_a_wrong_request_is_not_repeated(status: int) -> None:
    assert _run([_reply(status, message="no"), GOOD])[2] == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_repeated(status: int) -> None:
    assert _run([_reply(status, message="no"), GOOD])[0] == GOOD


def test_an_error_that_is_not_retryable_by_its_code_is_not_repeated_whatever_its_status() -> None:
    result, _, sent = _run([_reply(503, code="offline", message="no network"), GOOD])
    assert isinstance(result, errors.OfflineError)
    assert sent == 1


def test_retry_after_is_obeyed() -> None:
    assert _run([_reply(429, {"retry-after": "7"}, message="full"), GOOD])[1] == [7.0]


def test_the_exact_header_goes_before_the_standard_one() -> None:
    headers = {"retry-after": "2", "retry-after-ms": "1250"}
    assert _run([_reply(429, headers, message="full"), GOOD])[1] == [1.25]
    assert _run([_reply(429, {**headers, "retry-after-ms": "soon"}, message="full"), GOOD])[1] == [2.0]


def test_a_retry_after_of_an_hour_is_given_to_the_caller_instead_of_waited_for() -> None:
    result, pauses, _ = _run([_reply(429, {"retry-after": "3600"}, message="full"), GOOD])
    assert isinstance(result, RateLimitError)
    assert result.details["retry_after"] == 3600
    assert pauses == []


def test_a_failure_with_nothing_received_is_repeated() -> None:
    assert _run([Failure(ConnectionFailedError("refused"), repeatable=True), GOOD])[0] == GOOD


def test_a_failure_in_mid_answer_is_not_repeated() -> None:
    result, _, sent = _run([Failure(ConnectionFailedError("cut"), repeatable=False), GOOD])
    assert isinstance(result, ConnectionFailedError)
    assert sent == 1


@given(st.floats(0, 1), st.integers(0, 12))
def test_pauses_have_jitter_and_a_ceiling(jitter: float, retries: int) -> None:
    steps = exchange(CALL, max_retries=retries + 1, jitter=lambda: jitter)
    step = next(steps)
    for attempt in range(retries + 1):
        step = steps.send(_reply(503, message="no"))
        assert isinstance(step, Sleep)
        assert 0.75 * min(0.5 * 2**attempt, 8.0) <= step.seconds <= min(0.5 * 2**attempt, 8.0)
        step = steps.send(None)


def test_retry_after_is_read_as_seconds_or_as_a_date() -> None:
    assert parse_retry_after("1.5") == 1.5
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=30)
    seconds = parse_retry_after(email.utils.format_datetime(soon, usegmt=True))
    assert seconds is not None
    assert 25 < seconds <= 30
    assert parse_retry_after("-3") == 0


@given(st.text())
def test_any_retry_after_is_read_without_failing(value: str) -> None:
    seconds = parse_retry_after(value)
    assert seconds is None or 0 <= seconds < float("inf")


def test_the_code_decides_the_class_before_the_status() -> None:
    error = error_from_reply(
        _reply(404, {"x-request-id": "req-1"}, code="model_not_found", message="m", param="model")
    )
    assert type(error) is ModelNotFoundError
    assert (error.param, error.request_id) == ("model", "req-1")


def test_a_status_without_a_known_code_still_has_its_class() -> None:
    assert type(error_from_reply(_reply(404, code="something_else", message="m"))) is NotFoundError
    assert type(error_from_reply(Reply(503, {}, b"<html>proxy</html>"))) is ServiceUnavailableError
    assert type(error_from_reply(Reply(418, {}, b""))) is InvalidRequestError
    assert type(error_from_reply(Reply(302, {}, b""))) is ConnectionFailedError


def test_a_hint_is_not_said_twice() -> None:
    error = error_from_body({"error": {"message": "No. Do this.", "hint": "Do this."}}, status=400)
    assert (error.message, error.hint, str(error)) == ("No.", "Do this.", "No. Do this.")


def test_the_verdicts_of_a_refused_prompt_are_in_the_details() -> None:
    verdicts = {"secrets": {"filtered": True, "detected": True}}
    body = {"message": "refused", "code": "content_filter", "innererror": {"content_filter_result": verdicts}}
    error = error_from_body({"error": body}, status=400)
    assert isinstance(error, ContentFilterError)
    assert error.details["content_filter_result"] == verdicts


@settings(max_examples=50)
@given(
    st.binary()
    | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(lambda x: json.dumps(x).encode())
)
def test_any_body_of_an_error_becomes_a_typed_error(body: bytes) -> None:
    assert isinstance(error_from_reply(Reply(400, {}, body)), InvalidRequestError)


def test_every_error_with_a_code_comes_back_as_itself() -> None:
    def kinds(root: type[PrudentError]) -> set[type[PrudentError]]:
        return {root}.union(*(kinds(kind) for kind in root.__subclasses__()))

    for kind in kinds(PrudentError):
        # A part's own subclass, such as the compiler's GraphError, arrives as the class it extends.
        if kind.code is not None and kind.__module__ == PrudentError.__module__:
            assert type(error_from_body({"error": {"message": "m", "code": kind.code}}, status=500)) is kind
