"""The two drivers of an exchange: one blocks, one awaits. They know httpx, and nothing of retries."""

from __future__ import annotations

import asyncio
import time

import httpx

from prudent.client.exchange import Call, Exchange, Failure, FormBody, Reply, Send, Sleep
from prudent.errors import ConnectionFailedError, InternalError, RequestTimeoutError

FILE = "file"
"""The field of a form that holds its file."""


def perform(http: httpx.Client, steps: Exchange, timeout: httpx.Timeout) -> tuple[Reply, httpx.Response]:
    """Run the exchange to its end. The response is still open where the call streams, else closed."""
    outcome: Reply | Failure | None = None
    response: httpx.Response | None = None
    while True:
        try:
            step = next(steps) if outcome is None else steps.send(outcome)
        except StopIteration as end:
            if response is None:
                raise InternalError("An exchange ended without an answer.") from end
            return end.value, response
        if isinstance(step, Sleep):
            time.sleep(step.seconds)
            outcome = None
        else:
            outcome, response = _send(http, step, timeout)


def _send(
    http: httpx.Client, step: Send, timeout: httpx.Timeout
) -> tuple[Reply | Failure, httpx.Response | None]:
    request = _request(http, step.call, timeout)
    try:
        response = http.send(request, stream=True)
    except httpx.TransportError as error:
        return failure(error, received=False), None
    try:
        if not (step.call.stream and response.is_success):
            response.read()
            response.close()
    except httpx.TransportError as error:
        return failure(error, received=True), None
    except BaseException:
        response.close()
        raise
    return _reply(step.call, response), response


async def aperform(
    http: httpx.AsyncClient, steps: Exchange, timeout: httpx.Timeout
) -> tuple[Reply, httpx.Response]:
    """Run the exchange to its end. The response is still open where the call streams, else closed."""
    outcome: Reply | Failure | None = None
    response: httpx.Response | None = None
    while True:
        try:
            step = next(steps) if outcome is None else steps.send(outcome)
        except StopIteration as end:
            if response is None:
                raise InternalError("An exchange ended without an answer.") from end
            return end.value, response
        if isinstance(step, Sleep):
            await asyncio.sleep(step.seconds)
            outcome = None
        else:
            outcome, response = await _asend(http, step, timeout)


async def _asend(
    http: httpx.AsyncClient, step: Send, timeout: httpx.Timeout
) -> tuple[Reply | Failure, httpx.Response | None]:
    request = _request(http, step.call, timeout)
    try:
        response = await http.send(request, stream=True)
    except httpx.TransportError as error:
        return failure(error, received=False), None
    try:
        if not (step.call.stream and response.is_success):
            await response.aread()
            await response.aclose()
    except httpx.TransportError as error:
        return failure(error, received=True), None
    except BaseException:
        await response.aclose()
        raise
    return _reply(step.call, response), response


def _request(http: httpx.Client | httpx.AsyncClient, call: Call, timeout: httpx.Timeout) -> httpx.Request:
    if http.is_closed:
        raise ConnectionFailedError("The client is closed.", hint="Make a new one.")
    headers = dict(call.headers)
    if isinstance(call.body, FormBody):
        form = call.body
        files = {FILE: (form.name, form.content)}
        return http.build_request(
            call.method, call.path, data=form.fields, files=files, headers=headers, timeout=timeout
        )
    return http.build_request(call.method, call.path, content=call.body, headers=headers, timeout=timeout)


def _reply(call: Call, response: httpx.Response) -> Reply:
    open_stream = call.stream and response.is_success
    return Reply(response.status_code, dict(response.headers), b"" if open_stream else response.content)


def failure(error: httpx.TransportError, *, received: bool) -> Failure:
    """Say what httpx reports. A read timeout is never repeated: the server may still be at work."""
    if isinstance(error, httpx.ConnectTimeout):
        return Failure(RequestTimeoutError("The server did not accept a connection in time."), True)
    if isinstance(error, httpx.TimeoutException):
        return Failure(
            RequestTimeoutError(
                "The server did not answer in time.", hint="Give the client a longer timeout."
            ),
            False,
        )
    if isinstance(error, httpx.ConnectError):
        return Failure(
            ConnectionFailedError(
                f"No server answers at {error.request.url.copy_with(path='/', query=None)}.",
                hint="Start one with `prudent serve`, or leave base_url out to run in this process.",
            ),
            True,
        )
    kind = type(error).__name__
    if received:
        return Failure(ConnectionFailedError(f"The connection was cut in mid-answer ({kind})."), False)
    repeatable = isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError)
    return Failure(ConnectionFailedError(f"The connection broke before an answer came ({kind})."), repeatable)
