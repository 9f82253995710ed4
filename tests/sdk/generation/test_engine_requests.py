"""What one request may ask of the engine beside its tokens: deadlines, classes, grammars, scores, guesses."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from prudent.errors import DeadlineExceededError, GrammarError, InternalError, RateLimitError
from prudent.generation.engine import Engine
from prudent.generation.options import EngineOptions
from prudent.generation.request import (
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    Limit,
    Priority,
    SamplingParams,
)
from prudent.generation.text import TextSource
from prudent.runtime.artifact import DecoderArtifact

GREEDY = SamplingParams(temperature=0.0)
ALWAYS_ZERO = SamplingParams(temperature=0.0, logit_bias={0: 9.0})
OpenEngine = Callable[..., Engine]


def request(*prompt: int, **fields: Any) -> GenerationRequest:
    return GenerationRequest(prompt, **{"sampling": GREEDY, **fields})


def endless(**fields: Any) -> GenerationRequest:
    """Says token 0 for hundreds of steps."""
    return request(1, **{"max_tokens": 900, "sampling": ALWAYS_ZERO, **fields})


def tokens_of(events: Sequence[GenerationEvent]) -> list[int]:
    return [token for event in events for token in event.tokens]


class Slow:
    """A listener that holds the engine up a little at every event."""

    def __init__(self, seconds: float = 0.002) -> None:
        self.events: list[GenerationEvent] = []
        self._ended = threading.Event()
        self._seconds = seconds

    def __call__(self, event: GenerationEvent) -> None:
        self.events.append(event)
        if event.finish is not None:
            self._ended.set()
        time.sleep(self._seconds)

    @property
    def last(self) -> GenerationEvent:
        assert self._ended.wait(30), "no last event"
        return self.events[-1]


class Steps:
    """A grammar of one text length: which tokens may come at each place. Fails where it is told to."""

    def __init__(self, *allowed: set[int], fault: str = "", at: int = 0) -> None:
        self._allowed = allowed
        self._fault = fault
        self._at = at
        self._place = 0

    def start(self) -> Steps:
        self._break("start")
        return Steps(*self._allowed, fault=self._fault, at=self._at)

    @property
    def complete(self) -> bool:
        self._break("complete")
        return self._place == len(self._allowed)

    def fill_mask(self, mask: NDArray[np.int32]) -> None:
        self._break("fill_mask")
        bits = np.zeros(mask.size * 32, np.uint8)
        bits[list(self._allowed[self._place])] = 1
        mask[:] = np.packbits(bits, bitorder="little").view(np.int32)

    def accept(self, token: int) -> None:
        self._break("accept")
        assert token in self._allowed[self._place]
        self._place += 1

    def forced(self) -> tuple[int, ...]:
        self._break("forced")
        found: list[int] = []
        for choice in self._allowed[self._place :]:
            if len(choice) > 1:
                break
            found += choice
        return tuple(found)

    def allowed(self, tokens: Sequence[int]) -> int:
        self._break("allowed")
        places = zip(tokens, self._allowed[self._place :], strict=False)
        return next((n for n, (t, choice) in enumerate(places) if t not in choice), len(self._allowed))

    def _break(self, where: str) -> None:
        if self._fault == where and self._place >= self._at:
            raise ZeroDivisionError(where)


@pytest.fixture
def open_engine(table_artifact: DecoderArtifact, words: TextSource) -> Iterator[OpenEngine]:
    """Opens engines over the table decoder; closed at the end of the test."""
    opened: list[Engine] = []

    def open_(**options: Any) -> Engine:
        opened.append(Engine(table_artifact, words, EngineOptions(**{"slots": 2, "threads": 1, **options})))
        return opened[-1]

    yield open_
    for engine in opened:
        engine.close()


# Deadlines


def test_a_deadline_while_it_waits_is_an_error(engine: Engine) -> None:
    occupants = [Slow(), Slow()]
    running = [engine.submit(endless(), listener) for listener in occupants]
    while not all(listener.events for listener in occupants):
        time.sleep(0.001)
    waiting = Slow()
    engine.submit(request(3, max_tokens=5, deadline=0.05), waiting)
    assert isinstance(waiting.last.error, DeadlineExceededError)
    assert (waiting.last.finish, waiting.last.completion_tokens) == (FinishReason.ERROR, 0)
    for handle in running:
        handle.cancel()


def test_a_deadline_while_it_answers_ends_it_with_what_it_has(engine: Engine) -> None:
    late, other = Slow(), Slow()
    engine.submit(endless(deadline=0.1), late)
    engine.submit(endless(max_tokens=100), other)
    assert (late.last.finish, late.last.limit) == (FinishReason.LENGTH, Limit.DEADLINE)
    assert 0 < late.last.completion_tokens < 900
    assert other.last.completion_tokens == 100


def test_what_was_held_back_for_a_stop_string_is_said_at_the_deadline(engine: Engine) -> None:
    listener = Slow()
    stop = "w0 " * 500 + "end"
    engine.submit(endless(deadline=0.1, stop_strings=(stop,)), listener)
    assert listener.last.limit is Limit.DEADLINE
    assert len(tokens_of(listener.events)) == listener.last.completion_tokens > 0
    assert "".join(event.text for event in listener.events) == "w0 " * listener.last.completion_tokens


def test_a_deadline_that_cannot_be_kept_is_refused_at_once(engine: Engine) -> None:
    first = Slow(0.02)
    engine.submit(endless(max_tokens=20), first)
    assert first.last.finish is FinishReason.LENGTH
    running = [engine.submit(endless(), Slow()) for _ in range(2)]
    time.sleep(0.05)
    with pytest.raises(RateLimitError, match="deadline would pass") as caught:
        engine.submit(request(3, deadline=0.01), Slow())
    assert caught.value.details["retry_after"] > 0.1
    for handle in running:
        handle.cancel()


# Classes


def test_an_urgent_request_takes_a_slot_and_those_that_gave_way_say_all_they_had_to_say(
    engine: Engine,
) -> None:
    lower = [Slow(0.001) for _ in range(2)]
    for listener in lower:
        engine.submit(endless(max_tokens=200, priority=Priority.BACKGROUND), listener)
    while not all(listener.events for listener in lower):
        time.sleep(0.001)
    urgent = [Slow(0.0) for _ in range(2)]
    for listener in urgent:
        engine.submit(request(3, max_tokens=10), listener)
    assert all(listener.last.completion_tokens == 10 for listener in urgent)
    assert not any(listener.events[-1].finish for listener in lower)
    for listener in lower:
        assert (listener.last.finish, listener.last.completion_tokens) == (FinishReason.LENGTH, 200)
        assert tokens_of(listener.events) == [0] * 200


def test_one_that_gave_way_can_be_cancelled_while_it_waits(engine: Engine) -> None:
    lower = [Slow(0.0) for _ in range(2)]
    handles = [engine.submit(endless(priority=Priority.BATCH), listener) for listener in lower]
    while not all(listener.events for listener in lower):
        time.sleep(0.001)
    urgent = [Slow(), Slow()]
    for listener in urgent:
        engine.submit(endless(max_tokens=50), listener)
    while not all(listener.events for listener in urgent):
        time.sleep(0.001)
    for handle in handles:
        handle.cancel()
    assert [listener.last.finish for listener in lower] == [FinishReason.CANCELLED] * 2
    assert [listener.last.completion_tokens for listener in urgent] == [50, 50]


# Grammars


def test_an_answer_keeps_to_its_grammar_and_ends_when_it_is_whole(engine: Engine) -> None:
    grammar = Steps({9, 8}, {5, 4, 20}, {30})
    events = list(engine.generate(request(3, grammar=grammar)))
    assert tokens_of(events)[0] in (8, 9)
    assert tokens_of(events)[-1] == 30
    assert (events[-1].finish, events[-1].completion_tokens) == (FinishReason.STOP, 3)


def test_the_model_chooses_among_what_is_allowed(engine: Engine) -> None:
    grammar = Steps({4, 9}, {10, 5}, {1, 6})
    assert tokens_of(list(engine.generate(request(3, grammar=grammar)))) == [4, 5, 6]


def test_forced_tokens_are_not_sampled_and_not_lost(engine: Engine) -> None:
    forced: list[set[int]] = [{20}, {30}, {10}, {50}]
    grammar = Steps({4, 5}, *forced, {51, 9}, *forced)
    events = list(engine.generate(request(3, grammar=grammar)))
    assert tokens_of(events) == [4, 20, 30, 10, 50, 51, 20, 30, 10, 50]
    assert "".join(event.text for event in events) == "w4 w20 w30 w10 w50 w51 w20 w30 w10 w50 "
    stats = engine.stats()
    assert (stats.forced_tokens, stats.generated_tokens) == (8, 10)


def test_forced_tokens_beside_other_streams_are_the_same(engine: Engine) -> None:
    beside = Slow(0.0)
    engine.submit(endless(), beside)
    long: list[set[int]] = [{10 + place % 40} for place in range(100)]
    events = list(engine.generate(request(3, grammar=Steps({4, 5}, *long, {5, 6}, *long))))
    assert len(tokens_of(events)) == 202
    assert tokens_of(events)[1:101] == tokens_of(events)[102:] == [10 + place % 40 for place in range(100)]
    assert beside.last.completion_tokens == 900


def test_log_probabilities_are_given_for_every_token_of_a_grammar(engine: Engine) -> None:
    sampling = SamplingParams(temperature=0.0, top_logprobs=0)
    grammar = Steps({4, 5}, {20}, {21}, {9})
    events = list(engine.generate(request(3, grammar=grammar, sampling=sampling)))
    assert [p.token for e in events for p in e.logprobs] == tokens_of(events) == [4, 20, 21, 9]


def test_a_limit_inside_of_forced_tokens_is_told(engine: Engine) -> None:
    events = list(engine.generate(request(3, grammar=Steps({4}, {20}, {30}, {10}), max_tokens=2)))
    assert tokens_of(events) == [4, 20]
    assert (events[-1].finish, events[-1].limit) == (FinishReason.LENGTH, Limit.MAX_TOKENS)


def test_an_answer_without_a_limit_ends_where_it_goes_round_in_a_circle(engine: Engine) -> None:
    events = list(engine.generate(endless(max_tokens=None)))
    assert (events[-1].finish, events[-1].limit) == (FinishReason.LENGTH, Limit.REPETITION)
    assert tokens_of(events) == [0] * 192
    bounded = list(engine.generate(endless(max_tokens=300)))
    assert (bounded[-1].limit, len(tokens_of(bounded))) == (Limit.MAX_TOKENS, 300)


def test_what_a_grammar_forces_may_be_the_same_for_ever(engine: Engine) -> None:
    events = list(engine.generate(request(3, grammar=Steps({4, 5}, *[{10}] * 400), max_tokens=None)))
    assert events[-1].finish is FinishReason.STOP
    assert len(tokens_of(events)) == 401


@pytest.mark.parametrize("fault", ["fill_mask", "accept", "forced", "complete", "allowed"])
@pytest.mark.parametrize("at", [0, 3])
def test_a_grammar_that_fails_fails_its_own_request_only(engine: Engine, fault: str, at: int) -> None:
    """`allowed` is asked for guesses alone, which may be done without."""
    good = Slow(0.0)
    choices: list[set[int]] = [{token % 60, 1} for token in range(4, 40)]
    engine.submit(endless(max_tokens=60), good)
    bad = list(engine.generate(request(3, grammar=Steps(*choices, fault=fault, at=at))))
    assert good.last.completion_tokens == 60
    if fault == "allowed":
        assert bad[-1].finish is FinishReason.STOP
    else:
        assert bad[-1].finish is FinishReason.ERROR
        assert isinstance(bad[-1].error, InternalError)
        assert isinstance(bad[-1].error.__cause__, ZeroDivisionError)
    assert (engine.stats().running, engine.stats().queued) == (0, 0)


def test_a_grammar_that_allows_nothing_fails_its_own_request_only(engine: Engine) -> None:
    good = Slow(0.0)
    engine.submit(endless(max_tokens=60), good)
    bad = list(engine.generate(request(3, grammar=Steps({4, 5}, set(), {3}))))
    assert isinstance(bad[-1].error, InternalError | GrammarError)
    assert good.last.completion_tokens == 60


def test_a_grammar_that_cannot_start_is_refused_at_submit_and_holds_no_place(engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError):
        engine.submit(request(3, grammar=Steps({1}, fault="start")), Slow())
    assert (engine.stats().running, engine.stats().queued) == (0, 0)


# Guesses

REPEATING = (*range(10, 30), 5, 10, 11, 12)


def test_guesses_change_nothing_but_the_number_of_steps(open_engine: OpenEngine) -> None:
    with_guesses, without = open_engine(), open_engine(prompt_lookup=False)
    answers = [list(e.generate(request(*REPEATING, max_tokens=30))) for e in (with_guesses, without)]
    assert tokens_of(answers[0]) == tokens_of(answers[1])
    assert with_guesses.stats().accepted_tokens > 5
    assert with_guesses.stats().decode_steps < without.stats().decode_steps
    assert without.stats().drafted_tokens == 0


@pytest.mark.parametrize("limit", range(1, 20))
def test_no_guess_goes_past_a_limit(open_engine: OpenEngine, limit: int) -> None:
    events = list(open_engine().generate(request(*REPEATING, max_tokens=limit)))
    assert tokens_of(events) == list(range(13, 13 + limit))
    assert events[-1].completion_tokens == limit


@pytest.mark.parametrize("stop", range(13, 28))
def test_a_stop_token_or_string_inside_of_a_guess_ends_the_answer_there(
    open_engine: OpenEngine, stop: int
) -> None:
    engine = open_engine()
    for ending in ({"stop_tokens": frozenset({stop})}, {"stop_strings": (f"w{stop} ",)}):
        events = list(engine.generate(request(*REPEATING, **ending)))
        assert tokens_of(events) == list(range(13, stop))
        assert events[-1].finish is FinishReason.STOP


@pytest.mark.parametrize("length", range(1, 16))
def test_a_grammar_that_is_whole_inside_of_a_guess_ends_the_answer_there(
    open_engine: OpenEngine, length: int
) -> None:
    choices: list[set[int]] = [{13 + place, 1} for place in range(length)]
    engine = open_engine()
    events = list(engine.generate(request(*REPEATING, grammar=Steps(*choices))))
    assert tokens_of(events) == list(range(13, 13 + length))
    assert events[-1].finish is FinishReason.STOP


def test_cancelling_inside_of_a_guess_ends_within_the_step(open_engine: OpenEngine) -> None:
    engine = open_engine()
    handles: queue.SimpleQueue[Any] = queue.SimpleQueue()
    seen: list[GenerationEvent] = []

    def listener(event: GenerationEvent) -> None:
        seen.append(event)
        if len(seen) == 4:
            handles.get().cancel()

    handles.put(engine.submit(request(*REPEATING, max_tokens=900), listener))
    while not seen or seen[-1].finish is None:
        time.sleep(0.001)
    assert seen[-1].finish is FinishReason.CANCELLED
    assert seen[-1].completion_tokens <= 4 + 10
    assert tokens_of(seen) == list(range(13, 13 + seen[-1].completion_tokens))


def test_a_listener_that_raises_inside_of_a_guess_hears_no_more(open_engine: OpenEngine) -> None:
    engine = open_engine()
    heard: list[GenerationEvent] = []

    def listener(event: GenerationEvent) -> None:
        heard.append(event)
        if len(heard) == 4:
            raise RuntimeError

    engine.submit(request(*REPEATING, max_tokens=900), listener)
    assert tokens_of(list(engine.generate(request(3, max_tokens=20)))) == list(range(4, 24))
    assert len(heard) == 4


# Scores

FOLLOWS = 3.0 - math.log(math.exp(3.0) + 63)
DOES_NOT = -math.log(math.exp(3.0) + 63)


@pytest.mark.parametrize("chunk", [1, 7, 512])
def test_a_prompts_own_tokens_are_scored(open_engine: OpenEngine, chunk: int) -> None:
    engine = open_engine(prefill_chunk=chunk)
    prompt = (*range(5, 30), 9, *range(2, 20))
    events = list(engine.generate(request(*prompt, prompt_logprobs=2, max_tokens=0)))
    assert len(events) == 1
    assert (events[0].finish, events[0].completion_tokens) == (FinishReason.LENGTH, 0)
    first, *scores = events[0].prompt_logprobs
    assert first is None
    assert [s.token for s in scores if s] == list(prompt[1:])
    expected = [FOLLOWS if b == a + 1 else DOES_NOT for a, b in pairwise(prompt)]
    assert [s.logprob for s in scores if s] == pytest.approx(expected, abs=1e-5)
    assert [(len(s.top), s.top[0][0]) for s in scores if s] == [(2, token + 1) for token in prompt[:-1]]


def test_scores_come_before_the_answer_and_are_not_taken_from_the_cache(open_engine: OpenEngine) -> None:
    engine = open_engine()
    prompt = (*range(1, 30), *range(1, 30))
    for _ in range(2):
        events = list(engine.generate(request(*prompt, prompt_logprobs=0, max_tokens=2)))
        assert len(events[0].prompt_logprobs) == len(prompt)
        assert not any(event.prompt_logprobs for event in events[1:])
        assert tokens_of(events) == [30, 31]
        assert events[-1].cached_tokens == 0


@pytest.mark.parametrize("chunk", [1, 7, 512])
@pytest.mark.parametrize("first", [1, 2, 17, 33, 34, 57])
def test_scores_of_the_end_of_a_prompt_take_its_beginning_from_the_cache(
    open_engine: OpenEngine, chunk: int, first: int
) -> None:
    engine = open_engine(prefill_chunk=chunk)
    prompt = (*range(1, 30), *range(1, 30))
    (all_scores,) = engine.generate(request(*prompt, prompt_logprobs=1, max_tokens=0))
    whole = all_scores.prompt_logprobs
    (part,) = engine.generate(request(*prompt, prompt_logprobs=1, max_tokens=0, scores_from=first))
    assert part.prompt_logprobs[first:] == pytest.approx(whole[first:])
    assert len(part.prompt_logprobs) == len(prompt)
    assert part.cached_tokens == (min(48, first - 1) if first > 16 else 0)


# Shared beginnings


def test_cached_tokens_are_told_and_never_come_from_another_tenant(open_engine: OpenEngine) -> None:
    engine = open_engine()
    prompt = (*range(1, 21), *range(1, 21))

    def cached(isolation: str) -> int:
        return list(engine.generate(request(*prompt, max_tokens=2, isolation=isolation)))[-1].cached_tokens

    assert [cached(who) for who in ("a", "a", "b", "b", "", "")] == [0, 32, 0, 32, 0, 32]
    assert engine.stats().cached_tokens == 96
    assert list(open_engine(prefix_cache_bytes=0).generate(request(*prompt, max_tokens=1)))[-1].finish
