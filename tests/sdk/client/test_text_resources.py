"""`client.completions` and `client.tokens`, waiting and awaited; and that methods know every parameter."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from prudent.client.resources.chat import Completions
from prudent.client.resources.completions import TextCompletions
from prudent.client.resources.tokens import Tokens
from prudent.errors import ModelNotFoundError
from prudent.testing import ScriptedModel, scripted_async_client, scripted_client
from prudent.types.chat import ChatCompletionRequest
from prudent.types.completions import CompletionRequest
from prudent.types.response_format import JsonSchema, JsonSchemaFormat
from prudent.types.tokenize import DetokenizeRequest, TokenizeRequest


@pytest.mark.parametrize(
    ("method", "request_type"),
    [
        (Completions.create, ChatCompletionRequest),
        (TextCompletions.create, CompletionRequest),
        (Tokens.encode, TokenizeRequest),
        (Tokens.decode, DetokenizeRequest),
    ],
)
def test_a_method_takes_what_its_request_has(
    method: Callable[..., Any], request_type: type[BaseModel]
) -> None:
    parameters = set(inspect.signature(method).parameters) - {"self", "timeout"}
    assert parameters == set(request_type.model_fields)


def test_a_text_is_continued_whole_or_word_by_word() -> None:
    model = ScriptedModel("one two three")
    with scripted_client(model) as client:
        assert client.completions.create(prompt="zero").text == "one two three"
        stream = client.completions.create(prompt=("zero", [1, 2]), stream=True)
        assert "".join(event.text for event in stream) == "one two three"
    assert model.completions[1].prompts == ["zero", [1, 2]]


def test_the_awaited_client_does_the_same() -> None:
    async def main() -> None:
        async with scripted_async_client(ScriptedModel("one two")) as client:
            assert (await client.completions.create(prompt="zero", echo=True)).text == "zeroone two"
            stream = await client.completions.create(prompt="zero", stream=True)
            assert "".join([event.text async for event in stream]) == "one two"
            tokens = await client.tokens.encode("ab")
            assert (await client.tokens.decode(tokens.tokens)).prompt == "ab"

    asyncio.run(main())


def test_a_model_that_is_not_there_is_said_of_tokens_too() -> None:
    with scripted_client(ScriptedModel()) as client, pytest.raises(ModelNotFoundError):
        client.tokens.encode("ab", model="none")


def test_a_schema_given_as_an_object_goes_out_under_its_own_name() -> None:
    from prudent.client.body import json_body

    schema = JsonSchema.model_validate({"name": "n", "schema": {"type": "object"}})
    body = json_body({"response_format": JsonSchemaFormat(json_schema=schema)})
    assert b'"schema": {"type": "object"}' in body
