"""What the default model does with tools in cases that went wrong once; only where the model is fetched."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from prudent.capabilities.chat import ChatModel
from prudent.capabilities.fold import Folding
from prudent.capabilities.loading import LoadOptions, load_chat_model
from prudent.capabilities.tools.similarity import ToolEncoder
from prudent.catalog import Catalog
from prudent.catalog.fetch import is_fetched
from prudent.generation.options import EngineOptions
from prudent.types.chat import ChatCompletionRequest

MODEL, ENCODER = "qwen2.5-coder-0.5b-instruct", "multilingual-e5-small"
CITY = {"city": {"type": "string", "description": "Name of the city."}}
WEATHER = {"type": "object", "properties": CITY, "required": ["city"]}
BELL: dict[str, Any] = {"type": "object", "properties": {}}
TOOLS = [
    {"type": "function", "function": {"name": name, "description": about, "parameters": schema}}
    for name, about, schema in (
        ("get_weather", "Current weather of a city.", WEATHER),
        ("ring_bell", "Ring the bell.", BELL),
    )
]


@pytest.fixture(scope="module")
def model() -> Iterator[ChatModel]:
    catalog = Catalog.load()
    for name in (MODEL, ENCODER):
        if not is_fetched(catalog.get(name)):
            pytest.skip(f"{name} is not in the cache: prudent models pull brings it")
    encoder = ToolEncoder.local()
    loaded = load_chat_model(catalog.get(MODEL), LoadOptions(engine=EngineOptions(slots=1)), None, encoder)
    yield loaded
    loaded.close()
    encoder.close()


def _answer(model: ChatModel, *messages: dict[str, Any]) -> Any:
    async def whole() -> Any:
        answer = Folding()
        body = {"messages": messages, "tools": TOOLS, "temperature": 0, "max_tokens": 40}
        async for chunk in model.stream(ChatCompletionRequest.model_validate(body)):
            answer.add(chunk)
        return answer.completion().choices[0].message

    return asyncio.run(whole())


@pytest.mark.parametrize(
    ("request_text", "name", "arguments"),
    [
        ("What is the weather in Oslo?", "get_weather", {"city": "Oslo"}),
        ("北京今天天气怎么样？", "get_weather", {"city": "北京"}),
        ("🔔 ring the bell", "ring_bell", {}),
    ],
)
def test_a_tool_that_fits_is_called(
    model: ChatModel, request_text: str, name: str, arguments: dict[str, Any]
) -> None:
    (call,) = _answer(model, {"role": "user", "content": request_text}).tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == (name, arguments)


@pytest.mark.parametrize("request_text", ["Write a poem about the sea.", "写一首关于大海的诗"])
def test_no_tool_is_called_where_none_fits(model: ChatModel, request_text: str) -> None:
    message = _answer(model, {"role": "user", "content": request_text})
    assert not message.tool_calls
    assert message.content


def test_a_result_is_put_into_words(model: ChatModel) -> None:
    call = {
        "id": "c",
        "type": "function",
        "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'},
    }
    message = _answer(
        model,
        {"role": "user", "content": "What is the weather in Oslo?"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": '{"temperature": -3, "sky": "clear"}'},
    )
    assert not message.tool_calls
    assert "tool_response" not in message.content
    assert "3" in message.content
    assert "clear" in message.content.lower()
