"""Requests at the door: what is refused, which field is named, what fits the context."""

from __future__ import annotations

import math
from typing import Any

import pytest

from prudent.errors import ContextLengthError, InvalidRequestError
from prudent.generation.request import GenerationRequest, SamplingParams
from prudent.generation.validation import check_request


def check(prompt: int = 3, **fields: Any) -> int:
    return check_request(GenerationRequest(tuple([1] * prompt), **fields), vocab_size=50, context=10)


def test_without_a_limit_the_answer_may_fill_the_context() -> None:
    assert check(3) == 7
    assert check(9) == 1


def test_a_limit_that_just_fits_is_kept() -> None:
    assert check(3, max_tokens=7) == 7


@pytest.mark.parametrize(
    ("prompt", "max_tokens", "param"),
    [(3, 8, "max_tokens"), (10, None, "prompt"), (11, 1, "prompt"), (500, None, "prompt")],
)
def test_what_does_not_fit_is_refused_with_the_counts(
    prompt: int, max_tokens: int | None, param: str
) -> None:
    with pytest.raises(ContextLengthError) as caught:
        check(prompt, max_tokens=max_tokens)
    assert caught.value.param == param
    assert caught.value.details == {"prompt_tokens": prompt, "max_tokens": max_tokens, "context": 10}
    assert f"holds 10 tokens; this request has {prompt} in the prompt" in caught.value.message
    assert "`context`" in str(caught.value)


@pytest.mark.parametrize(
    ("param", "fields"),
    [
        ("max_tokens", {"max_tokens": 0}),
        ("stop", {"stop_tokens": frozenset({50})}),
        ("stop", {"stop_strings": ("",)}),
        ("temperature", {"sampling": SamplingParams(temperature=-0.1)}),
        ("temperature", {"sampling": SamplingParams(temperature=math.nan)}),
        ("temperature", {"sampling": SamplingParams(temperature=math.inf)}),
        ("top_p", {"sampling": SamplingParams(top_p=1.1)}),
        ("top_k", {"sampling": SamplingParams(top_k=0)}),
        ("min_p", {"sampling": SamplingParams(min_p=-1.0)}),
        ("frequency_penalty", {"sampling": SamplingParams(frequency_penalty=2.1)}),
        ("presence_penalty", {"sampling": SamplingParams(presence_penalty=-3.0)}),
        ("repetition_penalty", {"sampling": SamplingParams(repetition_penalty=0.0)}),
        ("repetition_penalty", {"sampling": SamplingParams(repetition_penalty=1e-300)}),
        ("top_logprobs", {"sampling": SamplingParams(top_logprobs=21)}),
        ("logit_bias", {"sampling": SamplingParams(logit_bias={50: 1.0})}),
        ("logit_bias", {"sampling": SamplingParams(logit_bias={1: 101.0})}),
    ],
)
def test_a_field_out_of_range_is_named(param: str, fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check(**fields)
    assert caught.value.param == param


@pytest.mark.parametrize("prompt", [(), (50,), (-1,)])
def test_a_prompt_must_be_tokens_of_the_model(prompt: tuple[int, ...]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check_request(GenerationRequest(prompt), vocab_size=50, context=10)
    assert caught.value.param == "prompt"
