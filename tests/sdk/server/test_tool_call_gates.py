"""Tool calls through the checks: arguments are generated text, in the answer and in the conversation."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent.client import Client
from prudent.client.transports import AppTransport
from prudent.errors import ContentFilterError
from prudent.server.answer import Answer, News
from prudent.testing import ScriptedModel, scripted_app
from prudent.types.chat import AssistantMessage, TokenLogprob
from prudent.types.tools import FunctionCall, FunctionCallDelta, ToolCall, ToolCallDelta
from prudent_responsible_ai.assemble import build_pipeline, without_models
from prudent_responsible_ai.audit import AuditLog
from prudent_responsible_ai.pipeline import Pipeline
from prudent_responsible_ai.policy_file import load_policy

Connect = Callable[..., Client]
HELLO = [{"role": "user", "content": "hi"}]


def _asks_for(*arguments: str, content: str | None = None) -> AssistantMessage:
    calls = [
        ToolCall(id=f"call_{index}", function=FunctionCall(name="note", arguments=text), confidence=0.5)
        for index, text in enumerate(arguments)
    ]
    return AssistantMessage(content=content, tool_calls=calls)


def test_calls_come_through_as_they_are(connect: Connect) -> None:
    arguments = ('{"text": "one two three"}', '{"text": "four five"}')
    answer = connect(ScriptedModel(_asks_for(*arguments))).chat.completions.create(messages=HELLO)
    (choice,) = answer.choices
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    calls = choice.message.tool_calls or []
    assert [call.function.arguments for call in calls] == list(arguments)
    assert [(call.id, call.function.name, call.confidence) for call in calls] == [
        ("call_0", "note", 0.5),
        ("call_1", "note", 0.5),
    ]


def test_deltas_keep_their_order_and_a_text_ends_before_the_next_begins(connect: Connect) -> None:
    reply = _asks_for('{"text": "one"}', '{"text": "two"}', content="I will note it")
    stream = connect(ScriptedModel(reply)).chat.completions.create(messages=HELLO, stream=True)
    order: list[tuple[str, Any]] = []
    for chunk in stream:
        for choice in chunk.choices:
            if choice.delta.content:
                order.append(("text", choice.delta.content))
            for call in choice.delta.tool_calls or ():
                assert call.function is not None
                if call.id is not None:
                    order.append(("call", call.index))
                elif call.function.arguments:
                    order.append((f"arguments {call.index}", call.function.arguments))
    kinds = list(dict.fromkeys(kind for kind, _ in order))
    assert kinds == ["text", "call", "arguments 0", "arguments 1"]
    assert "".join(text for kind, text in order if kind == "text") == "I will note it"
    assert [at for kind, at in order if kind == "call"] == [0, 1]
    first, second = (order.index(("call", at)) for at in (0, 1))
    assert all(first < at < second for at, (kind, _) in enumerate(order) if kind == "arguments 0")


def test_arguments_are_redacted_where_they_stay_json(connect: Connect) -> None:
    reply = _asks_for('{"text": "a private word"}', content="a private thing")
    (choice,) = connect(ScriptedModel(reply)).chat.completions.create(messages=HELLO).choices
    assert choice.message.content == "a [PRIVATE_1] thing"
    assert choice.message.tool_calls is not None
    assert choice.message.tool_calls[0].function.arguments == '{"text": "a [PRIVATE_1] word"}'
    assert choice.finish_reason == "tool_calls"


def test_arguments_that_a_redaction_spoils_end_the_choice(connect: Connect) -> None:
    (choice,) = (
        connect(ScriptedModel(_asks_for('{"text": private }')))
        .chat.completions.create(messages=HELLO)
        .choices
    )
    assert choice.finish_reason == "content_filter"


@pytest.mark.parametrize("content", [None, "some words"])
def test_forbidden_arguments_end_the_choice(connect: Connect, content: str | None) -> None:
    model = ScriptedModel(_asks_for('{"text": "a forbidden word"}', '{"text": "b"}', content=content))
    (choice,) = connect(model).chat.completions.create(messages=HELLO).choices
    assert choice.finish_reason == "content_filter"
    assert choice.content_filter_results["forbidden"].filtered
    assert "forbidden" not in str(choice.message.tool_calls)
    assert model.cancelled == 1


def test_earlier_calls_of_the_conversation_are_checked(connect: Connect) -> None:
    def ask(arguments: str) -> ScriptedModel:
        model = ScriptedModel("done")
        call = {"id": "call_1", "type": "function", "function": {"name": "note", "arguments": arguments}}
        connect(model).chat.completions.create(
            messages=[
                *HELLO,
                {"role": "assistant", "content": None, "tool_calls": [call]},
                {"role": "tool", "content": "noted", "tool_call_id": "call_1"},
            ]
        )
        return model

    (request,) = ask('{"text": "private"}').requests
    assert request.messages[1].tool_calls is not None
    assert request.messages[1].tool_calls[0].function.arguments == '{"text": "[PRIVATE_1]"}'
    assert request.messages[1].content is None
    with pytest.raises(ContentFilterError) as caught:
        ask('{"text": "forbidden"}')
    assert caught.value.param == "messages[1]"


def test_the_audit_has_a_line_for_every_text_of_an_answer(tmp_path: Path, words: Pipeline) -> None:
    audit = AuditLog(tmp_path / "audit.db", key=b"k" * 32)
    model = ScriptedModel(_asks_for('{"text": "a"}', content="b"))
    app = scripted_app(model, pipeline=words, audit=audit)
    with httpx.Client(transport=AppTransport(lambda: app)) as http:
        Client(http_client=http).chat.completions.create(messages=HELLO)
    (record,) = audit.records()
    texts = [text for text in record["body"]["texts"] if text["choice_index"] is not None]
    assert [(text["choice_index"], text["characters"]) for text in texts] == [
        (0, 1),
        (0, len('{"text": "a"}')),
    ]


@pytest.fixture(scope="module")
def checks() -> Pipeline:
    """The default policy's."""
    return build_pipeline(without_models(load_policy("default")))


def _pieces(text: str, sizes: Sequence[int]) -> list[str]:
    pieces: list[str] = []
    for size in sizes:
        pieces.append(text[:size])
        text = text[size:]
    return [piece for piece in [*pieces, text] if piece]


@settings(deadline=None)  # the first answer waits for what the checks load
@given(
    st.text("ab ", max_size=12),
    st.lists(st.text("ab ", max_size=8), max_size=3),
    st.lists(st.integers(1, 4), max_size=10),
)
def test_nothing_is_lost_however_an_answer_is_cut(
    checks: Pipeline, content: str, values: list[str], sizes: list[int]
) -> None:
    answer: Answer[TokenLogprob] = Answer(checks.open_gate())
    arguments = [json.dumps({"value": value}) for value in values]
    news: list[News[TokenLogprob]] = [News(0, piece) for piece in _pieces(content, sizes)]
    for index, text in enumerate(arguments):
        opening = FunctionCallDelta(name="f", arguments="")
        news.append(News(0, call=ToolCallDelta(index=index, id=f"c{index}", function=opening)))
        for piece in _pieces(text, sizes):
            delta = ToolCallDelta(index=index, function=FunctionCallDelta(arguments=piece))
            news.append(News(0, call=delta))
    passed = [out for one in [*news, News(0, finish="stop")] for out in answer.pass_on(one)]
    assert "".join(one.text for one in passed) == content
    written = dict.fromkeys(range(len(arguments)), "")
    for one in passed:
        if one.call is not None and one.call.function is not None:
            written[one.call.index] += one.call.function.arguments or ""
    assert list(written.values()) == arguments
    assert answer.finished
    assert [one.finish for one in passed if one.finish] == ["stop"]
