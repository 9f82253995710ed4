"""A real model's answer is the same whichever way the engine takes: kept beginnings, guesses, forced tokens,
prompts side by side, giving way and returning.

Runs of several tokens of one sequence agree with each other to the last bit, and so do decode steps whoever
shares them; between the two the attention sums in another order. In float32 no answer shows it. An int8
model rounds each layer's input, which makes a near tie of two tokens fall either way: there, answers that
mix the two are held to that.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from prudent.generation.engine import Engine
from prudent.generation.request import (
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    Priority,
    SamplingParams,
)
from prudent.tokenizer.encoding import Tokenizer

OpenEngine = Callable[..., Engine]
GREEDY = SamplingParams(temperature=0.0)
TARGETS = pytest.mark.parametrize("target", ["float32", "int8"])

SYSTEM = (
    "You are the clerk of a small library in a harbour town. You answer visitors briefly and politely, you "
    "name the shelf on which a book stands, and you never lend a book that is marked as reserved. The "
    "library is open from nine to five on weekdays and from ten to two on Saturdays; Sundays it is closed.\n"
)
REPEATING = [
    "Copy this list. apples, pears, plums, cherries, quinces, medlars, figs, dates\n"
    "apples, pears, plums, cherries, quinces, medlars, figs, dates\napples, pears,",
    "def area(width, height):\n    return width * height\n\ndef volume(width, height, depth):\n"
    "    return width * height * depth\n\ndef area(width, height):\n",
    "one two three four five six seven eight nine ten. one two three four five six",
]
NEAR = 0.75
"""Nats between two tokens that rounding may decide; 0.39 is the most that was seen."""
PLAIN = ["The capital of France is", "My grandmother kept bees, and every summer", "Water boils at"]


def tokens_of(events: Sequence[GenerationEvent]) -> list[int]:
    assert events[-1].finish in (FinishReason.LENGTH, FinishReason.STOP), events[-1]
    return [token for event in events for token in event.tokens]


def answers(engine: Engine, requests: Sequence[GenerationRequest]) -> list[list[int]]:
    """One after the other."""
    return [tokens_of(list(engine.generate(request))) for request in requests]


def requests_for(tokenizer: Tokenizer, texts: Sequence[str], **fields: Any) -> list[GenerationRequest]:
    asked: dict[str, Any] = {"sampling": GREEDY, "max_tokens": 12, **fields}
    return [GenerationRequest(tuple(tokenizer.encode(text)), **asked) for text in texts]


def _wait(event: threading.Event) -> None:
    assert event.wait(60)


@dataclass
class Script:
    """A grammar of fixed texts with free places between them: None is any one token."""

    places: tuple[int | None, ...]
    vocab_size: int
    place: int = field(default=0)

    def start(self) -> Script:
        return Script(self.places, self.vocab_size)

    @property
    def complete(self) -> bool:
        return self.place == len(self.places)

    def fill_mask(self, mask: NDArray[np.int32]) -> None:
        wanted = self.places[self.place]
        mask[:] = -1 if wanted is None else 0
        if wanted is not None:
            mask.view(np.uint32)[wanted // 32] = 1 << (wanted % 32)

    def accept(self, token: int) -> None:
        self.place += 1

    def forced(self) -> tuple[int, ...]:
        ahead = self.places[self.place :]
        free = ahead.index(None) if None in ahead else len(ahead)
        return tuple(token for token in ahead[:free] if token is not None)

    def allowed(self, tokens: Sequence[int]) -> int:
        ahead = self.places[self.place :]
        fits = [want in (None, token) for want, token in zip(ahead, tokens, strict=False)]
        return fits.index(False) if False in fits else len(fits)


@TARGETS
def test_prompts_computed_side_by_side_are_answered_as_one_by_one(
    smol_engine: OpenEngine, smol_tokenizer: Tokenizer, target: str
) -> None:
    engine = smol_engine(target, slots=5, prompt_lookup=False)
    tokens = tuple(smol_tokenizer.encode(SYSTEM))
    requests = [GenerationRequest(tokens[7 * n : 7 * n + 13 - n], GREEDY, max_tokens=12) for n in range(4)]
    one_by_one = answers(engine, requests)
    steps = engine.stats().prefill_steps
    everyone_is_in_line = threading.Event()
    # Its listener holds the engine until the others have come.
    engine.submit(GenerationRequest(tokens, GREEDY, max_tokens=1), lambda _: _wait(everyone_is_in_line))
    streams = [engine.generate(request) for request in requests]
    everyone_is_in_line.set()
    assert [tokens_of(list(stream)) for stream in streams] == one_by_one
    assert engine.stats().prefill_steps - steps == 2


@TARGETS
def test_a_kept_beginning_gives_the_answer_of_a_computed_one(
    smol_engine: OpenEngine, smol_tokenizer: Tokenizer, target: str
) -> None:
    without = smol_engine(target, prefix_cache_bytes=0, prompt_lookup=False)
    reusing = smol_engine(target, prompt_lookup=False)
    requests = requests_for(smol_tokenizer, [SYSTEM + text for text in PLAIN])
    expected = answers(without, requests)
    assert answers(reusing, requests) == expected
    events = [list(reusing.generate(request)) for request in requests]
    assert [tokens_of(one) for one in events] == expected
    assert all(one[-1].cached_tokens >= len(smol_tokenizer.encode(SYSTEM)) - 16 for one in events)


def test_a_conversation_goes_on_from_its_own_answers(
    smol_engine: OpenEngine, smol_tokenizer: Tokenizer
) -> None:
    """What a decode step computed of an answer is found again when the answer is part of the next prompt."""
    without, reusing = smol_engine(prefix_cache_bytes=0), smol_engine()
    prompt = tuple(smol_tokenizer.encode(SYSTEM))
    kept = 0
    for text in PLAIN:
        prompt += tuple(smol_tokenizer.encode(f"\nVisitor: {text}\nClerk:"))
        request = GenerationRequest(prompt, GREEDY, max_tokens=12)
        events = list(reusing.generate(request))
        assert tokens_of(events) == answers(without, [request])[0]
        assert events[-1].cached_tokens >= kept - 16
        prompt += tuple(tokens_of(events))
        kept = len(prompt)


def test_guessing_changes_no_answer(smol_engine: OpenEngine, smol_tokenizer: Tokenizer) -> None:
    guessing, without = smol_engine(), smol_engine(prompt_lookup=False)
    requests = requests_for(smol_tokenizer, REPEATING + PLAIN[:1], max_tokens=32)
    assert answers(guessing, requests) == answers(without, requests)
    assert without.stats().drafted_tokens == 0
    assert guessing.stats().accepted_tokens > 12


def test_guessing_changes_an_int8_answer_at_near_ties_alone(
    smol_engine: OpenEngine, smol_tokenizer: Tokenizer
) -> None:
    guessing, without = smol_engine("int8"), smol_engine("int8", prompt_lookup=False)
    sampling = SamplingParams(temperature=0.0, top_logprobs=5)
    requests = requests_for(smol_tokenizer, REPEATING + PLAIN[:1], max_tokens=40, sampling=sampling)
    for request in requests:
        guessed = tokens_of(list(guessing.generate(request)))
        plain = [entry for event in without.generate(request) for entry in event.logprobs]
        for token, entry in zip(guessed, plain, strict=True):
            if token != entry.token:
                assert dict(entry.top).get(token, -99.0) > entry.logprob - NEAR
                break
    assert guessing.stats().accepted_tokens > 20


@TARGETS
def test_a_seed_gives_the_same_answer_alone_crowded_from_the_cache_and_in_chunks(
    smol_engine: OpenEngine, smol_tokenizer: Tokenizer, target: str
) -> None:
    """Whatever the length: with a run of one token at its end a prompt would round otherwise."""
    system = tuple(smol_tokenizer.encode(SYSTEM))
    sampling = SamplingParams(temperature=0.8, seed=21)
    requests = [GenerationRequest(system[:n], sampling, max_tokens=10) for n in (17, 33, 48)]
    expected = answers(smol_engine(target, prefix_cache_bytes=0), requests)
    crowded = smol_engine(target, prefill_chunk=8)
    for _ in range(2):
        streams = [crowded.generate(request) for request in requests]
        assert [tokens_of(list(stream)) for stream in streams] == expected
    assert answers(crowded, requests) == expected
    assert crowded.stats().cached_tokens > 100
    assert crowded.stats().drafted_tokens == 0


def test_guessing_gives_the_same_log_probabilities_and_penalties(
    smol_engine: OpenEngine, smol_tokenizer: Tokenizer
) -> None:
    sampling = SamplingParams(temperature=0.0, repetition_penalty=1.05, frequency_penalty=0.1, top_logprobs=2)
    requests = requests_for(smol_tokenizer, REPEATING, sampling=sampling, max_tokens=20)
    entries = []
    for lookup in (True, False):
        engine = smol_engine(prompt_lookup=lookup)
        entries.append([p for r in requests for e in engine.generate(r) for p in e.logprobs])
    assert [p.token for p in entries[0]] == [p.token for p in entries[1]]
    assert [p.logprob for p in entries[0]] == pytest.approx([p.logprob for p in entries[1]], abs=1e-3)


def test_tokens_that_a_grammar_forces_leave_the_model_as_if_it_had_said_them(
    smol_engine: OpenEngine, smol_tokenizer: Tokenizer
) -> None:
    engine = smol_engine()
    fixed = [
        tuple(smol_tokenizer.encode(text)) for text in (" Its name is the river", ", and it flows to the")
    ]
    script = Script((None, *fixed[0], None, *fixed[1], None, None), smol_tokenizer.vocab_size)
    prompt = tuple(smol_tokenizer.encode("There is a river in Paris."))
    said = tokens_of(list(engine.generate(GenerationRequest(prompt, GREEDY, grammar=script))))
    assert engine.stats().forced_tokens == len(fixed[0]) + len(fixed[1])
    assert len(said) == len(script.places)
    for place, want in enumerate(script.places):
        if want is None:  # the free places are what the model says after exactly that text
            free = GenerationRequest(prompt + tuple(said[:place]), GREEDY, max_tokens=1)
            assert answers(engine, [free])[0] == [said[place]]
        else:
            assert said[place] == want


@pytest.mark.parametrize("kept_bytes", [0, 512 * 2**20])
def test_giving_way_in_the_middle_of_an_answer_changes_nothing(
    smol_engine: OpenEngine, smol_tokenizer: Tokenizer, kept_bytes: int
) -> None:
    engine = smol_engine(slots=2, prefix_cache_bytes=kept_bytes)
    lower = requests_for(
        smol_tokenizer,
        [SYSTEM + PLAIN[1], PLAIN[0]],
        sampling=SamplingParams(temperature=0.8, seed=3),
        max_tokens=20,
        priority=Priority.BACKGROUND,
    )
    urgent = requests_for(smol_tokenizer, PLAIN, max_tokens=4)
    expected = answers(engine, lower)
    streams = [engine.generate(request) for request in lower]
    begun = [[next(stream)] for stream in streams]
    for request in urgent:
        first, second = engine.generate(request), engine.generate(request)
        assert tokens_of(list(first)) == tokens_of(list(second))
        time.sleep(0.05)
    ended = [tokens_of([*events, *stream]) for events, stream in zip(begun, streams, strict=True)]
    assert ended == expected


def test_scores_of_a_prompt_are_those_of_the_numpy_forward_pass(
    smol_engine: OpenEngine,
    smol_tokenizer: Tokenizer,
    smol_by_definition: Callable[[list[int]], np.ndarray],
) -> None:
    prompt = tuple(smol_tokenizer.encode(SYSTEM))
    logits = smol_by_definition(list(prompt)).astype(np.float64)
    exact = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    request = GenerationRequest(prompt, GREEDY, prompt_logprobs=1, max_tokens=0)
    for chunk in (512, 20):
        events = list(smol_engine("float32", prefill_chunk=chunk).generate(request))
        scores = [entry for entry in events[0].prompt_logprobs if entry is not None]
        assert [entry.token for entry in scores] == list(prompt[1:])
        expected = exact[np.arange(len(prompt) - 1), prompt[1:]]
        assert [entry.logprob for entry in scores] == pytest.approx(expected.tolist(), abs=5e-3)
        assert [entry.top[0][1] for entry in scores] == pytest.approx(exact[:-1].max(-1).tolist(), abs=5e-3)


def test_tenants_share_nothing(smol_engine: OpenEngine, smol_tokenizer: Tokenizer) -> None:
    engine = smol_engine("int8")
    cached = [
        list(engine.generate(requests_for(smol_tokenizer, [SYSTEM], isolation=who)[0]))[-1].cached_tokens
        for who in ("ann", "bob", "ann", "bob", "")
    ]
    assert cached[0] == cached[1] == cached[4] == 0
    assert cached[2] == cached[3] > 0


def test_a_fault_in_one_grammar_leaves_the_others_answers_as_they_were(
    smol_engine: OpenEngine, smol_tokenizer: Tokenizer
) -> None:
    engine = smol_engine("float32")
    requests = requests_for(smol_tokenizer, PLAIN)
    expected = answers(engine, requests)
    bad = Script((None, None, 10**7), smol_tokenizer.vocab_size)  # no such token: its mask cannot be written
    streams = [engine.generate(request) for request in requests]
    broken = list(engine.generate(requests_for(smol_tokenizer, ["I"], grammar=bad)[0]))
    assert broken[-1].finish is FinishReason.ERROR
    assert [tokens_of(list(stream)) for stream in streams] == expected
