"""Whether a request can be served by a model of this size. Knows no queue and no session."""

from __future__ import annotations

import math

from prudent.errors import ContextLengthError, InvalidRequestError
from prudent.generation.request import GenerationRequest, SamplingParams

MOST_LOGPROBS = 20
_LARGEST_BIAS = 100.0
_LARGEST_PENALTY = 2.0
# Beyond these a penalised logit can leave the range of float32.
_LEAST_REPETITION, _LARGEST_REPETITION = 0.01, 100.0


def check_request(request: GenerationRequest, *, vocab_size: int, context: int) -> int:
    """Check every field and return how many tokens may be generated.

    Raises:
        InvalidRequestError: a field is outside of its range; `param` names it.
        ContextLengthError: prompt and answer do not fit `context` tokens together.
    """
    _check_tokens("prompt", request.prompt, vocab_size)
    if not request.prompt:
        raise InvalidRequestError("The prompt is empty.", hint="Give at least one token.", param="prompt")
    _check_tokens("stop", tuple(request.stop_tokens), vocab_size)
    if "" in request.stop_strings:
        raise InvalidRequestError("A stop string is empty.", hint="Leave it out.", param="stop")
    _check_sampling(request.sampling, vocab_size)
    if request.prompt_logprobs is not None:
        _check_range("prompt_logprobs", request.prompt_logprobs, 0, min(MOST_LOGPROBS, vocab_size))
        _check_range("scores_from", request.scores_from, 1, len(request.prompt))
    if request.deadline is not None and not 0.0 < request.deadline < math.inf:
        raise InvalidRequestError(
            f"deadline is {request.deadline}; it must be more than 0 seconds.", param="deadline"
        )
    least = 1 if request.prompt_logprobs is None else 0
    return _room_for_answer(len(request.prompt), request.max_tokens, context, least)


def _room_for_answer(prompt: int, max_tokens: int | None, context: int, least: int) -> int:
    """As the OpenAI API does: what was asked for must fit, and nothing is shortened to make it fit."""
    if max_tokens is not None and max_tokens < least:
        raise InvalidRequestError(
            f"max_tokens is {max_tokens}; it must be at least {least}.",
            param="max_tokens",
            hint="Leave it out for no limit.",
        )
    wanted = 1 if max_tokens is None else max_tokens
    if prompt + wanted <= context:
        return context - prompt if max_tokens is None else max_tokens
    asked = "" if max_tokens is None else f" and {max_tokens} for the answer"
    raise ContextLengthError(
        f"The context holds {context} tokens; this request has {prompt} in the prompt{asked}.",
        hint="Shorten the prompt, ask for fewer tokens, or open the engine with a larger `context`.",
        param="prompt" if max_tokens is None or prompt >= context else "max_tokens",
        details={"prompt_tokens": prompt, "max_tokens": max_tokens, "context": context},
    )


def _check_tokens(param: str, tokens: tuple[int, ...], vocab_size: int) -> None:
    wrong = next((token for token in tokens if not 0 <= token < vocab_size), None)
    if wrong is not None:
        raise InvalidRequestError(
            f"Token {wrong} in {param} is not one of this model's {vocab_size}.",
            hint="Encode the text with the tokenizer of the same model.",
            param=param,
        )


def _check_sampling(params: SamplingParams, vocab_size: int) -> None:
    _check_range("temperature", params.temperature, 0.0, math.inf)
    _check_range("top_p", params.top_p, 0.0, 1.0)
    _check_range("min_p", params.min_p, 0.0, 1.0)
    _check_range("frequency_penalty", params.frequency_penalty, -_LARGEST_PENALTY, _LARGEST_PENALTY)
    _check_range("presence_penalty", params.presence_penalty, -_LARGEST_PENALTY, _LARGEST_PENALTY)
    _check_range("repetition_penalty", params.repetition_penalty, _LEAST_REPETITION, _LARGEST_REPETITION)
    if params.top_k is not None and params.top_k < 1:
        raise InvalidRequestError(
            f"top_k is {params.top_k}; it must be at least 1.",
            hint="Leave it out to keep all.",
            param="top_k",
        )
    if params.top_logprobs is not None:
        _check_range("top_logprobs", params.top_logprobs, 0, min(MOST_LOGPROBS, vocab_size))
    _check_tokens("logit_bias", tuple(params.logit_bias), vocab_size)
    for bias in params.logit_bias.values():
        _check_range("logit_bias", bias, -_LARGEST_BIAS, _LARGEST_BIAS)


def _check_range(param: str, value: float, low: float, high: float) -> None:
    """Refuses NaN and infinity as well: neither is in any range."""
    if not (low <= value <= high and math.isfinite(value)):
        limits = f"at least {low:g}" if high == math.inf else f"from {low:g} to {high:g}"
        raise InvalidRequestError(f"{param} is {value}; it must be {limits}.", param=param)
