"""Answers of a stated form: OpenAI's client and ours, over a real model."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal

import openai as sdk
import pytest
from openai import OpenAI
from pydantic import BaseModel, Field

from prudent import Client
from prudent.testing import RunningServer

SMOL = "smollm2-135m-instruct"
ASK: list[Any] = [
    {"role": "user", "content": "Ada is 36 years old and lives in Paris. Give her name, age and city."}
]


class Person(BaseModel):
    name: Annotated[str, Field(max_length=30)]
    age: Annotated[int, Field(ge=0, le=120)]
    city: Literal["London", "Paris", "Rome"]


FORM = {
    "type": "json_schema",
    "json_schema": {"name": "person", "schema": Person.model_json_schema(), "strict": True},
}

UNENFORCEABLE = {"properties": {"a": {"not": {}}}}


def _create(client: OpenAI, form: Any, **options: Any) -> Any:
    return client.chat.completions.create(
        model=SMOL, messages=ASK, response_format=form, **({"max_tokens": 80} | options)
    )


def test_the_official_client_reads_an_answer_as_a_model(openai: OpenAI) -> None:
    answer = openai.chat.completions.parse(model=SMOL, messages=ASK, response_format=Person, max_tokens=80)
    assert isinstance(answer.choices[0].message.parsed, Person)
    assert answer.choices[0].finish_reason == "stop"


def test_our_client_reads_the_same(server: RunningServer, openai: OpenAI) -> None:
    with Client(server.base_url) as client:
        ours = client.chat.completions.parse(
            messages=ASK, response_format=Person, model=SMOL, temperature=0, max_tokens=80
        )
    theirs = openai.chat.completions.parse(
        model=SMOL, messages=ASK, response_format=Person, temperature=0, max_tokens=80
    )
    assert ours.choices[0].message.parsed == theirs.choices[0].message.parsed


def test_the_official_client_is_told_of_an_answer_cut_short(openai: OpenAI) -> None:
    with pytest.raises(sdk.LengthFinishReasonError):
        openai.chat.completions.parse(model=SMOL, messages=ASK, response_format=Person, max_tokens=4)
    choice = _create(openai, FORM, max_tokens=4).choices[0]
    assert choice.finish_reason == "length"
    assert choice.incomplete_details == {"reason": "max_tokens"}


def test_every_one_of_n_hot_answers_has_the_form(openai: OpenAI) -> None:
    answer = _create(openai, FORM, n=6, temperature=2.0, seed=5)
    for choice in answer.choices:
        if choice.finish_reason == "stop":
            Person.model_validate_json(choice.message.content)
    assert any(choice.finish_reason == "stop" for choice in answer.choices)


def test_a_stream_has_the_form_and_says_what_the_whole_answer_says(openai: OpenAI) -> None:
    whole = _create(openai, FORM, temperature=0).choices[0].message.content
    stream = _create(openai, FORM, temperature=0, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices) == whole


def test_log_probabilities_under_a_grammar_spell_the_answer(openai: OpenAI) -> None:
    answer = _create(openai, FORM, temperature=0, logprobs=True, top_logprobs=2).choices[0]
    content = answer.logprobs.content
    assert "".join(token.token for token in content) == answer.message.content
    assert all(token.logprob <= 0 and len(token.top_logprobs) == 2 for token in content)
    # They are the model's own: what the grammar excludes may be likelier than what was taken.
    assert any(token.top_logprobs[0].token != token.token for token in content)


@pytest.mark.parametrize(
    ("form", "pattern"),
    [
        ({"type": "choice", "choices": ["London", "Paris"]}, "London|Paris"),
        ({"type": "regex", "regex": r"[A-Z][a-z]{2,8} is \d{1,3}"}, r"[A-Z][a-z]{2,8} is \d{1,3}"),
        (
            {"type": "lark", "grammar": 'start: "age " n ("+" n)? \n n: /[0-9]{1,2}/'},
            r"age \d{1,2}(\+\d{1,2})?",
        ),
    ],
)
def test_our_own_forms(openai: OpenAI, form: Any, pattern: str) -> None:
    answer = _create(openai, form, temperature=1.5, seed=3).choices[0]
    assert re.fullmatch(pattern, answer.message.content)
    assert answer.finish_reason == "stop"


def test_any_object(openai: OpenAI) -> None:
    for seed in range(3):
        choice = _create(openai, {"type": "json_object"}, seed=seed, max_tokens=100).choices[0]
        assert choice.message.content.startswith("{")
        if choice.finish_reason == "stop":
            assert isinstance(json.loads(choice.message.content), dict)


def test_free_and_bound_answers_share_a_batch(openai: OpenAI, server: RunningServer) -> None:
    alone = _create(openai, FORM, temperature=0).choices[0].message.content
    stream = openai.chat.completions.create(
        model=SMOL, messages=[{"role": "user", "content": "Tell me a story."}], stream=True, max_tokens=120
    )
    next(iter(stream))
    assert _create(openai, FORM, temperature=0).choices[0].message.content == alone
    stream.close()


@pytest.mark.parametrize(
    ("form", "options", "param", "says"),
    [
        (
            {"type": "json_schema", "json_schema": {"name": "x", "schema": UNENFORCEABLE}},
            {}, "response_format.json_schema.schema", "'not' at /properties/a",
        ),
        ({"type": "regex", "regex": "(?=a)"}, {}, "response_format.regex", "look-around"),
        ({"type": "choice", "choices": ["a", "a"]}, {}, "response_format.choices", "twice"),
        ({"type": "lark", "grammar": "start: <|im_end|>"}, {}, "response_format.grammar", "line 1, column 8"),
        (FORM, {"stop": ["}"]}, "stop", "cut the answer"),
    ],
)  # fmt: skip
def test_what_cannot_be_enforced_is_refused(
    openai: OpenAI, form: Any, options: Any, param: str, says: str
) -> None:
    with pytest.raises(sdk.BadRequestError, match=re.escape(says)) as raised:
        _create(openai, form, **options)
    assert raised.value.param == param
    with pytest.raises(sdk.BadRequestError):
        _create(openai, form, stream=True, **options)
