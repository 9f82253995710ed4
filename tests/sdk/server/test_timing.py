"""Where the time went, who may share a cache, and how long to stay away."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from prudent.client.transports import AppTransport
from prudent.errors import DeadlineExceededError, RateLimitError
from prudent.server.settings import Settings
from prudent.server.timing import server_timing
from prudent.testing import ScriptedModel, scripted_app
from prudent.types.usage import Usage
from prudent_responsible_ai.pipeline import Pipeline

Http = Callable[..., httpx.Client]
CHAT: dict[str, Any] = {"messages": [{"role": "user", "content": "hi"}]}
URL = "/v1/chat/completions"


def test_the_header_has_every_phase_that_is_known_in_milliseconds() -> None:
    usage = Usage(prompt_tokens=1, completion_tokens=1, total_tokens=2)
    assert server_timing(usage) == {}
    timed = usage.model_copy(
        update={"queue_time": 0.001, "prompt_time": 0.0251, "completion_time": 1.5, "check_time": 0.0}
    )
    assert server_timing(timed) == {
        "server-timing": "queue;dur=1.0, prefill;dur=25.1, decode;dur=1500.0, checks;dur=0.0"
    }


@pytest.mark.parametrize(("path", "body"), [(URL, CHAT), ("/v1/completions", {"prompt": "a"})])
def test_every_answer_says_what_the_checks_took(http: Http, path: str, body: dict[str, Any]) -> None:
    client = http(ScriptedModel("a b"))
    whole = client.post(path, json=body)
    assert re.fullmatch(r"checks;dur=\d+\.\d", whole.headers["server-timing"])
    assert whole.json()["usage"]["check_time"] > 0
    streamed = client.post(path, json={**body, "stream": True})
    assert re.fullmatch(r"checks;dur=\d+\.\d", streamed.headers["server-timing"])


def test_a_full_queue_says_how_long_to_stay_away(http: Http) -> None:
    full = RateLimitError("full", details={"retry_after": 1.25})
    response = http(ScriptedModel(full)).post(URL, json=CHAT)
    assert response.status_code == 429
    assert response.headers["retry-after"] == "2"
    assert response.headers["retry-after-ms"] == "1250"
    assert response.json()["error"]["details"] == {"retry_after": 1.25}


@pytest.mark.parametrize("stream", [False, True])
def test_a_deadline_that_passes_before_the_first_token_is_a_504(http: Http, stream: bool) -> None:
    response = http(ScriptedModel(DeadlineExceededError("too late"))).post(
        URL, json={**CHAT, "deadline": 0.5, "stream": stream}
    )
    assert (response.status_code, response.json()["error"]["code"]) == (504, "deadline_exceeded")


@pytest.fixture
def keyed(no_checks: Pipeline) -> Iterator[tuple[ScriptedModel, httpx.Client]]:
    """A server with two keys, and its model."""
    model = ScriptedModel("a")
    with ExitStack() as stack:
        app = scripted_app(model, settings=Settings(api_keys=("one", "two")), pipeline=no_checks)
        client = httpx.Client(transport=AppTransport(lambda: app), base_url="http://localhost")
        yield model, stack.enter_context(client)


def test_only_the_same_key_user_and_cache_key_share_a_cache(
    keyed: tuple[ScriptedModel, httpx.Client],
) -> None:
    model, client = keyed

    def ask(key: str, **fields: str) -> None:
        headers = {"authorization": f"Bearer {key}"}
        assert client.post(URL, json={**CHAT, **fields}, headers=headers).status_code == 200

    for _ in range(2):
        ask("one")
        ask("two")
        ask("one", user="u")
        ask("one", prompt_cache_key="u")
        ask("one", user="u", prompt_cache_key="u")
        ask("one", user="uu")
    seen = [request.prompt_cache_key for request in model.requests]
    assert seen[:6] == seen[6:]
    assert len(set(seen)) == 6
    assert all(digest and "one" not in digest for digest in seen)
