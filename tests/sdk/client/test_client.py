"""The clients over HTTP: what they send, what they make of the answers, when they try again."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import respx

from prudent.client import AsyncClient, Client
from prudent.client.stream import Stream
from prudent.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectionFailedError,
    ContentFilterError,
    InternalError,
    InvalidRequestError,
    RateLimitError,
    RequestTimeoutError,
    ServiceUnavailableError,
)
from prudent.types.chat import ChatMessage
from prudent.types.content import Source, TextPart

BASE = "http://server.test:8080"
CHAT = f"{BASE}/v1/chat/completions"
HELLO = [{"role": "user", "content": "hi"}]
ANSWER: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    "something_new": {"kept": True},
}
CHUNK: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "delta": {"content": "Hel"}, "finish_reason": None}],
}


@pytest.fixture
def routes() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        yield router


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRUDENT_BASE_URL", raising=False)
    monkeypatch.delenv("PRUDENT_API_KEY", raising=False)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Collects the pauses between tries instead of sleeping through them; other threads sleep as ever."""
    taken: list[float] = []
    test, sleep, sleep_async = threading.current_thread(), time.sleep, asyncio.sleep

    def pause(seconds: float) -> None:
        if threading.current_thread() is test:
            taken.append(seconds)
        else:
            sleep(seconds)

    async def pause_async(seconds: float) -> None:
        if threading.current_thread() is test:
            taken.append(seconds)
        else:
            await sleep_async(seconds)

    monkeypatch.setattr("prudent.client.drivers.time.sleep", pause)
    monkeypatch.setattr("prudent.client.drivers.asyncio.sleep", pause_async)
    return taken


def _sse(*events: object) -> bytes:
    return b"".join(
        b"data: " + (e.encode() if isinstance(e, str) else json.dumps(e).encode()) + b"\n\n" for e in events
    )


def _error(status: int, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
    return httpx.Response(status, json={"error": {"message": "no", **fields}}, headers=headers)


def test_a_request_says_what_was_given_and_nothing_else(routes: respx.MockRouter) -> None:
    route = routes.post(CHAT).respond(json=ANSWER)
    with Client(BASE, api_key="k", model="m") as client:
        answer = client.chat.completions.create(
            messages=HELLO, temperature=0, stop=("a", "b"), logit_bias={"1": 2.0}
        )
    request = route.calls.last.request
    assert json.loads(request.content) == {
        "messages": HELLO,
        "model": "m",
        "stream": False,
        "temperature": 0,
        "stop": ["a", "b"],
        "logit_bias": {"1": 2.0},
    }
    assert request.headers["authorization"] == "Bearer k"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].startswith("prudent/")
    assert answer.text == "Hello"
    assert answer.model_extra == {"something_new": {"kept": True}}


def test_messages_may_be_objects_or_dictionaries(routes: respx.MockRouter) -> None:
    route = routes.post(CHAT).respond(json=ANSWER)
    part = TextPart(text="世界", source=Source.DOCUMENT)
    with Client(BASE) as client:
        client.chat.completions.create(
            messages=(m for m in [ChatMessage(role="user", content=[part]), *HELLO])
        )
        client.chat.completions.create(messages=[{"role": "user", "content": [part]}])
    document = {"role": "user", "content": [{"type": "text", "text": "世界", "source": "document"}]}
    assert json.loads(route.calls[0].request.content)["messages"] == [document, *HELLO]
    assert json.loads(route.calls[1].request.content)["messages"] == [document]


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"messages": HELLO, "temperature": float("nan")}, "temperature"),
        ({"messages": [{"role": "user", "content": "\ud800"}]}, "messages"),
        ({"messages": [{"role": "user", "content": b"bytes"}]}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": HELLO[0]}, "messages"),
    ],
)
def test_what_has_no_json_form_is_refused_before_it_is_sent(
    routes: respx.MockRouter, given: dict[str, Any], param: str
) -> None:
    route = routes.post(CHAT).respond(json=ANSWER)
    with Client(BASE) as client, pytest.raises(InvalidRequestError) as caught:
        client.chat.completions.create(**given)
    assert caught.value.param == param
    assert not route.called


def test_an_unknown_parameter_is_a_type_error() -> None:
    with Client(BASE) as client, pytest.raises(TypeError):
        client.chat.completions.create(messages=HELLO, temprature=1)  # type: ignore[call-overload]


def test_the_base_url_may_end_in_v1_as_openais_does(routes: respx.MockRouter) -> None:
    route = routes.post(CHAT).respond(json=ANSWER)
    with Client(f"{BASE}/v1/") as client:
        client.chat.completions.create(messages=HELLO)
    assert route.called


def test_address_and_key_come_from_the_environment(
    routes: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRUDENT_BASE_URL", BASE)
    monkeypatch.setenv("PRUDENT_API_KEY", "from-env")
    route = routes.get(f"{BASE}/v1/models").respond(json={"object": "list", "data": []})
    with Client() as client:
        client.models.list()
    assert route.calls.last.request.headers["authorization"] == "Bearer from-env"


@pytest.mark.parametrize(
    "options",
    [
        {"base_url": "server"},
        {"base_url": "ftp://server"},
        {"base_url": "http://"},
        {"max_retries": -1},
        {"timeout": 0},
        {"timeout": float("nan")},
        {"base_url": BASE, "policy": "strict"},
        {"base_url": BASE, "progress": print},
        {"api_key": "two\nlines"},
    ],
)
def test_an_option_that_is_wrong_or_would_do_nothing_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Client(**options)


def test_a_model_is_looked_up_by_one_path_segment(routes: respx.MockRouter) -> None:
    model = {"id": "a", "object": "model", "created": 0, "owned_by": "x"}
    route = routes.get(url__startswith=f"{BASE}/v1/models/").respond(json=model)
    with Client(BASE) as client:
        assert client.models.retrieve("a/../b?c").id == "a"
    assert route.calls.last.request.url.raw_path == b"/v1/models/a%2F..%2Fb%3Fc"


def test_a_busy_server_is_asked_again(routes: respx.MockRouter, pauses: list[float]) -> None:
    routes.post(CHAT).mock(
        side_effect=[_error(503), _error(429, {"retry-after": "3"}), httpx.Response(200, json=ANSWER)]
    )
    with Client(BASE) as client:
        assert client.chat.completions.create(messages=HELLO).text == "Hello"
    assert len(pauses) == 2
    assert pauses[1] == 3


def test_a_busy_server_is_asked_again_when_awaited(routes: respx.MockRouter, pauses: list[float]) -> None:
    routes.post(CHAT).mock(side_effect=[_error(500), httpx.Response(200, json=ANSWER)])

    async def main() -> str:
        async with AsyncClient(BASE) as client:
            return (await client.chat.completions.create(messages=HELLO)).text

    assert asyncio.run(main()) == "Hello"
    assert len(pauses) == 1


def test_a_connection_that_fails_is_tried_again_and_then_said_to_be_missing(
    routes: respx.MockRouter, pauses: list[float]
) -> None:
    route = routes.post(CHAT).mock(side_effect=httpx.ConnectError("refused"))
    with Client(BASE, max_retries=1) as client, pytest.raises(ConnectionFailedError, match="prudent serve"):
        client.chat.completions.create(messages=HELLO)
    assert route.call_count == 2


def test_a_connection_that_breaks_before_any_answer_is_tried_again(
    routes: respx.MockRouter, pauses: list[float]
) -> None:
    routes.post(CHAT).mock(
        side_effect=[httpx.RemoteProtocolError("disconnected"), httpx.Response(200, json=ANSWER)]
    )
    with Client(BASE) as client:
        assert client.chat.completions.create(messages=HELLO).text == "Hello"


def test_a_server_that_is_slow_is_not_asked_twice(routes: respx.MockRouter, pauses: list[float]) -> None:
    route = routes.post(CHAT).mock(side_effect=httpx.ReadTimeout("slow"))
    with Client(BASE) as client, pytest.raises(RequestTimeoutError):
        client.chat.completions.create(messages=HELLO)
    assert route.call_count == 1


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (_error(400, param="messages"), InvalidRequestError),
        (_error(401), AuthenticationError),
        (_error(400, code="content_filter"), ContentFilterError),
        (_error(429), RateLimitError),
        (_error(500), InternalError),
        (httpx.Response(503, text="<html>"), ServiceUnavailableError),
        (httpx.Response(200, text="<html>"), ConnectionFailedError),
        (httpx.Response(200, json={"object": "other"}), ConnectionFailedError),
    ],
)
def test_each_answer_has_its_error(routes: respx.MockRouter, response: httpx.Response, kind: type) -> None:
    routes.post(CHAT).mock(return_value=response)
    with Client(BASE, max_retries=0) as client, pytest.raises(kind):
        client.chat.completions.create(messages=HELLO)


def test_a_stream_is_read_to_its_end(routes: respx.MockRouter) -> None:
    routes.post(CHAT).respond(content=_sse(CHUNK, CHUNK, "[DONE]"), headers={"x-request-id": "req-7"})
    with Client(BASE) as client:
        stream = client.chat.completions.create(messages=HELLO, stream=True)
        assert isinstance(stream, Stream)
        assert stream.request_id == "req-7"
        assert [chunk.text for chunk in stream] == ["Hel", "Hel"]
        assert list(stream) == []


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (_sse(CHUNK), ConnectionFailedError),
        (_sse(CHUNK, "not json"), ConnectionFailedError),
        (_sse(CHUNK, {"object": "other"}), ConnectionFailedError),
        (_sse(CHUNK, {"error": {"message": "m", "code": "service_unavailable"}}), ServiceUnavailableError),
        (_sse(CHUNK, {"error": {"message": "m", "type": "invalid_request_error"}}), InvalidRequestError),
        (_sse(CHUNK, {"error": "text"}), InternalError),
    ],
)
def test_what_goes_wrong_in_mid_stream_is_a_typed_error(
    routes: respx.MockRouter, content: bytes, kind: type
) -> None:
    routes.post(CHAT).respond(content=content)
    with Client(BASE) as client:
        stream = client.chat.completions.create(messages=HELLO, stream=True)
        assert next(stream).text == "Hel"
        with pytest.raises(kind):
            next(stream)


def test_a_stream_that_is_refused_is_tried_again_like_any_call(
    routes: respx.MockRouter, pauses: list[float]
) -> None:
    routes.post(CHAT).mock(side_effect=[_error(503), httpx.Response(200, content=_sse(CHUNK, "[DONE]"))])
    with Client(BASE) as client:
        assert [chunk.text for chunk in client.chat.completions.create(messages=HELLO, stream=True)] == [
            "Hel"
        ]


def test_an_async_stream_is_read_and_may_be_left_early(routes: respx.MockRouter) -> None:
    routes.post(CHAT).respond(content=_sse(CHUNK, CHUNK, "[DONE]"))

    async def main() -> None:
        async with AsyncClient(BASE) as client:
            stream = await client.chat.completions.create(messages=HELLO, stream=True)
            assert [chunk.text async for chunk in stream] == ["Hel", "Hel"]
            async with await client.chat.completions.create(messages=HELLO, stream=True) as stream:
                async for _ in stream:
                    break

    asyncio.run(main())


def test_a_client_that_was_passed_in_is_not_closed(routes: respx.MockRouter) -> None:
    routes.post(CHAT).respond(json=ANSWER)
    with httpx.Client() as http:
        with Client(BASE, http_client=http) as client:
            client.chat.completions.create(messages=HELLO)
        assert not http.is_closed


def test_a_call_may_have_its_own_timeout(routes: respx.MockRouter) -> None:
    route = routes.post(CHAT).respond(json=ANSWER)
    with Client(BASE, timeout=100) as client:
        client.chat.completions.create(messages=HELLO, timeout=7)
        client.chat.completions.create(messages=HELLO)
    timeouts = [call.request.extensions["timeout"] for call in route.calls]
    assert [timeout["read"] for timeout in timeouts] == [7, 100]
    assert [timeout["connect"] for timeout in timeouts] == [5, 5]


def test_the_client_loads_no_server_and_no_runtime() -> None:
    program = (
        "import sys, prudent.client as c; c.Client('http://127.0.0.1:9').close(); c.Client().close();"
        "print([m for m in ('fastapi', 'uvicorn', 'numpy', 'onnxruntime', 'tiktoken') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
