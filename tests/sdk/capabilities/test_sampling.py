"""Whose sampling parameters count: the request's, the makers' of the model, OpenAI's."""

from __future__ import annotations

from typing import Any

import pytest

from prudent.capabilities.sampling import sampling_of
from prudent.catalog import Catalog
from prudent.catalog.entry import Advice
from prudent.generation.request import SamplingParams
from prudent.types.chat import ChatCompletionRequest
from prudent.types.completions import CompletionRequest

ADVICE = Advice(temperature=0.7, top_p=0.8, top_k=20, repetition_penalty=1.1)


def _sampled(advice: Advice = ADVICE, *, form: bool = False, **asked: Any) -> SamplingParams:
    request = ChatCompletionRequest.model_validate({"messages": [{"role": "user", "content": "hi"}], **asked})
    return sampling_of(request, advice, form=form)


def test_a_request_that_says_nothing_is_sampled_as_the_makers_advise() -> None:
    assert _sampled() == SamplingParams(temperature=0.7, top_p=0.8, top_k=20, repetition_penalty=1.1)
    assert _sampled(Advice()) == SamplingParams(), "OpenAI's defaults where they say nothing"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"temperature": 1.0}, SamplingParams(temperature=1.0, top_p=0.8, top_k=20, repetition_penalty=1.1)),
        ({"top_k": 0}, SamplingParams(temperature=0.7, top_p=0.8, top_k=None, repetition_penalty=1.1)),
        (
            {"repetition_penalty": 1.0, "top_p": 1.0, "min_p": 0.1, "frequency_penalty": 0.5},
            SamplingParams(temperature=0.7, top_k=20, min_p=0.1, frequency_penalty=0.5),
        ),
        ({"temperature": None, "top_p": None}, _sampled()),
    ],
)
def test_what_a_request_says_counts(asked: dict[str, Any], expected: SamplingParams) -> None:
    assert _sampled(**asked) == expected


def test_the_likeliest_token_is_what_was_asked_for_at_a_temperature_of_0() -> None:
    assert _sampled(temperature=0) == SamplingParams(temperature=0.0)
    assert _sampled(temperature=0, repetition_penalty=1.2).repetition_penalty == 1.2


def test_forms_and_code_may_repeat() -> None:
    assert _sampled(form=True) == SamplingParams(temperature=0.7, top_p=0.8, top_k=20)
    request = CompletionRequest.model_validate({"prompt": "def add(a, b):"})
    assert sampling_of(request, ADVICE, form=False).repetition_penalty == 1.0


@pytest.mark.parametrize("name", ["qwen2.5-coder-0.5b-instruct", "smollm2-135m-instruct"])
def test_the_chat_models_of_the_catalog_come_with_advice(name: str) -> None:
    advice = Catalog.load().get(name).sampling
    assert advice.temperature is not None
    assert advice.top_p is not None
