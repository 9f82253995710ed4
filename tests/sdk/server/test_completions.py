"""Text completions through the same guard as chat: checks, shapes, echo, streams."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from prudent.client import Client
from prudent.client.sse import EventDecoder
from prudent.client.transports import AppTransport
from prudent.errors import ContentFilterError, ModelNotFoundError
from prudent.testing import ScriptedModel, scripted_app
from prudent.types.safety import Action
from prudent_responsible_ai.audit import AuditLog
from prudent_responsible_ai.pipeline import Pipeline

Connect = Callable[..., Client]
Http = Callable[..., httpx.Client]
URL = "/v1/completions"


def _ids(text: str) -> list[int]:
    return list(map(ord, text))


def test_a_whole_answer_is_openais_to_the_letter(http: Http) -> None:
    answer = http(ScriptedModel("a b")).post(URL, json={"prompt": ["x", "y"], "n": 2}).json()
    assert answer["object"] == "text_completion"
    assert answer["id"].startswith("cmpl-")
    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2, 3]
    for choice in answer["choices"]:
        assert (choice["text"], choice["finish_reason"], choice["logprobs"]) == ("a b", "stop", None)
    assert (answer["usage"]["prompt_tokens"], answer["usage"]["completion_tokens"]) == (2, 8)
    assert [result["prompt_index"] for result in answer["prompt_filter_results"]] == [0, 1]


def test_sixteen_tokens_are_the_default(connect: Connect) -> None:
    answer = connect(ScriptedModel("word " * 30)).completions.create(prompt="x")
    assert answer.choices[0].finish_reason == "length"
    assert len(answer.text.split()) == 16


def test_the_events_are_openais_to_the_letter(http: Http) -> None:
    body = {"prompt": "x", "stream": True, "stream_options": {"include_usage": True}}
    response = http(ScriptedModel("one two")).post(URL, json=body)
    *events, done = EventDecoder().feed(response.content)
    assert done.data == "[DONE]"
    chunks = [json.loads(event.data) for event in events]
    assert [choice["text"] for chunk in chunks for choice in chunk["choices"]] == ["one ", "two", ""]
    assert [choice["finish_reason"] for chunk in chunks for choice in chunk["choices"]] == [
        None,
        None,
        "stop",
    ]
    assert [chunk["usage"] is None for chunk in chunks] == [True, True, True, False]
    assert chunks[-1]["choices"] == []
    assert {chunk["object"] for chunk in chunks} == {"text_completion"}


@pytest.mark.parametrize(
    "prompt", ["forbidden", _ids("forbidden"), ["x", "forbidden"], [[1], _ids("forbidden")]]
)
def test_a_refused_prompt_never_reaches_the_model(connect: Connect, prompt: Any) -> None:
    model = ScriptedModel("hello")
    with pytest.raises(ContentFilterError) as caught:
        connect(model).completions.create(prompt=prompt)
    assert model.completions == []
    assert caught.value.param == ("prompt[1]" if len(prompt) == 2 else "prompt")


def test_a_refused_suffix_is_named(connect: Connect) -> None:
    with pytest.raises(ContentFilterError) as caught:
        connect(ScriptedModel("hello")).completions.create(prompt="x", suffix="forbidden")
    assert caught.value.param == "suffix"


def test_the_model_gets_the_redacted_text_and_other_ids_as_they_came(connect: Connect) -> None:
    model = ScriptedModel("hello")
    connect(model).completions.create(prompt=[_ids("a private b"), _ids("plain"), "private"])
    (request,) = model.completions
    assert request.prompts == ["a [PRIVATE_1] b", _ids("plain"), "[PRIVATE_1]"]


def test_a_suffix_is_redacted_too(connect: Connect) -> None:
    model = ScriptedModel("hello")
    connect(model).completions.create(prompt="a", suffix="b private")
    (request,) = model.completions
    assert (request.prompts, request.suffix) == (["a"], "b [PRIVATE_1]")


def test_answers_are_redacted_and_blocked_each_by_its_own_gate(connect: Connect) -> None:
    client = connect(ScriptedModel("it is private , see", "it is forbidden now"))
    redacted = client.completions.create(prompt="x", n=2)
    assert [choice.text for choice in redacted.choices] == ["it is [PRIVATE_1] , see"] * 2
    assert redacted.safety is not None
    assert redacted.safety.action is Action.REDACT
    blocked = client.completions.create(prompt="x")
    assert (blocked.text, blocked.choices[0].finish_reason) == ("it is ", "content_filter")
    assert (blocked.choices[0].content_filter_results or {})["forbidden"].filtered


def test_the_echo_is_the_checked_prompt_and_passes_no_gate_of_answers(connect: Connect) -> None:
    client = connect(ScriptedModel("and on"))
    answer = client.completions.create(prompt="my private word ", echo=True)
    assert answer.text == "my [PRIVATE_1] word and on"
    (verdicts,) = [choice.content_filter_results or {} for choice in answer.choices]
    assert not verdicts["private"].detected


def test_places_of_tokens_are_in_the_text_that_goes_out(connect: Connect) -> None:
    client = connect(ScriptedModel("it is private , see here"))
    answer = client.completions.create(prompt="well, ", echo=True, logprobs=0)
    (choice,) = answer.choices
    assert choice.text == "well, it is [PRIVATE_1] , see here"
    assert choice.logprobs is not None
    tokens = choice.logprobs.tokens
    assert tokens == ["well, ", "it", " is", " ,", " see", " here"]
    for token, offset in zip(tokens, choice.logprobs.text_offset, strict=True):
        assert choice.text[offset:].startswith(token)
    assert choice.logprobs.top_logprobs[1] == {"it": -1.0}


def test_each_request_leaves_one_record(tmp_path: Path, words: Pipeline) -> None:
    audit = AuditLog(tmp_path / "audit.db", key=b"k" * 32)
    app = scripted_app(ScriptedModel("hello"), pipeline=words, audit=audit)
    with httpx.Client(transport=AppTransport(lambda: app)) as http:
        client = Client(http_client=http)
        answer = client.completions.create(prompt=["a", "b"], user="somebody", metadata={"job": "7"})
        with pytest.raises(ContentFilterError):
            client.completions.create(prompt=_ids("forbidden"))
    first, second = [record["body"] for record in audit.records()]
    assert (first["route"], first["outcome"], first["metadata"]) == (URL, "completed", {"job": "7"})
    assert [text["source"] for text in first["texts"]] == ["user", "user", "assistant", "assistant"]
    assert answer.safety is not None
    assert answer.safety.audit_id is not None
    assert second["outcome"] == "content_filter"
    assert "forbidden" not in json.dumps(second["texts"][0]["fingerprint"])


@pytest.mark.parametrize(
    ("fields", "param", "said"),
    [
        ({"best_of": 2}, "best_of", "not supported"),
        ({"max_tokens": 0}, None, "echo"),
        ({"suffix": "b", "echo": True}, None, "suffix"),
        ({"suffix": "b", "prompt": [1, 2]}, None, "suffix"),
        ({"prompt": []}, "prompt", "at least 1"),
        ({"prompt": ["a"] * 16, "n": 16}, None, "64 choices"),
        ({"prompt": [-1]}, "prompt[0]", "greater"),
        ({"logprobs": True}, "logprobs", "integer"),
        ({"messages": []}, "messages", "Unknown"),
        ({"stream_options": {"include_usage": True}}, None, "stream"),
    ],
)
def test_a_wrong_request_is_explained(
    http: Http, fields: dict[str, Any], param: str | None, said: str
) -> None:
    response = http(ScriptedModel()).post(URL, json={"prompt": "a", **fields})
    assert response.status_code == 400
    assert response.json()["error"]["param"] == param
    assert said in response.json()["error"]["message"]


def test_an_unknown_model_is_named_also_for_ids(connect: Connect) -> None:
    with pytest.raises(ModelNotFoundError, match="no model"):
        connect(ScriptedModel()).completions.create(prompt=[1, 2], model="none")
