"""The official openai package on /v1/completions, over a socket, against a real model."""

from __future__ import annotations

from typing import Any

import openai as sdk
import pytest
from openai import OpenAI

from prudent.client import Client
from prudent.testing import RunningServer

SMOL = "smollm2-135m-instruct"
PROMPT = "The capital of France is"
UNENDING = {"0": -100, "2": -100}
"""A bias against SmolLM2's two end tokens: the answer is as long as it may be."""
GREEDY: dict[str, Any] = {"model": SMOL, "temperature": 0, "max_tokens": 12, "logit_bias": UNENDING}


def test_a_text_is_continued_without_anything_around_it(openai: OpenAI) -> None:
    answer = openai.completions.create(prompt=PROMPT, **GREEDY)
    assert answer.object == "text_completion"
    (choice,) = answer.choices
    assert "Paris" in choice.text
    assert choice.finish_reason == "length"
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (5, 12)


def test_a_stream_says_what_the_whole_answer_says(openai: OpenAI) -> None:
    whole = openai.completions.create(prompt=PROMPT, logprobs=2, **GREEDY).choices[0]
    options: Any = {"stream": True, "stream_options": {"include_usage": True}}
    chunks = list(openai.completions.create(prompt=PROMPT, logprobs=2, **options, **GREEDY))
    assert "".join(choice.text for chunk in chunks for choice in chunk.choices) == whole.text
    streamed = [c.logprobs for chunk in chunks for c in chunk.choices if c.logprobs is not None]
    assert whole.logprobs is not None
    assert [token for one in streamed for token in one.tokens or []] == whole.logprobs.tokens
    assert [at for one in streamed for at in one.text_offset or []] == whole.logprobs.text_offset
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 12


def test_text_and_its_token_ids_are_the_same_prompt(openai: OpenAI, server: RunningServer) -> None:
    with Client(server.base_url, model=SMOL) as client:
        ids = client.tokens.encode(PROMPT, return_token_strs=True)
        assert "".join(ids.token_strs or []) == PROMPT
        assert client.tokens.decode(ids.tokens).prompt == PROMPT
    answer = openai.completions.create(prompt=[PROMPT, "One, two,"], **GREEDY)
    by_ids = openai.completions.create(prompt=ids.tokens, **GREEDY)
    assert answer.choices[0].text == by_ids.choices[0].text
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert "three" in answer.choices[1].text


def test_log_probabilities_spell_the_answer_at_their_places(openai: OpenAI) -> None:
    (choice,) = openai.completions.create(prompt="Émile said: 你好", logprobs=3, **GREEDY).choices
    scores = choice.logprobs
    assert scores is not None
    assert len(scores.tokens or []) == 12
    for token, offset in zip(scores.tokens or [], scores.text_offset or [], strict=True):
        assert token.startswith("bytes:") or choice.text[offset:].startswith(token)
    for taken, logprob, top in zip(
        scores.tokens or [], scores.token_logprobs or [], scores.top_logprobs or [], strict=True
    ):
        assert 3 <= len(top) <= 4
        assert top[taken] == logprob == max(top.values())


def test_an_echoed_prompt_is_scored(openai: OpenAI) -> None:
    def score(text: str) -> tuple[list[float | None], Any]:
        answer = openai.completions.create(model=SMOL, prompt=text, echo=True, logprobs=1, max_tokens=0)
        (choice,) = answer.choices
        assert choice.text == text
        assert choice.finish_reason == "length"
        assert choice.logprobs is not None
        assert "".join(choice.logprobs.tokens or []) == text
        assert answer.usage is not None
        assert answer.usage.completion_tokens == 0
        return list(choice.logprobs.token_logprobs or []), choice.logprobs

    likely, scores = score("The capital of France is Paris")
    unlikely, _ = score("The capital of France is banana")
    assert likely[0] is None
    assert (scores.top_logprobs or [None])[0] is None
    assert scores.text_offset == [0, 3, 11, 14, 21, 24]
    assert likely[-1] is not None
    assert unlikely[-1] is not None
    assert likely[-1] > unlikely[-1]


def test_echo_comes_before_the_answer(openai: OpenAI) -> None:
    plain = openai.completions.create(prompt=PROMPT, **GREEDY).choices[0].text
    echoed = openai.completions.create(prompt=PROMPT, echo=True, logprobs=0, n=2, **GREEDY)
    for choice in echoed.choices:
        assert choice.text == PROMPT + plain
        assert choice.logprobs is not None
        assert len(choice.logprobs.tokens or []) == 5 + 12
        for token, at in zip(choice.logprobs.tokens or [], choice.logprobs.text_offset or [], strict=True):
            assert choice.text[at:].startswith(token)


def test_scores_of_a_prompt_are_those_of_generating_it(openai: OpenAI) -> None:
    generated = openai.completions.create(prompt=PROMPT, logprobs=0, **GREEDY).choices[0]
    again = openai.completions.create(
        model=SMOL, prompt=PROMPT + generated.text, echo=True, logprobs=0, max_tokens=0
    ).choices[0]
    assert generated.logprobs is not None
    assert again.logprobs is not None
    assert (again.logprobs.tokens or [])[5:] == generated.logprobs.tokens
    for one, other in zip(
        generated.logprobs.token_logprobs or [], (again.logprobs.token_logprobs or [])[5:], strict=True
    ):
        assert one == pytest.approx(other, abs=0.2)  # int8 rounds a chunk and a single row differently


def test_a_model_that_cannot_fill_a_gap_says_so(openai: OpenAI) -> None:
    with pytest.raises(sdk.BadRequestError, match="cannot fill a gap") as caught:
        openai.completions.create(prompt="def add(a, b):", suffix="\n    return c", **GREEDY)
    assert caught.value.param == "suffix"


def test_a_prompt_that_does_not_fit_is_refused_and_named(openai: OpenAI) -> None:
    with pytest.raises(sdk.BadRequestError) as caught:
        openai.completions.create(prompt="word " * 2000, **GREEDY)
    assert (caught.value.code, caught.value.param) == ("context_length_exceeded", "prompt")


def test_usage_and_headers_tell_where_the_time_went(openai: OpenAI) -> None:
    raw = openai.completions.with_raw_response.create(prompt=PROMPT, **GREEDY)
    phases = [phase.split(";")[0] for phase in raw.headers["server-timing"].split(", ")]
    assert phases == ["queue", "prefill", "decode", "checks"]
    usage: Any = raw.parse().usage
    assert usage is not None
    assert usage.prompt_time > 0
    assert usage.completion_time > 0
    assert usage.check_time > 0
