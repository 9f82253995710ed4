"""Tools through the official openai package, over a socket, against a real model: the form holds always."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import openai as sdk
import pytest
from openai import OpenAI

SMOL = "smollm2-135m-instruct"
WEATHER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "description": "Name of the city"},
        "days": {"type": "integer", "minimum": 1, "maximum": 14},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        "places": {"type": "array", "items": {"type": "string", "maxLength": 20}, "maxItems": 3},
    },
    "required": ["city", "unit"],
}
MONEY: dict[str, Any] = {
    "type": "object",
    "properties": {"amount": {"type": "number"}, "target": {"type": "string", "pattern": "^[A-Z]{3}$"}},
    "required": ["amount", "target"],
}
SCHEMAS = {"get_weather": WEATHER, "convert.currency": MONEY}
TOOLS: list[Any] = [
    {"type": "function", "function": {"name": name, "description": about, "parameters": SCHEMAS[name]}}
    for name, about in (("get_weather", "The weather in a city"), ("convert.currency", "Converts money"))
]
ASK: list[Any] = [{"role": "user", "content": "What is the weather in Oslo in celsius?"}]


def _create(client: OpenAI, **options: Any) -> Any:
    return client.chat.completions.create(
        **{"model": SMOL, "messages": ASK, "tools": TOOLS, "max_tokens": 200, **options}
    )


def _check(name: str, arguments: str) -> dict[str, Any]:
    value = json.loads(arguments)
    jsonschema.validate(value, SCHEMAS[name])
    assert set(value) <= set(SCHEMAS[name]["properties"])
    return value


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_named_tool_is_called_with_valid_arguments(openai: OpenAI, name: str) -> None:
    choice = _create(openai, tool_choice={"type": "function", "function": {"name": name}}).choices[0]
    (call,) = choice.message.tool_calls
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    assert call.type == "function"
    assert call.function.name == name
    _check(name, call.function.arguments)


def test_required_calls_something(openai: OpenAI) -> None:
    answer = _create(openai, tool_choice="required")
    calls = answer.choices[0].message.tool_calls
    assert calls
    for call in calls:
        _check(call.function.name, call.function.arguments)
    assert len({call.id for call in calls}) == len(calls)
    assert 0 <= answer.choices[0].tool_decision["confidence"] <= 1
    assert answer.usage.completion_tokens > 0
    assert answer.usage.prompt_tokens_details.cached_tokens > 0


def test_the_stream_helper_of_the_package_assembles_what_the_plain_answer_has(openai: OpenAI) -> None:
    whole = _create(openai, tool_choice="required").choices[0].message.tool_calls
    with openai.chat.completions.stream(
        model=SMOL, messages=ASK, tools=TOOLS, tool_choice="required", max_tokens=200
    ) as stream:
        for _ in stream:
            pass
        streamed = stream.get_final_completion().choices[0]
    assert streamed.finish_reason == "tool_calls"
    assert streamed.message.tool_calls
    assert [(c.function.name, c.function.arguments) for c in streamed.message.tool_calls] == [
        (c.function.name, c.function.arguments) for c in whole
    ]


def test_one_call_where_no_more_are_wanted(openai: OpenAI) -> None:
    choice = _create(openai, tool_choice="required", parallel_tool_calls=False).choices[0]
    assert len(choice.message.tool_calls) == 1


def test_none_is_a_plain_answer(openai: OpenAI) -> None:
    choice = _create(openai, tool_choice="none", max_tokens=8).choices[0]
    assert choice.message.tool_calls is None
    assert choice.message.content


def test_auto_answers_either_way_and_says_how_sure_it_is(openai: OpenAI) -> None:
    messages = [{"role": "user", "content": "Write a poem about the sea."}]
    choice = _create(openai, messages=messages, max_tokens=8).choices[0]
    assert (choice.message.tool_calls is None) == (choice.tool_decision["tool"] is None)
    assert set(choice.tool_decision["scores"]) == set(SCHEMAS)


def test_results_are_fed_back(openai: OpenAI) -> None:
    call = {
        "id": "c1",
        "type": "function",
        "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'},
    }
    messages = [
        *ASK,
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": '{"temperature": -3, "sky": "clear"}'},
    ]
    choice = _create(openai, messages=messages, tool_choice="none", temperature=0, max_tokens=40).choices[0]
    assert "3" in choice.message.content or "clear" in choice.message.content


def test_an_answer_can_be_sent_back_as_it_came(openai: OpenAI) -> None:
    message = _create(openai, tool_choice="required", parallel_tool_calls=False).choices[0].message
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "-3 degrees"}
    choice = _create(openai, messages=[*ASK, message, result], tool_choice="none", max_tokens=8).choices[0]
    assert choice.message.content


def test_a_form_of_the_answer_holds_where_no_tool_is_called(openai: OpenAI) -> None:
    form: Any = {"type": "choice", "choices": ["yes", "no"]}
    choice = _create(openai, tool_choice="none", extra_body={"response_format": form}).choices[0]
    assert choice.message.content in ("yes", "no")


BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "an unknown name": (
        {"tool_choice": {"type": "function", "function": {"name": "nothing"}}},
        "tool_choice",
        "nothing",
    ),
    "a name given twice": ({"tools": [TOOLS[0], TOOLS[0]]}, "tools[1].function.name", "get_weather"),
    "a choice without tools": ({"tools": [], "tool_choice": "required"}, "tool_choice", "no tools"),
    "several choices": ({"n": 2}, "n", "one"),
    "a schema that is no object's": (
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "string"}}}]},
        "tools[0].function.parameters",
        "'f'",
    ),
    "a keyword that cannot be enforced": (
        {
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": "f",
                        "strict": True,
                        "parameters": {
                            "type": "object",
                            "properties": {"a": {"type": "array", "uniqueItems": True}},
                        },
                    },
                }
            ]
        },
        "tools[0].function.parameters",
        "uniqueItems",
    ),
    "a result without its call": (
        {"messages": [*ASK, {"role": "tool", "tool_call_id": "x", "content": "1"}]},
        "messages[1].tool_call_id",
        "Message 1",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_said(openai: OpenAI, name: str) -> None:
    options, param, word = BAD[name]
    with pytest.raises(sdk.BadRequestError) as raised:
        _create(openai, **options)
    error: Any = raised.value.body
    assert error["param"] == param
    assert word in error["message"]
