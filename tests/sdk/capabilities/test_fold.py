"""Chunks put together are what a caller who does not stream gets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest

from prudent.capabilities.fold import fold
from prudent.errors import InternalError
from prudent.types.chat import (
    ChatCompletion,
    ChatCompletionChunk,
    ChoiceDelta,
    ChoiceLogprobs,
    ChunkChoice,
    TokenLogprob,
)
from prudent.types.content import Source
from prudent.types.safety import CategoryVerdict, PromptFilterResult
from prudent.types.usage import Usage


def _chunk(*choices: ChunkChoice, **fields: object) -> ChatCompletionChunk:
    return ChatCompletionChunk(id="c", created=1, model="m", choices=list(choices), **fields)


def _fold(chunks: Iterable[ChatCompletionChunk]) -> ChatCompletion:
    async def replay() -> AsyncIterator[ChatCompletionChunk]:
        for chunk in chunks:
            yield chunk

    return asyncio.run(fold(replay()))


def _text(index: int, text: str) -> ChunkChoice:
    logprobs = ChoiceLogprobs(content=[TokenLogprob(token=text, logprob=-1.0)])
    return ChunkChoice(index=index, delta=ChoiceDelta(content=text), logprobs=logprobs)


def _end(index: int, reason: str) -> ChunkChoice:
    verdict = {"x": CategoryVerdict(filtered=False, detected=True)}
    return ChunkChoice(index=index, delta=ChoiceDelta(), finish_reason=reason, content_filter_results=verdict)


def test_choices_are_put_together_by_their_index() -> None:
    prompt_results = [PromptFilterResult(prompt_index=0, source=Source.USER, content_filter_results={})]
    answer = _fold(
        [
            _chunk(
                ChunkChoice(index=1, delta=ChoiceDelta(role="assistant", content="")),
                prompt_filter_results=prompt_results,
            ),
            _chunk(_text(1, "b"), _text(0, "a")),
            _chunk(_text(0, "c"), _end(1, "length")),
            _chunk(_end(0, "stop")),
            _chunk(usage=Usage(prompt_tokens=1, completion_tokens=3, total_tokens=4)),
        ]
    )
    assert [choice.message.content for choice in answer.choices] == ["ac", "b"]
    assert [choice.finish_reason for choice in answer.choices] == ["stop", "length"]
    assert [len(choice.logprobs.content or []) for choice in answer.choices if choice.logprobs] == [2, 1]
    assert answer.choices[0].content_filter_results["x"].detected
    assert answer.prompt_filter_results == prompt_results
    assert answer.usage is not None
    assert answer.usage.total_tokens == 4
    assert answer.text == "ac"


def test_an_empty_answer_has_empty_text() -> None:
    assert _fold([_chunk(_end(0, "stop"))]).choices[0].message.content == ""


def test_a_stream_without_an_end_is_an_error() -> None:
    with pytest.raises(InternalError):
        _fold([_chunk(_text(0, "a"))])
    with pytest.raises(InternalError):
        _fold([])
