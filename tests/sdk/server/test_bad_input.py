"""Whatever comes in: a clear 4xx in the shape that OpenAI's clients read, never a 500 and never a hang."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prudent.client.transports import AppTransport
from prudent.testing import RunningServer, ScriptedModel, scripted_app
from prudent_responsible_ai.pipeline import Pipeline
from prudent_responsible_ai.policy import AuditSettings, Policy

URL = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "hi"}]
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    policy = Policy(name="off", version="1", audit=AuditSettings(enabled=False))
    app = scripted_app(ScriptedModel("hello"), pipeline=Pipeline(policy, []))
    with httpx.Client(transport=AppTransport(lambda: app), base_url="http://localhost", timeout=120) as http:
        yield http


def _error(response: httpx.Response, status: int = 400) -> dict[str, Any]:
    assert response.status_code == status, response.text
    body = response.json()
    assert body.keys() == {"error"}
    assert {"message", "type", "param", "code"} <= body["error"].keys()
    assert "\n" not in body["error"]["message"]
    assert len(body["error"]["message"]) < 500
    assert response.headers["x-request-id"]
    return body["error"]


def _post(client: httpx.Client, body: bytes | str) -> httpx.Response:
    return client.post(URL, content=body, headers=JSON)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": []}, "messages"),
        ({}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content"),
        ({"messages": [{"role": "boss", "content": "hi"}]}, "messages[0].role"),
        (
            {"messages": [*HELLO, {"role": "user", "content": [{"type": "text"}]}]},
            "messages[1].content[0].text",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": 1}]}]},
            "messages[0].content[0].text",
        ),
        ({"messages": [{"role": "user", "content": [{"type": "video"}]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"text": "hi"}]}]}, "messages[0].content[0]"),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"type": "text", "text": "a", "source": "developer"}]}
                ]
            },
            "messages[0]",
        ),
        ({"messages": HELLO, "max_tokens": -1}, "max_tokens"),
        ({"messages": HELLO, "max_tokens": 0}, "max_tokens"),
        ({"messages": HELLO, "max_tokens": "5"}, "max_tokens"),
        ({"messages": HELLO, "max_tokens": 5.5}, "max_tokens"),
        ({"messages": HELLO, "max_tokens": True}, "max_tokens"),
        ({"messages": HELLO, "temperature": "1"}, "temperature"),
        ({"messages": HELLO, "temperature": 2.1}, "temperature"),
        ({"messages": HELLO, "stream": "yes"}, "stream"),
        ({"messages": HELLO, "stream": 1}, "stream"),
        ({"messages": HELLO, "n": 0}, "n"),
        ({"messages": HELLO, "n": 1000000}, "n"),
        ({"messages": HELLO, "seed": 2**64}, "seed"),
        ({"messages": HELLO, "logit_bias": {"x": 1}}, None),
        ({"messages": HELLO, "logit_bias": {"5": "1"}}, "logit_bias.5"),
        ({"messages": HELLO, "stop": ["a"] * 5}, None),
        ({"messages": HELLO, "stop": 5}, "stop"),
        ({"messages": HELLO, "top_logprobs": 2}, None),
        ({"messages": HELLO, "metadata": {"a": 1}}, "metadata.a"),
        ({"messages": HELLO, "model": 5}, "model"),
        ({"messages": HELLO, "user": "x" * 300}, "user"),
        ({"messages": HELLO, "frobnicate": 1}, "frobnicate"),
        ({"messages": [{"role": "user", "content": "hi", "mood": "good"}]}, "messages[0].mood"),
        ({"messages": HELLO, "tools": [{"type": "function"}]}, "tools[0].function"),
        ({"messages": HELLO, "response_format": {"type": "yaml"}}, "response_format"),
        ({"messages": HELLO, "response_format": {"type": "regex"}}, "response_format.regex"),
    ],
)
def test_a_wrong_field_is_named(client: httpx.Client, fields: dict[str, Any], param: str | None) -> None:
    assert _error(client.post(URL, json=fields))["param"] == param


def test_a_parameter_of_openai_that_is_missing_here_is_said_to_be_not_supported(client: httpx.Client) -> None:
    for name in ("functions", "reasoning_effort", "store", "modalities"):
        assert "not supported" in _error(client.post(URL, json={"messages": HELLO, name: {}}))["message"]
    assert "Unknown" in _error(client.post(URL, json={"messages": HELLO, "tolls": 1}))["message"]


def test_null_stands_for_a_parameter_that_is_absent(client: httpx.Client) -> None:
    fields = {"messages": HELLO, "temperature": None, "max_tokens": None, "tools": None, "stop": None}
    assert client.post(URL, json=fields).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hi",
        b"[]",
        b"5",
        b"null",
        b'{"messages": ',
        b'{"messages": [{"role": "user", "content": "\xff\xfe"}]}',
        b'\xef\xbb\xbf{"messages": []}',
        b"\x00" * 100,
        b'{"messages": [{"role": "user", "content": "\x00"}]}',
        b'{"messages": [{"role": "user", "content": "\\ud800"}]}',
        b'{"messages": [{"role": "user", "content": "\\udc00\\ud800"}]}',
        b'{"messages": [{"role": "user", "content": "hi", "name": "\\udfff"}]}',
        b'{"messages": [{"role": "user", "content": "hi"}], "stop": "\\ud83d"}',
        b'{"messages": [{"role": "user", "content": "hi"}], "metadata": {"\\ud83d": "a"}}',
        b'{"messages": [{"role": "user", "content": "hi"}], "temperature": NaN}',
        b'{"messages": [{"role": "user", "content": "hi"}], "temperature": -Infinity}',
        b'{"messages": [{"role": "user", "content": "hi"}], "temperature": 1e999}',
        b'{"messages": [{"role": "user", "content": "hi"}], "max_tokens": 1' + b"0" * 10_000 + b"}",
        b'{"messages": [{"role": "user", "content": "hi"}], "stream": true, "stream": false}',
        b'{"messages": [{"role": "user", "content": "hi", "role": "system"}]}',
        b'{"messages": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"messages": [' + b"[]," * 2_000_000 + b"[]]}",
        b'{"messages": [{"role": "user", "content": [' + b"5," * 2_000_000 + b"5]}]}",
        b'{"messages": [{"role": "user", "content": "hi"}], "stop": [' + b"5," * 2_000_000 + b"5]}",
        b"{" + b",".join(b'"%d":1' % i for i in range(500_000)) + b"}",
        b'{"messages": [{"role": "user", "content": "hi"}], "logit_bias": {"' + b"9" * 6000 + b'": 1}}',
    ],
    ids=lambda body: body[:40].decode("latin-1") + f"... {len(body)}",
)
def test_a_broken_body_is_refused(client: httpx.Client, body: bytes) -> None:
    response = _post(client, body)
    if response.status_code != 200:  # the last one is well formed: a real model knows its vocabulary
        _error(response)
    else:
        assert b"logit_bias" in body


def test_a_null_character_that_is_escaped_is_text(client: httpx.Client) -> None:
    assert _post(client, b'{"messages": [{"role": "user", "content": "a\\u0000b"}]}').status_code == 200


def test_a_pair_of_surrogates_is_a_character(client: httpx.Client) -> None:
    assert _post(client, b'{"messages": [{"role": "user", "content": "\\ud83d\\ude00"}]}').status_code == 200


def test_ten_thousand_messages_are_taken(client: httpx.Client) -> None:
    assert client.post(URL, json={"messages": HELLO * 10_000}).status_code == 200


def test_a_huge_max_tokens_is_for_the_model_to_judge(client: httpx.Client) -> None:
    assert client.post(URL, json={"messages": HELLO, "max_tokens": 10**30}).status_code == 200


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_a_body_that_does_not_say_it_is_json_is_refused(client: httpx.Client, kind: str | None) -> None:
    headers = {} if kind is None else {"content-type": kind}
    body = json.dumps({"messages": HELLO}).encode()
    assert "Content-Type" in _error(client.post(URL, content=body, headers=headers))["message"]


def test_an_unknown_model_is_a_404(client: httpx.Client) -> None:
    error = _error(client.post(URL, json={"messages": HELLO, "model": "nothing"}), 404)
    assert (error["code"], error["param"]) == ("model_not_found", "model")


def test_an_unknown_route_is_a_404(client: httpx.Client) -> None:
    assert _error(client.get("/v2/nothing"), 404)["code"] == "not_found"


def test_a_wrong_method_is_a_405(client: httpx.Client) -> None:
    response = client.get(URL)
    assert _error(response, 405)["code"] == "method_not_allowed"
    assert response.headers["allow"] == "POST"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["messages", "role"]), inner)
        ),
        max_leaves=20,
    )
)
def test_any_json_is_answered(client: httpx.Client, value: Any) -> None:
    _error(_post(client, json.dumps(value)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary())
def test_any_bytes_are_answered(client: httpx.Client, body: bytes) -> None:
    _error(_post(client, body))


def test_a_body_of_a_hundred_megabytes_is_a_413(serve: Callable[..., RunningServer]) -> None:
    server = serve()
    with httpx.Client(base_url=server.base_url, timeout=30) as client:
        error = _error(client.post(URL, content=b" " * 100_000_000, headers=JSON), 413)
        assert error["code"] == "request_too_large"


def test_a_chunked_body_without_a_length_is_a_413(serve: Callable[..., RunningServer]) -> None:
    server = serve(max_body_bytes=100_000)

    def chunks() -> Iterator[bytes]:
        for _ in range(1000):
            yield b" " * 10_000

    with httpx.Client(base_url=server.base_url, timeout=30) as client:
        assert _error(client.post(URL, content=chunks(), headers=JSON), 413)["code"] == "request_too_large"
        assert client.post(URL, json={"messages": HELLO}).status_code == 200


def test_a_body_that_announces_itself_too_large_is_refused_before_it_is_sent(
    serve: Callable[..., RunningServer],
) -> None:
    server = serve()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100000000000\r\nExpect: 100-continue\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


def test_a_body_that_never_comes_is_given_up(serve: Callable[..., RunningServer]) -> None:
    server = serve(body_timeout=0.3)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100\r\n\r\n{"
        )
        started = time.monotonic()
        assert connection.recv(100).startswith(b"HTTP/1.1 400")
        assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "garbage",
    [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"\x00" * 1000, b"A" * 200_000],
)
def test_what_is_not_http_leaves_the_server_as_it_was(
    serve: Callable[..., RunningServer], garbage: bytes
) -> None:
    server = serve()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.settimeout(1)
        try:
            connection.sendall(garbage)
            connection.recv(1000)
        except OSError:
            pass
    assert httpx.get(f"{server.base_url}/healthz").status_code == 200
