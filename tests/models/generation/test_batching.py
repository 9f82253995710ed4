"""What a real model says does not depend on how the engine went about it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from prudent.generation.engine import Engine
from prudent.generation.request import FinishReason, GenerationEvent, GenerationRequest, SamplingParams
from prudent.tokenizer.encoding import Tokenizer

GREEDY = SamplingParams(temperature=0.0)
TEXTS = [
    "The capital of France is",
    "def fibonacci(n):\n    ",
    "Once upon a time, in a village far from the sea, there lived a clockmaker who",
    "Water boils at",
    '{"name": "Ada", "born":',
    "The three primary colours are red,",
    "A list of planets: Mercury, Venus, Earth,",
    "To be, or not to be, that is the",
]


def prompts(tokenizer: Tokenizer) -> list[tuple[int, ...]]:
    return [tuple(tokenizer.encode(text)) for text in TEXTS]


def answer(events: Sequence[GenerationEvent]) -> list[int]:
    assert events[-1].finish in (FinishReason.LENGTH, FinishReason.STOP), events[-1]
    return [token for event in events for token in event.tokens]


def alone(engine: Engine, requests: Sequence[GenerationRequest]) -> list[list[int]]:
    return [answer(list(engine.generate(request))) for request in requests]


def together(engine: Engine, requests: Sequence[GenerationRequest]) -> list[list[int]]:
    return [answer(list(stream)) for stream in [engine.generate(request) for request in requests]]


def staggered(tokenizer: Tokenizer, **fields: Any) -> list[GenerationRequest]:
    """Answers of different lengths: rows leave one by one, and those that wait join."""
    return [
        GenerationRequest(prompt, max_tokens=3 + 2 * index, **{"sampling": GREEDY, **fields})
        for index, prompt in enumerate(prompts(tokenizer))
    ]


def test_greedy_float32_is_the_numpy_forward_pass(
    smol_engine: Callable[..., Engine],
    smol_tokenizer: Tokenizer,
    smol_by_definition: Callable[[list[int]], np.ndarray],
) -> None:
    prompt = prompts(smol_tokenizer)[2]
    tokens = answer(list(smol_engine("float32").generate(GenerationRequest(prompt, GREEDY, max_tokens=20))))
    logits = smol_by_definition([*prompt, *tokens])
    assert tokens == logits[len(prompt) - 1 : -1].argmax(axis=1).tolist()
    assert len(tokens) == 20


def test_log_probabilities_are_those_of_the_numpy_forward_pass(
    smol_engine: Callable[..., Engine],
    smol_tokenizer: Tokenizer,
    smol_by_definition: Callable[[list[int]], np.ndarray],
) -> None:
    prompt = prompts(smol_tokenizer)[0]
    request = GenerationRequest(prompt, SamplingParams(temperature=0.0, top_logprobs=3), max_tokens=8)
    got = [p for event in smol_engine("float32").generate(request) for p in event.logprobs]
    logits = smol_by_definition([*prompt, *(p.token for p in got)])[len(prompt) - 1 : -1].astype(np.float64)
    exact = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    for position, entry in zip(exact, got, strict=True):
        assert [token for token, _ in entry.top] == np.argsort(-position)[:3].tolist()
        assert entry.logprob == pytest.approx(position[entry.token], abs=2e-3)


@pytest.mark.parametrize("target", ["float32", "int8"])
def test_a_batch_says_what_each_would_say_alone(
    smol_engine: Callable[..., Engine], smol_tokenizer: Tokenizer, target: str
) -> None:
    engine = smol_engine(target)
    requests = staggered(smol_tokenizer)
    assert together(engine, requests) == alone(engine, requests)


@pytest.mark.parametrize("target", ["float32", "int8"])
def test_a_prompt_in_chunks_gives_the_answer_of_the_whole(
    smol_engine: Callable[..., Engine], smol_tokenizer: Tokenizer, target: str
) -> None:
    prompt = tuple(smol_tokenizer.encode("\n".join(TEXTS)))
    request = GenerationRequest(prompt, GREEDY, max_tokens=16)
    whole = alone(smol_engine(target), [request])
    assert alone(smol_engine(target, prefill_chunk=7), [request]) == whole


def test_a_long_prompt_beside_running_streams_changes_nobodys_answer(
    smol_engine: Callable[..., Engine], smol_tokenizer: Tokenizer
) -> None:
    engine = smol_engine("float32", prefill_chunk=8)
    long = GenerationRequest(tuple(smol_tokenizer.encode("\n".join(TEXTS))), GREEDY, max_tokens=8)
    requests = [*staggered(smol_tokenizer)[:3], long, *staggered(smol_tokenizer)[3:]]
    assert together(engine, requests) == alone(engine, requests)


def test_a_seed_gives_the_same_answer_whoever_runs_beside_it(
    smol_engine: Callable[..., Engine], smol_tokenizer: Tokenizer
) -> None:
    engine = smol_engine("float32")
    sampling = SamplingParams(temperature=0.9, top_p=0.95, seed=1234)
    twin = GenerationRequest(prompts(smol_tokenizer)[2], sampling, max_tokens=16)
    other = GenerationRequest(
        prompts(smol_tokenizer)[2], SamplingParams(temperature=0.9, top_p=0.95, seed=99), max_tokens=16
    )
    expected = alone(engine, [twin])[0]
    first, unlike, second, *_ = together(engine, [twin, other, twin, *staggered(smol_tokenizer)[:4]])
    assert first == second == expected
    assert unlike != expected


def test_the_text_of_the_events_is_the_text_of_the_tokens(
    smol_engine: Callable[..., Engine], smol_tokenizer: Tokenizer
) -> None:
    request = GenerationRequest(prompts(smol_tokenizer)[0], GREEDY, max_tokens=12)
    events = list(smol_engine("int8").generate(request))
    assert "".join(event.text for event in events) == smol_tokenizer.decode(answer(events))
    assert "Paris" in "".join(event.text for event in events)


def test_a_stop_string_of_a_real_model_ends_the_answer_before_it(
    smol_engine: Callable[..., Engine], smol_tokenizer: Tokenizer
) -> None:
    engine = smol_engine("int8")
    free = "".join(
        e.text for e in engine.generate(GenerationRequest(prompts(smol_tokenizer)[0], GREEDY, max_tokens=24))
    )
    stop = free[9:16]
    stopped = list(
        engine.generate(
            GenerationRequest(prompts(smol_tokenizer)[0], GREEDY, max_tokens=24, stop_strings=(stop,))
        )
    )
    assert "".join(e.text for e in stopped) == free[: free.index(stop)]
    assert stopped[-1].finish is FinishReason.STOP


def test_a_cancelled_row_leaves_the_others_answers_as_they_were(
    smol_engine: Callable[..., Engine], smol_tokenizer: Tokenizer
) -> None:
    engine = smol_engine("float32")
    requests = staggered(smol_tokenizer)[1:4]
    expected = alone(engine, requests)
    victim = engine.generate(GenerationRequest(prompts(smol_tokenizer)[0], GREEDY, max_tokens=200))
    streams = [engine.generate(request) for request in requests]
    next(victim)
    next(victim)
    victim.close()
    assert [answer(list(stream)) for stream in streams] == expected


def test_closing_during_generation_ends_every_stream(
    smol_engine: Callable[..., Engine], smol_tokenizer: Tokenizer
) -> None:
    engine = smol_engine("int8")
    streams = [
        engine.generate(GenerationRequest(prompt, GREEDY, max_tokens=300))
        for prompt in prompts(smol_tokenizer)
    ]
    next(streams[0])
    engine.close()
    assert all(list(stream)[-1].finish is FinishReason.CANCELLED for stream in streams)
    assert "prudent-engine" not in [thread.name for thread in threading.enumerate()]
