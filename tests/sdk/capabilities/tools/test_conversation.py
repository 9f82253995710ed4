"""What a model reads of calls and their results."""

from __future__ import annotations

from typing import Any

from prudent.capabilities.tools.conversation import in_answering_form, in_plain_form
from prudent.types.chat import ChatMessage

ASK: dict[str, Any] = {"role": "user", "content": "How warm is it in Oslo?"}
CALL: dict[str, Any] = {
    "role": "assistant",
    "tool_calls": [
        {
            "id": "c1",
            "type": "function",
            "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'},
        }
    ],
}
RESULT: dict[str, Any] = {"role": "tool", "tool_call_id": "c1", "content": '{"temperature": -3}'}


def _messages(*rows: dict[str, Any]) -> list[ChatMessage]:
    return [ChatMessage.model_validate(row) for row in rows]


def test_results_that_came_last_are_told_in_words_as_part_of_the_request() -> None:
    first = {"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hello!"}
    told = in_answering_form(_messages(*first, ASK, CALL, RESULT))
    assert [message["role"] for message in told] == ["user", "assistant", "user"]
    said = told[-1]["content"]
    assert said.startswith(ASK["content"])
    for part in ("get_weather", '{"city": "Oslo"}', RESULT["content"]):
        assert part in said
    assert "<tool_response>" not in said


def test_every_result_is_told() -> None:
    other = {**CALL, "tool_calls": [{**CALL["tool_calls"][0], "id": "c2"}]}
    again = {**RESULT, "tool_call_id": "c2", "content": "windy"}
    said = in_answering_form(_messages(ASK, CALL, RESULT, other, again))[-1]["content"]
    assert said.index(RESULT["content"]) < said.index("windy")


def test_a_conversation_that_ends_otherwise_stays_as_it_is() -> None:
    thanks = {"role": "user", "content": "Thanks"}
    for rows in ([ASK], [ASK, CALL, RESULT, thanks], [ASK, {"role": "assistant", "content": "Let me see"}]):
        messages = _messages(*rows)
        assert in_answering_form(messages) == in_plain_form(messages)
