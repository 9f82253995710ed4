"""The engine's manners: ends, cancellation, faults, closing. Run on a table instead of a model."""

from __future__ import annotations

import gc
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from prudent.errors import (
    ConfigurationError,
    ContextLengthError,
    InternalError,
    InvalidRequestError,
    RateLimitError,
    ServiceUnavailableError,
)
from prudent.generation.engine import Engine
from prudent.generation.handle import GenerationHandle
from prudent.generation.options import EngineOptions
from prudent.generation.request import FinishReason, GenerationEvent, GenerationRequest, SamplingParams
from prudent.runtime.artifact import DecoderArtifact

GREEDY = SamplingParams(temperature=0.0)
ENDLESS = 900


def request(*prompt: int, **fields: Any) -> GenerationRequest:
    return GenerationRequest(prompt, **{"sampling": GREEDY, **fields})


def endless() -> GenerationRequest:
    """Says token 0 for hundreds of steps."""
    return request(1, max_tokens=ENDLESS, sampling=SamplingParams(temperature=0.0, logit_bias={0: 9.0}))


class Listener:
    """Collects events, and does what it is told on the way."""

    def __init__(self, react: Callable[[GenerationEvent], None] | None = None) -> None:
        self.events: list[GenerationEvent] = []
        self.ended = threading.Event()
        self._react = react

    def __call__(self, event: GenerationEvent) -> None:
        self.events.append(event)
        if event.finish is not None:
            self.ended.set()
        if self._react is not None:
            self._react(event)

    @property
    def last(self) -> GenerationEvent:
        assert self.ended.wait(30), "no last event"
        return self.events[-1]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.002)


def test_tokens_text_and_counts_arrive_until_the_limit(engine: Engine) -> None:
    events = list(engine.generate(request(3, 4, 5, max_tokens=4)))
    assert [token for e in events for token in e.tokens] == [6, 7, 8, 9]
    assert "".join(e.text for e in events) == "w6 w7 w8 w9 "
    assert [e.finish for e in events] == [None, None, None, FinishReason.LENGTH]
    assert (events[-1].prompt_tokens, events[-1].completion_tokens) == (3, 4)


def test_a_stop_token_ends_the_answer_and_is_no_part_of_it(engine: Engine) -> None:
    last = list(engine.generate(request(3, stop_tokens=frozenset({6}))))[-1]
    assert (last.finish, last.completion_tokens, last.tokens) == (FinishReason.STOP, 2, ())


def test_a_stop_string_across_tokens_ends_the_answer(engine: Engine) -> None:
    events = list(engine.generate(request(3, stop_strings=("6 w7",))))
    assert "".join(e.text for e in events) == "w4 w5 w"
    assert events[-1].finish is FinishReason.STOP
    assert [token for e in events for token in e.tokens] == [4, 5, 6]


def test_without_a_limit_the_answer_ends_at_the_context(engine: Engine) -> None:
    last = list(engine.generate(GenerationRequest(tuple([0] * 990), GREEDY)))[-1]
    assert (last.finish, last.completion_tokens) == (FinishReason.LENGTH, 10)


def test_log_probabilities_come_with_their_tokens(engine: Engine) -> None:
    sampling = SamplingParams(temperature=0.0, top_logprobs=2)
    events = list(engine.generate(request(3, max_tokens=2, sampling=sampling)))
    assert [[p.token for p in e.logprobs] for e in events] == [[4], [5]]
    assert events[0].logprobs[0].top[0] == (4, events[0].logprobs[0].logprob)


def test_cancelling_from_the_listener_ends_at_that_token(engine: Engine) -> None:
    handles: queue.SimpleQueue[GenerationHandle] = queue.SimpleQueue()
    listener = Listener(
        lambda e: handles.get().cancel() if e.completion_tokens == 3 and not e.finish else None
    )
    handles.put(engine.submit(endless(), listener))
    assert (listener.last.finish, listener.last.completion_tokens) == (FinishReason.CANCELLED, 3)
    assert engine.stats().running == 0


def test_cancelling_frees_the_slot_within_one_step(engine: Engine) -> None:
    listeners = [Listener() for _ in range(3)]
    handles = [engine.submit(endless(), listener) for listener in listeners]
    wait_until(lambda: len(listeners[1].events) > 3)
    assert not listeners[2].events
    handles[0].cancel()
    assert listeners[0].last.finish is FinishReason.CANCELLED
    wait_until(lambda: bool(listeners[2].events))
    for handle in handles:
        handle.cancel()
        handle.cancel()
    assert all(listener.last.finish is FinishReason.CANCELLED for listener in listeners)


def test_a_waiting_request_can_be_cancelled(engine: Engine) -> None:
    running = [engine.submit(endless(), Listener()) for _ in range(2)]
    waiting = Listener()
    engine.submit(endless(), waiting).cancel()
    assert (waiting.last.finish, waiting.last.completion_tokens) == (FinishReason.CANCELLED, 0)
    for handle in running:
        handle.cancel()


def test_leaving_the_iterator_cancels(engine: Engine) -> None:
    with engine.generate(endless()) as events:
        next(events)
    wait_until(lambda: engine.stats().running == 0)
    for _ in engine.generate(endless()):
        break
    gc.collect()
    wait_until(lambda: engine.stats().running == 0)


def test_a_listener_that_raises_ends_its_own_request_only(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(event: GenerationEvent) -> None:
        raise RuntimeError("private words")

    bad, good = Listener(fail), Listener()
    engine.submit(endless(), bad)
    engine.submit(request(3, max_tokens=30), good)
    assert good.last.completion_tokens == 30
    wait_until(lambda: engine.stats().running == 0)
    assert len(bad.events) == 1
    assert "RuntimeError" in caplog.text
    assert "private words" not in caplog.text


def test_logits_that_are_not_numbers_fail_that_request_only(engine: Engine) -> None:
    bad, good = Listener(), Listener()
    engine.submit(request(38), bad)
    engine.submit(request(1, max_tokens=30), good)
    assert isinstance(bad.last.error, InternalError)
    assert (bad.last.finish, bad.last.completion_tokens) == (FinishReason.ERROR, 2)
    assert good.last.finish is FinishReason.LENGTH


def test_text_that_cannot_be_decoded_fails_that_request_only(engine: Engine) -> None:
    bad, good = Listener(), Listener()
    engine.submit(request(60), bad)
    engine.submit(request(1, max_tokens=30), good)
    assert isinstance(bad.last.error, InternalError)
    assert isinstance(bad.last.error.__cause__, ValueError)
    assert good.last.finish is FinishReason.LENGTH


def engine_threads() -> int:
    """Engine threads of the whole process: other tests' models may be open."""
    return sum(thread.name == "prudent-engine" for thread in threading.enumerate())


def test_closing_ends_running_and_waiting_requests(table_artifact: DecoderArtifact, engine: Engine) -> None:
    listeners = [Listener() for _ in range(4)]
    for listener in listeners:
        engine.submit(endless(), listener)
    wait_until(lambda: len(listeners[0].events) > 2)
    before = engine_threads()
    engine.close()
    engine.close()
    assert [listener.last.finish for listener in listeners] == [FinishReason.CANCELLED] * 4
    with pytest.raises(ServiceUnavailableError):
        engine.submit(request(1), Listener())
    assert engine_threads() == before - 1


def test_closing_from_a_listener_does_not_hang(engine: Engine) -> None:
    listener = Listener(lambda e: engine.close() if e.finish is None else None)
    engine.submit(endless(), listener)
    assert listener.last.finish is FinishReason.CANCELLED


def test_a_dead_engine_tells_everyone_and_takes_no_more(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    class Meltdown(BaseException):
        pass

    def melt(token: int, /) -> str:
        raise Meltdown

    listeners = [Listener(), Listener()]
    decoder = type("Decoder", (), {"push": staticmethod(melt), "finish": staticmethod(str)})
    engine.submit(endless(), listeners[0])
    tokenizer = engine._tokenizer  # the one way to break the thread from outside
    engine._tokenizer = type("T", (), {"incremental": staticmethod(decoder), "vocab_size": 1})()
    engine.submit(endless(), listeners[1])
    engine._tokenizer = tokenizer
    for listener in listeners:
        assert listener.last.finish is FinishReason.ERROR
        assert isinstance(listener.last.error, InternalError)
    wait_until(lambda: not engine._thread.is_alive())
    with pytest.raises(InternalError, match="has failed"):
        engine.submit(request(1), Listener())


def test_a_full_queue_is_a_rate_limit_error_and_the_others_run_on(engine: Engine) -> None:
    handles: list[GenerationHandle] = []
    while len(handles) < 50:
        try:
            handles.append(engine.submit(endless(), Listener()))
        except RateLimitError:
            break
    assert 4 <= len(handles) < 50
    for handle in handles:
        handle.cancel()
    assert list(engine.generate(request(3, max_tokens=1)))[-1].finish is FinishReason.LENGTH


def test_an_idle_engine_uses_no_cpu(engine: Engine) -> None:
    list(engine.generate(request(3, max_tokens=30)))
    time.sleep(0.1)
    before = time.process_time()
    time.sleep(1.0)
    assert time.process_time() - before < 0.05


def test_requests_that_cannot_be_served_are_refused_at_submit(engine: Engine) -> None:
    with pytest.raises(InvalidRequestError, match="Token 64 in prompt"):
        engine.submit(request(64), Listener())
    with pytest.raises(ContextLengthError, match="1000 tokens"):
        engine.submit(request(1, max_tokens=1000), Listener())
    assert engine.stats().queued == 0


def test_the_context_option_is_held_to_the_model(table_artifact: DecoderArtifact) -> None:
    with pytest.raises(ConfigurationError, match="this model has 1000"):
        EngineOptions(context=1001).context_for(1000)
    with pytest.raises(ConfigurationError, match="slots is 0"):
        EngineOptions(slots=0)
    assert EngineOptions().context_for(100_000) == 8192
    assert EngineOptions().context_for(1000) == 1000


def test_stats_count_steps_tokens_and_times(engine: Engine) -> None:
    list(engine.generate(request(1, 2, 3, max_tokens=5)))
    wait_until(lambda: engine.stats().decode_steps == 4)
    stats = engine.stats()
    assert (stats.prefill_steps, stats.prompt_tokens, stats.generated_tokens) == (1, 3, 5)
    assert stats.decode_seconds > 0
    assert stats.decode_overhead_seconds > 0
    assert (stats.slots, stats.running, stats.queued, stats.queued_tokens) == (2, 0, 0, 0)
