"""Tokens over the wire: nothing is generated, nothing waits for an answer."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from prudent.client import Client
from prudent.testing import ScriptedModel

Http = Callable[..., httpx.Client]


def test_text_to_tokens_and_back(connect: Callable[..., Client]) -> None:
    client = connect(ScriptedModel())
    tokens = client.tokens.encode("hi there", return_token_strs=True)
    assert (tokens.count, tokens.tokens[:2]) == (8, [104, 105])
    assert tokens.token_strs == list("hi there")
    assert client.tokens.decode(tokens.tokens).prompt == "hi there"


def test_the_answer_has_vllms_fields(http: Http) -> None:
    answer = http(ScriptedModel()).post("/v1/tokenize", json={"prompt": "ab"}).json()
    assert answer == {"count": 2, "max_model_len": 4096, "tokens": [97, 98]}
    assert http(ScriptedModel()).post("/v1/detokenize", json={"tokens": [97]}).json() == {"prompt": "a"}


def test_messages_have_tokens_too(connect: Callable[..., Client]) -> None:
    assert connect(ScriptedModel()).tokens.encode(messages=[{"role": "user", "content": "hi"}]).count == 2


@pytest.mark.parametrize("body", [{}, {"prompt": "a", "messages": [{"role": "user", "content": "a"}]}])
def test_one_of_prompt_and_messages_is_needed(http: Http, body: dict[str, object]) -> None:
    response = http(ScriptedModel()).post("/v1/tokenize", json=body)
    assert response.status_code == 400
    assert "prompt or messages" in response.json()["error"]["message"]


def test_a_model_that_is_busy_does_not_keep_them_waiting(http: Http) -> None:
    client = http(ScriptedModel("word " * 100, delay=0.05))
    body = {"messages": [{"role": "user", "content": "hi"}], "stream": True}
    with client.stream("POST", "/v1/chat/completions", json=body) as stream:
        next(stream.iter_bytes())
        assert client.post("/v1/tokenize", json={"prompt": "ab"}).json()["count"] == 2
