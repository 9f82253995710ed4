"""The checks stand between every route and every model: on the way in, on the way out, and in the answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from prudent.client import Client
from prudent.client.transports import AppTransport
from prudent.errors import ContentFilterError, ContextLengthError, PrudentError, ServiceUnavailableError
from prudent.testing import ScriptedModel, scripted_app
from prudent.types.content import Source, TextPart
from prudent.types.safety import Action
from prudent_responsible_ai.audit import AuditLog
from prudent_responsible_ai.pipeline import Pipeline
from prudent_responsible_ai.policy import AuditSettings, OnFailure

Connect = Callable[..., Client]
HELLO = [{"role": "user", "content": "hi"}]


def test_a_refused_prompt_never_reaches_the_model(connect: Connect) -> None:
    model = ScriptedModel("hello")
    with pytest.raises(ContentFilterError) as caught:
        connect(model).chat.completions.create(messages=[*HELLO, {"role": "user", "content": "forbidden"}])
    assert model.requests == []
    assert caught.value.param == "messages[1]"
    verdict = caught.value.details["content_filter_result"]["forbidden"]
    assert (verdict["filtered"], verdict["detected"], verdict["reason"]) == (True, True, "the word is there")


def test_a_refusal_has_azures_shape(http: Callable[..., httpx.Client]) -> None:
    body = {"messages": [{"role": "user", "content": "forbidden"}]}
    response = http(ScriptedModel()).post("/v1/chat/completions", json=body)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "content_filter")
    assert error["innererror"]["code"] == "ResponsibleAIPolicyViolation"
    assert error["innererror"]["content_filter_result"]["forbidden"]["filtered"] is True
    assert "forbidden things" not in response.text


def test_a_refused_prompt_is_a_status_also_when_streaming(connect: Connect) -> None:
    with pytest.raises(ContentFilterError):
        connect(ScriptedModel()).chat.completions.create(
            messages=[{"role": "user", "content": "forbidden"}], stream=True
        )


def test_the_model_sees_the_redacted_prompt(connect: Connect) -> None:
    model = ScriptedModel("hello")
    parts = [TextPart(text="a private b"), TextPart(text="c", source=Source.DOCUMENT)]
    answer = connect(model).chat.completions.create(
        messages=[
            {"role": "system", "content": "private"},
            {"role": "user", "content": [part.model_dump(exclude_none=True) for part in parts]},
            {"role": "user", "content": "private too"},
        ]
    )
    (request,) = model.requests
    assert request.messages[0].content == "private"  # this policy has no rules for the developer
    assert [part.text for part in request.messages[1].content] == ["a [PRIVATE_1] b", "c"]
    assert request.messages[1].content[1].source is Source.DOCUMENT
    assert request.messages[2].content == "[PRIVATE_1] too"
    assert [(r.prompt_index, r.part_index, r.source) for r in answer.prompt_filter_results] == [
        (0, 0, Source.DEVELOPER),
        (1, 0, Source.USER),
        (1, 1, Source.DOCUMENT),
        (2, 0, Source.USER),
    ]
    assert answer.prompt_filter_results[1].content_filter_results["private"].detected
    assert answer.safety is not None
    assert (answer.safety.policy, answer.safety.action) == ("words", Action.REDACT)


def test_an_answer_is_redacted(connect: Connect) -> None:
    answer = connect(ScriptedModel("this is private , see")).chat.completions.create(messages=HELLO)
    assert answer.text == "this is [PRIVATE_1] , see"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.choices[0].content_filter_results["private"].action is Action.REDACT


def test_a_blocked_answer_ends_with_content_filter_and_stops_the_decoder(connect: Connect) -> None:
    model = ScriptedModel("this is forbidden " + "and so on " * 1000)
    answer = connect(model).chat.completions.create(messages=HELLO)
    assert answer.text == "this is "
    assert answer.choices[0].finish_reason == "content_filter"
    assert answer.choices[0].content_filter_results["forbidden"].filtered
    assert model.cancelled == 1
    assert model.tokens < 10
    assert answer.usage is not None
    assert answer.usage.completion_tokens == model.tokens


def test_a_blocked_choice_does_not_end_the_others(connect: Connect) -> None:
    model = ScriptedModel("fine forbidden word")
    stream = connect(model).chat.completions.create(messages=HELLO, n=3, stream=True)
    finishes: dict[int, str | None] = {}
    for chunk in stream:
        for choice in chunk.choices:
            if choice.finish_reason:
                finishes[choice.index] = choice.finish_reason
    assert finishes == dict.fromkeys(range(3), "content_filter")


def test_streamed_text_never_holds_what_the_whole_answer_would_not(connect: Connect) -> None:
    model = ScriptedModel("this is private , see")
    stream = connect(model).chat.completions.create(messages=HELLO, stream=True)
    assert "".join(chunk.text for chunk in stream) == "this is [PRIVATE_1] , see"


def test_verdicts_come_at_their_place_in_the_stream(connect: Connect) -> None:
    stream = connect(ScriptedModel("a b c")).chat.completions.create(messages=HELLO, n=2, stream=True)
    first, *middle, last = list(stream)
    assert first.prompt_filter_results is not None
    assert first.choices[0].delta.role == "assistant"
    assert all(chunk.prompt_filter_results is None and chunk.safety is None for chunk in middle)
    assert last.safety is not None
    ends = [choice for chunk in (*middle, last) for choice in chunk.choices if choice.finish_reason]
    assert [choice.index for choice in ends] == [0, 1]
    assert all(choice.content_filter_results is not None for choice in ends)


def test_log_probabilities_wait_for_their_text_and_go_with_it(connect: Connect) -> None:
    def tokens(text: str) -> list[str]:
        answer = connect(ScriptedModel(text)).chat.completions.create(messages=HELLO, logprobs=True)
        logprobs = answer.choices[0].logprobs
        return (
            []
            if logprobs is None or logprobs.content is None
            else [entry.token for entry in logprobs.content]
        )

    assert tokens("one two three") == ["one", " two", " three"]
    assert tokens("it is private , see") == ["it", " is", " ,", " see"]
    assert tokens("it is forbidden , see") == ["it", " is"]


def test_streamed_log_probabilities_never_run_ahead_of_the_text(connect: Connect) -> None:
    stream = connect(ScriptedModel("it is private , see")).chat.completions.create(
        messages=HELLO, logprobs=True, stream=True
    )
    text, spelled = "", ""
    for chunk in stream:
        text += chunk.text
        for choice in chunk.choices:
            entries = choice.logprobs.content if choice.logprobs and choice.logprobs.content else []
            spelled += "".join(entry.token for entry in entries)
        assert len(spelled) <= len(text)
        assert "private" not in spelled


def test_every_answer_says_what_stood_guard(http: Callable[..., httpx.Client]) -> None:
    answer: dict[str, Any] = (
        http(ScriptedModel("hi")).post("/v1/chat/completions", json={"messages": HELLO}).json()
    )
    assert answer["safety"]["policy"] == "words"
    assert len(answer["safety"]["policy_hash"]) == 64
    assert answer["choices"][0]["content_filter_results"].keys() == {"forbidden", "private"}


def _audited(
    words: Pipeline, model: ScriptedModel, folder: Path, ask: Callable[[Client], object]
) -> list[dict[str, Any]]:
    audit = AuditLog(folder / "audit.db", key=b"k" * 32)
    transport = AppTransport(lambda: scripted_app(model, pipeline=words, audit=audit))
    with httpx.Client(transport=transport) as http:
        ask(Client(http_client=http, max_retries=0))
    assert audit.verify().ok
    return [record["body"] for record in audit.records()]


def test_every_request_leaves_one_record_without_its_text(words: Pipeline, tmp_path: Path) -> None:
    def ask(client: Client) -> None:
        messages = [{"role": "user", "content": "a private thing"}]
        answer = client.chat.completions.create(messages=messages, user="jo", metadata={"case": "7"})
        assert answer.safety is not None
        assert (answer.safety.audit_id or "").startswith("aud_")
        stream = client.chat.completions.create(messages=messages, stream=True)
        assert [chunk.safety.audit_id for chunk in stream if chunk.safety] != [None]

    records = _audited(words, ScriptedModel("an answer"), tmp_path, ask)
    assert [record["outcome"] for record in records] == ["completed", "completed"]
    assert records[0]["model"] == "scripted"
    assert records[0]["metadata"] == {"case": "7"}
    assert [text["source"] for text in records[0]["texts"]] == ["user", "assistant"]
    log = "".join(path.read_bytes().decode("latin-1") for path in tmp_path.iterdir())
    assert "private thing" not in log
    assert "an answer" not in log
    assert '"jo"' not in log


@pytest.mark.parametrize(
    ("reply", "message", "outcome"),
    [
        ("hello", "forbidden", "content_filter"),
        (ServiceUnavailableError("busy"), "hi", "service_unavailable"),
        (ContextLengthError("long"), "hi", "context_length_exceeded"),
    ],
)
def test_a_request_that_fails_leaves_a_record_that_says_how(
    words: Pipeline, tmp_path: Path, reply: Any, message: str, outcome: str
) -> None:
    def ask(client: Client) -> None:
        with pytest.raises(PrudentError):
            client.chat.completions.create(messages=[{"role": "user", "content": message}])

    (record,) = _audited(words, ScriptedModel(reply), tmp_path, ask)
    assert record["outcome"] == outcome


def test_a_request_that_is_cancelled_leaves_a_record_that_says_so(words: Pipeline, tmp_path: Path) -> None:
    def ask(client: Client) -> None:
        with client.chat.completions.create(messages=HELLO, stream=True) as stream:
            next(stream)

    (record,) = _audited(words, ScriptedModel("word " * 500, delay=0.01), tmp_path, ask)
    assert record["outcome"] == "cancelled"


def test_a_record_that_cannot_be_written_stops_the_answer_where_the_policy_says_so(
    words: Pipeline, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    audit = AuditLog(blocked / "audit.db", key=b"k" * 32, settings=AuditSettings(on_failure=OnFailure.BLOCK))
    transport = AppTransport(lambda: scripted_app(ScriptedModel("a b"), pipeline=words, audit=audit))
    with httpx.Client(transport=transport) as http:
        client = Client(http_client=http, max_retries=0)
        with pytest.raises(ServiceUnavailableError, match="audit"):
            client.chat.completions.create(messages=HELLO)
        with pytest.raises(ServiceUnavailableError, match="audit"):
            list(client.chat.completions.create(messages=HELLO, stream=True))
