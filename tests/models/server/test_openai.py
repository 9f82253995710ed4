"""The official openai package, over a socket, against a real model."""

from __future__ import annotations

import math
import time
from typing import Any

import openai as sdk
import pytest
from openai import OpenAI

from prudent.testing import RunningServer

SMOL = "smollm2-135m-instruct"
ASK: list[Any] = [{"role": "user", "content": "Count from one to ten."}]

UNENDING = {"0": -100, "2": -100}
"""A bias against SmolLM2's two end tokens: the answer is as long as it may be."""


def _text(client: OpenAI, **options: Any) -> str:
    answer = client.chat.completions.create(model=SMOL, messages=ASK, **options)
    return answer.choices[0].message.content or ""


def test_a_plain_answer(openai: OpenAI) -> None:
    answer = openai.chat.completions.create(
        model=SMOL, messages=ASK, temperature=0, max_tokens=16, logit_bias=UNENDING
    )
    assert answer.object == "chat.completion"
    assert answer.model == SMOL
    assert answer.id.startswith("chatcmpl-")
    assert abs(answer.created - time.time()) < 120
    assert answer.system_fingerprint is not None
    (choice,) = answer.choices
    assert choice.message.role == "assistant"
    assert choice.message.content
    assert choice.finish_reason == "length"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 16
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + 16


def test_a_stream_says_what_the_plain_answer_says(openai: OpenAI) -> None:
    stream = openai.chat.completions.create(
        model=SMOL,
        messages=ASK,
        temperature=0,
        max_tokens=24,
        logit_bias=UNENDING,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 24
    assert chunks[-2].choices[0].finish_reason == "length"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == _text(openai, temperature=0, max_tokens=24, logit_bias=UNENDING)
    # The default policy lets an answer out sentence by sentence.
    assert sum(1 for chunk in chunks if chunk.choices and chunk.choices[0].delta.content) > 1


def test_log_probabilities_spell_the_answer(openai: OpenAI) -> None:
    answer = openai.chat.completions.create(
        model=SMOL, messages=ASK, temperature=0, max_tokens=12, logprobs=True, top_logprobs=3
    )
    (choice,) = answer.choices
    assert choice.logprobs is not None
    assert choice.logprobs.content is not None
    spelled = b"".join(bytes(entry.bytes or []) for entry in choice.logprobs.content)
    assert spelled.decode() == choice.message.content
    for entry in choice.logprobs.content:
        assert len(entry.top_logprobs) == 3
        assert entry.logprob == max(other.logprob for other in entry.top_logprobs)
        assert sum(math.exp(other.logprob) for other in entry.top_logprobs) <= 1.001


def test_streamed_log_probabilities_are_those_of_the_plain_answer(openai: OpenAI) -> None:
    options: dict[str, Any] = {"temperature": 0, "max_tokens": 12, "logprobs": True}
    plain = openai.chat.completions.create(model=SMOL, messages=ASK, **options)
    assert plain.choices[0].logprobs is not None
    streamed: list[str] = []
    for chunk in openai.chat.completions.create(model=SMOL, messages=ASK, stream=True, **options):
        logprobs = chunk.choices[0].logprobs
        streamed += [entry.token for entry in (logprobs.content or [])] if logprobs else []
    assert streamed == [entry.token for entry in plain.choices[0].logprobs.content or []]


def test_a_stop_string_ends_the_answer_and_is_not_in_it(openai: OpenAI) -> None:
    whole = _text(openai, temperature=0, max_tokens=24, logit_bias=UNENDING)
    stop = whole[len(whole) // 2 : len(whole) // 2 + 3]
    answer = openai.chat.completions.create(
        model=SMOL, messages=ASK, temperature=0, max_tokens=24, logit_bias=UNENDING, stop=[stop, "never said"]
    )
    assert answer.choices[0].finish_reason == "stop"
    assert answer.choices[0].message.content == whole[: whole.index(stop)]


def test_n_answers_differ_and_a_seed_repeats_them(openai: OpenAI) -> None:
    def ask(seed: int) -> list[str | None]:
        answer = openai.chat.completions.create(
            model=SMOL, messages=ASK, temperature=1.2, max_tokens=16, n=3, seed=seed
        )
        assert [choice.index for choice in answer.choices] == [0, 1, 2]
        return [choice.message.content for choice in answer.choices]

    first = ask(7)
    assert len(set(first)) == 3
    assert ask(7) == first
    assert ask(8) != first


def test_a_bias_forbids_a_token(openai: OpenAI) -> None:
    def first(**options: Any) -> Any:
        answer = openai.chat.completions.create(
            model=SMOL, messages=ASK, temperature=0, max_tokens=1, logprobs=True, top_logprobs=2, **options
        )
        assert answer.choices[0].logprobs is not None
        assert answer.choices[0].logprobs.content is not None
        return answer.choices[0].logprobs.content[0]

    from prudent.catalog import Catalog
    from prudent.store import open_decoder
    from prudent.tokenizer import Tokenizer, TokenizerSpec

    tokenizer = Tokenizer(TokenizerSpec.load(open_decoder(Catalog.load().get(SMOL).id).tokenizer))
    usual = first()
    (token,) = tokenizer.encode(usual.token)
    assert first(logit_bias={str(token): -100}).token == usual.top_logprobs[1].token


def test_a_stream_may_be_left_early(openai: OpenAI) -> None:
    with openai.chat.completions.create(model=SMOL, messages=ASK, stream=True) as stream:
        next(iter(stream))
    assert _text(openai, temperature=0, max_tokens=1)


def test_models_are_listed(openai: OpenAI) -> None:
    models = {model.id: model for model in openai.models.list()}
    assert SMOL in models
    assert models[SMOL].owned_by
    assert openai.models.retrieve(SMOL).id == SMOL


@pytest.mark.parametrize(
    ("options", "kind", "param"),
    [
        ({"model": "smollm2-135m-instrut"}, sdk.NotFoundError, "model"),
        ({"messages": []}, sdk.BadRequestError, "messages"),
        ({"max_tokens": -1}, sdk.BadRequestError, "max_tokens"),
        ({"max_tokens": 100_000}, sdk.BadRequestError, "max_tokens"),
        ({"messages": [{"role": "user", "content": "word " * 5000}]}, sdk.BadRequestError, "messages"),
        ({"reasoning_effort": "low"}, sdk.BadRequestError, "reasoning_effort"),
        ({"logit_bias": {"99999999": 1}}, sdk.BadRequestError, "logit_bias"),
        ({"extra_body": {"frobnicate": 1}}, sdk.BadRequestError, "frobnicate"),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}
                ]
            },
            sdk.BadRequestError,
            "messages[0].content[0].image_url",
        ),
    ],
)
def test_errors_are_the_clients_own_classes(
    openai: OpenAI, options: dict[str, Any], kind: type[sdk.APIStatusError], param: str
) -> None:
    with pytest.raises(kind) as caught:
        openai.chat.completions.create(**{"model": SMOL, "messages": ASK, **options})
    assert caught.value.param == param
    assert caught.value.message


def test_an_unknown_model_is_answered_with_the_nearest_name(openai: OpenAI) -> None:
    with pytest.raises(sdk.NotFoundError, match=SMOL):
        openai.chat.completions.create(model="smollm2-135m-instrut", messages=ASK)


def test_a_model_that_is_not_here_is_not_fetched_unasked(openai: OpenAI) -> None:
    models = [model.model_dump() for model in openai.models.list()]
    absent = [one["id"] for one in models if one["state"] == "available" and one["task"] == "chat"]
    if not absent:
        pytest.skip("every chat model is on this machine")
    with pytest.raises(sdk.NotFoundError, match=f"prudent models pull {absent[0]}"):
        openai.chat.completions.create(model=absent[0], messages=ASK)


def test_errors_in_streams_are_the_clients_own_classes(openai: OpenAI) -> None:
    with pytest.raises(sdk.BadRequestError):
        openai.chat.completions.create(model=SMOL, messages=[], stream=True)


def test_a_credential_in_the_prompt_never_reaches_the_model(openai: OpenAI) -> None:
    key = "AKIA" + "IOSFODNN7EXAMPLE"
    answer = openai.chat.completions.create(
        model=SMOL, messages=[{"role": "user", "content": f"My key is {key}."}], max_tokens=4
    )
    (result,) = answer.model_dump()["prompt_filter_results"]
    assert result["content_filter_results"]["secrets"]["detected"]
    assert key not in str(answer.model_dump())


def test_a_client_that_leaves_frees_its_slot(server: RunningServer, openai: OpenAI) -> None:
    for _ in range(8):  # twice the slots
        with openai.chat.completions.create(model=SMOL, messages=ASK, stream=True) as stream:
            next(iter(stream))
    started = time.monotonic()
    assert _text(openai, temperature=0, max_tokens=1)
    assert time.monotonic() - started < 60
