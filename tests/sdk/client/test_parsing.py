"""Answers read as pydantic models: the form that is asked for, and what becomes of an answer without it."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, field_validator

from prudent.client.parsing import form_of, read
from prudent.errors import InvalidRequestError, UnreadableAnswerError
from prudent.testing import ScriptedModel, scripted_async_client, scripted_client
from prudent.types.chat import AssistantMessage, ChatCompletion, Choice, IncompleteDetails

HELLO = [{"role": "user", "content": "hi"}]


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    tags: dict[str, int]


class Visit(BaseModel):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    properties: list[Cat] = []

    @field_validator("properties")
    @classmethod
    def _few(cls, value: list[Cat]) -> list[Cat]:
        if len(value) > 1:
            raise ValueError("too many")
        return value


TEXT = '{"pet": {"kind": "cat", "lives": 7}, "properties": []}'


def _completion(text: str | None, **fields: Any) -> ChatCompletion:
    message = AssistantMessage(content=text, refusal=fields.pop("refusal", None))
    choice = Choice(index=0, message=message, finish_reason=fields.pop("finish_reason", "stop"), **fields)
    return ChatCompletion(id="x", created=0, model="m", choices=[choice])


def test_the_form_asks_for_every_field_and_no_other() -> None:
    form = form_of(Visit).model_dump(by_alias=True)["json_schema"]
    assert form["name"] == "Visit"
    assert form["strict"] is True
    schema = form["schema"]
    assert schema["required"] == ["pet", "properties"]
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Cat"]["required"] == ["kind", "lives"]
    assert schema["$defs"]["Dog"]["properties"]["tags"]["additionalProperties"] == {"type": "integer"}


def test_an_answer_is_read_and_the_request_has_the_form() -> None:
    model = ScriptedModel(TEXT)
    with scripted_client(model) as client:
        answer = client.chat.completions.parse(messages=HELLO, response_format=Visit, n=2, temperature=0)
    assert answer.parsed == Visit(pet=Cat(kind="cat", lives=7))
    assert [choice.message.parsed for choice in answer.choices] == [answer.parsed] * 2
    assert answer.text == TEXT
    assert json.loads(answer.model_dump_json())["choices"][0]["message"]["parsed"]["pet"]["lives"] == 7
    sent = model.requests[0].response_format
    assert sent is not None
    assert sent.type == "json_schema"


def test_an_answer_can_be_awaited() -> None:
    async def main() -> Visit | None:
        async with scripted_async_client(ScriptedModel(TEXT)) as client:
            answer = await client.chat.completions.parse(messages=HELLO, response_format=Visit)
            return answer.choices[0].message.parsed

    assert asyncio.run(main()) == Visit(pet=Cat(kind="cat", lives=7))


def test_an_answer_that_was_cut_short_says_by_what_and_keeps_the_text() -> None:
    cut = _completion(
        '{"pet"', finish_reason="length", incomplete_details=IncompleteDetails(reason="max_tokens")
    )
    with pytest.raises(UnreadableAnswerError, match="max_tokens") as raised:
        read(cut, Visit)
    assert raised.value.details["completion"] is cut


def test_a_refused_answer_is_none() -> None:
    assert read(_completion("", refusal="No."), Visit).parsed is None
    assert read(_completion('{"pet"', finish_reason="content_filter"), Visit).parsed is None


def test_a_rule_that_no_schema_states_is_named_without_the_value() -> None:
    text = '{"pet": {"kind": "cat"}, "properties": [{"kind": "cat"}, {"kind": "cat", "lives": 12345}]}'
    with pytest.raises(UnreadableAnswerError, match="properties: value_error") as raised:
        read(_completion(text), Visit)
    assert "12345" not in str(raised.value)


def test_what_is_no_model_is_refused() -> None:
    for wrong in (dict, Visit(pet=Cat(kind="cat")), None):
        with pytest.raises(InvalidRequestError, match="pydantic model class"):
            form_of(wrong)  # type: ignore[arg-type]
