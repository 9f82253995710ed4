"""How a request is sampled: by what it says, then by what the model's makers advise, then as OpenAI does."""

from __future__ import annotations

from typing import TypeVar

from prudent.catalog.entry import Advice
from prudent.generation.request import SamplingParams
from prudent.types.chat import ChatCompletionRequest
from prudent.types.sampling import SamplingRequest

ValueT = TypeVar("ValueT", int, float)


def sampling_of(request: SamplingRequest, advice: Advice, *, form: bool) -> SamplingParams:
    """The parameters of a request without seed, bias and log-probabilities. `form`: the answer has a grammar.

    A temperature of 0 asks for the likeliest token: nothing is advised then. Repetition is held down where
    people are answered in their language; forms and code repeat by nature.
    """
    if request.temperature == 0.0:
        advice = Advice()
    elif form or not isinstance(request, ChatCompletionRequest):
        advice = advice.model_copy(update={"repetition_penalty": None})
    return SamplingParams(
        temperature=_first(request.temperature, advice.temperature, 1.0),
        top_p=_first(request.top_p, advice.top_p, 1.0),
        top_k=_first(request.top_k, advice.top_k, 0) or None,
        min_p=request.min_p,
        frequency_penalty=request.frequency_penalty,
        presence_penalty=request.presence_penalty,
        repetition_penalty=_first(request.repetition_penalty, advice.repetition_penalty, 1.0),
    )


def _first(asked: ValueT | None, advised: ValueT | None, otherwise: ValueT) -> ValueT:
    if asked is not None:
        return asked
    return otherwise if advised is None else advised
