"""Explains an answer that was given: what of the prompt carries it, and of which words the model was unsure.

Attribution is by leaving out: the answer is scored again under the prompt without each piece of it, as the
model read it (after the checks). What lies before the piece is in the cache, so the last pieces come first.
Knows no HTTP and no check.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from prudent.capabilities.interface import TextService
from prudent.capabilities.interface.text import ScoredAnswer
from prudent.server.inspected_chat import parts_of, with_texts
from prudent.types.chat import ChatCompletion, ChatCompletionRequest, Choice, TokenLogprob
from prudent.types.explanation import (
    AnswerExplanation,
    AttributedSpan,
    Attribution,
    Confidence,
    ExplainOptions,
    UnsureSpan,
)
from prudent_responsible_ai.explain.confidence import ScoredToken, entropy, perplexity, unsure_stretches
from prudent_responsible_ai.explain.pieces import Piece, pieces_of

ALTERNATIVES = 10
"""Of each token, for its entropy."""


def with_scores(request: ChatCompletionRequest) -> ChatCompletionRequest:
    """The request, asking for the log-probabilities that its explanation needs."""
    if request.explain is None or not request.explain.confidence:
        return request
    most = max(request.top_logprobs or 0, ALTERNATIVES)
    return request.model_copy(update={"logprobs": True, "top_logprobs": most})


async def explained(
    completion: ChatCompletion,
    request: ChatCompletionRequest,
    checked: ChatCompletionRequest,
    model: TextService,
) -> ChatCompletion:
    """The answer with what `request.explain` asks for. `checked` is the request as the model read it.

    Raises:
        PrudentError: the answer cannot be scored; as `TextService.score`.
    """
    options = request.explain
    if options is None:
        return completion
    answer = completion.text
    scores = completion.choices[0].logprobs
    found = AnswerExplanation(
        attribution=await attributed(answer, checked, model, options)
        if options.attribution and answer
        else None,
        confidence=confidence(answer, (scores and scores.content) or []) if options.confidence else None,
    )
    choices = [_as_asked(request, choice) for choice in completion.choices]
    return completion.model_copy(update={"explanation": found, "choices": choices})


def _as_asked(request: ChatCompletionRequest, choice: Choice) -> Choice:
    """The choice without log-probabilities and alternatives that only the explanation needed."""
    if not request.logprobs or choice.logprobs is None:
        return choice.model_copy(update={"logprobs": None})
    most = request.top_logprobs or 0
    content = [
        one.model_copy(update={"top_logprobs": one.top_logprobs[:most]})
        for one in choice.logprobs.content or ()
    ]
    return choice.model_copy(update={"logprobs": choice.logprobs.model_copy(update={"content": content})})


def confidence(answer: str, scores: Sequence[TokenLogprob]) -> Confidence | None:
    """How sure the model was; None where nothing was scored. No stretches where a token has no score."""
    tokens = [
        ScoredToken(one.token, one.logprob, tuple(top.logprob for top in one.top_logprobs)) for one in scores
    ]
    if not tokens:
        return None
    entropies = [entropy(token) for token in tokens]
    aligned = "".join(token.text for token in tokens) == answer
    return Confidence(
        spans=[
            UnsureSpan(start=one.start, end=one.end, probability=round(one.probability, 4))
            for one in (unsure_stretches(tokens) if aligned else [])
        ],
        perplexity=round(perplexity(tokens), 4),
        mean_entropy=round(sum(entropies) / len(entropies), 4),
        max_entropy=round(max(entropies), 4),
        length=len(tokens),
    )


async def attributed(
    answer: str, checked: ChatCompletionRequest, model: TextService, options: ExplainOptions
) -> Attribution:
    """What each piece of the prompt adds to the answer's log-probability, as far as the budget goes."""
    began = time.monotonic()
    parts = parts_of(checked.messages)
    texts = [part.text for part in parts]
    pieces = pieces_of(texts, options.spans)
    whole = await model.score(checked, answer)
    done: list[ScoredAnswer] = [whole]
    drops: dict[Piece, float] = {}
    longest = 0.0
    for piece in reversed(pieces):
        before = time.monotonic()
        if before - began + longest > options.budget:
            break
        scored = await model.score(_without(checked, texts, piece), answer)
        drops[piece] = sum(whole.logprobs) - sum(scored.logprobs)
        done.append(scored)
        longest = max(longest, time.monotonic() - before)
    most = max(drops.values(), default=0.0)
    spans = [
        AttributedSpan(
            message=parts[piece.index].message_index,
            part=parts[piece.index].part_index,
            source=parts[piece.index].source,
            start=piece.start,
            end=piece.end,
            drop=None if piece not in drops else round(drops[piece], 4),
            weight=None if piece not in drops else _share(drops[piece], most),
        )
        for piece in pieces
    ]
    return Attribution(
        log_probability=round(sum(whole.logprobs), 4),
        answer_tokens=len(whole.logprobs),
        spans=spans,
        complete=len(drops) == len(pieces),
        seconds=round(time.monotonic() - began, 3),
        budget=options.budget,
        tokens=sum(one.prompt_tokens + len(one.logprobs) - one.cached_tokens for one in done),
        cached_tokens=sum(one.cached_tokens for one in done),
    )


def _share(drop: float, most: float) -> float:
    return round(max(0.0, drop) / most, 4) if most > 0 else 0.0


def _without(checked: ChatCompletionRequest, texts: Sequence[str], piece: Piece) -> ChatCompletionRequest:
    left = [
        text[: piece.start] + text[piece.end :] if index == piece.index else text
        for index, text in enumerate(texts)
    ]
    return checked.model_copy(update={"messages": with_texts(checked.messages, left)})
