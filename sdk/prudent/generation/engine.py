"""The engine: one thread that owns the session and serves every request, a batch at a time.

It joins the parts and knows the inside of none: the scheduler says what runs, the cache moves rows, the
runner computes, the sampler chooses, and each request turns tokens into events. Token ids in, text and
token ids out; it knows no chat template, no grammar and no HTTP.
"""

from __future__ import annotations

import atexit
import logging
import queue
import threading
import time
from types import TracebackType
from typing import Self

from prudent.errors import DeadlineExceededError, InternalError, PrudentError, ServiceUnavailableError
from prudent.generation.active import ActiveRequest, Listener
from prudent.generation.handle import GenerationHandle, GenerationStream
from prudent.generation.kv_cache import KVCache
from prudent.generation.options import EngineOptions, EngineStats
from prudent.generation.prefix_cache import BLOCK_TOKENS, PrefixCache
from prudent.generation.request import FinishReason, GenerationEvent, GenerationRequest, Limit
from prudent.generation.scheduler import Batch, Decode, Extend, FirstPrompts, Scheduler, Step
from prudent.generation.sequence import Phase, Sequence
from prudent.generation.step_costs import StepCosts
from prudent.generation.stepper import Outcome, Stepper
from prudent.generation.tally import Tally
from prudent.generation.text import TextSource
from prudent.generation.validation import check_request
from prudent.generation.waiting import WaitingLine
from prudent.runtime.artifact import DecoderArtifact
from prudent.runtime.session import SessionOptions, open_session

_log = logging.getLogger(__name__)


class Engine:
    """Serves generation requests with one compiled decoder. Thread-safe; close it when done."""

    def __init__(
        self, artifact: DecoderArtifact, tokenizer: TextSource, options: EngineOptions | None = None
    ) -> None:
        """Open the model and start the thread.

        Raises:
            ModelFileError: the compiled model cannot be opened.
            ConfigurationError: the options do not fit the model or the machine.
        """
        options = options or EngineOptions()
        config = artifact.config
        self.context = options.context_for(config.context_length)
        self.options = options
        self._vocab_size = config.vocab_size
        self._tokenizer = tokenizer
        session = open_session(
            artifact.graph, SessionOptions(threads=options.threads, spinning=options.spinning)
        )
        cache = KVCache(config, slots=options.slots, length=self.context)
        self._prefixes = PrefixCache(
            budget_bytes=options.prefix_cache_bytes, block_bytes=BLOCK_TOKENS * cache.token_bytes
        )
        self._stepper = Stepper(session, config, cache, self._prefixes)
        self._costs = StepCosts()
        self._scheduler = Scheduler(
            WaitingLine(max_sequences=options.max_queue, max_tokens=options.max_queued_tokens),
            self._prefixes,
            self._costs,
            slots=options.slots,
            prefill_chunk=options.prefill_chunk,
            prefill_budget=options.prefill_budget,
        )
        self._tally = Tally()
        # Guards everything below and the scheduler; never held while the model runs or a listener is called.
        self._changed = threading.Condition()
        self._active: dict[Sequence, ActiveRequest] = {}
        self._cancelled: list[ActiveRequest] = []
        self._closing = False
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._serve, name="prudent-engine", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def submit(self, request: GenerationRequest, listener: Listener) -> GenerationHandle:
        """Queue a request. Its events go to `listener`, which is called on the engine's thread.

        The last event has `finish` set, and there is always a last event. A listener that raises cancels its
        own request and hears no more of it; one that blocks stops every request.

        Raises:
            InvalidRequestError: a field of the request is out of range.
            ContextLengthError: prompt and answer do not fit the context.
            RateLimitError: the queue is full, or the deadline would pass before the request has its turn.
            ServiceUnavailableError: the engine is closed.
            InternalError: the engine has failed.
        """
        max_tokens = check_request(request, vocab_size=self._vocab_size, context=self.context)
        # A guess is verified by a longer run, which rounds otherwise: who gives a seed wants the same again.
        guesses = self.options.prompt_lookup and request.sampling.seed is None
        active = ActiveRequest(request, max_tokens, self._tokenizer, listener, self._tally, guesses=guesses)
        with self._changed:
            if self._failure is not None:
                raise InternalError("The engine has failed and serves no more requests.") from self._failure
            if self._closing:
                raise ServiceUnavailableError("The engine is closed.", hint="Open a new one.")
            self._scheduler.admit(active.sequence)
            self._active[active.sequence] = active
            self._changed.notify()
        return GenerationHandle(lambda: self._cancel(active))

    def generate(self, request: GenerationRequest) -> GenerationStream:
        """Queue a request and iterate over its events; closing or dropping the iterator cancels it.

        Raises: as `submit`, at once and not at the first event.
        """
        events: queue.SimpleQueue[GenerationEvent] = queue.SimpleQueue()
        return GenerationStream(self.submit(request, events.put), events)

    def stats(self) -> EngineStats:
        """What the engine is doing and has done."""
        with self._changed:
            return self._tally.snapshot(
                slots=self.options.slots,
                running=len(self._scheduler.running),
                queued=self._scheduler.queued,
                queued_tokens=self._scheduler.queued_tokens,
                prefix_bytes=self._prefixes.stats().bytes,
            )

    def close(self) -> None:
        """Cancel every request and stop the thread. Each request gets its last event. May be called twice."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        atexit.unregister(self.close)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _cancel(self, active: ActiveRequest) -> None:
        with self._changed:
            if active.sequence in self._active:
                if active.sequence.phase is Phase.WAITING:
                    # Its place in the queue is free at once.
                    self._scheduler.end(active.sequence, time.perf_counter())
                self._cancelled.append(active)
                self._changed.notify()

    def _serve(self) -> None:
        """The thread: turn after turn until closed. Whatever goes wrong here is told to every request."""
        try:
            while self._turn():
                pass
            self._end_all(FinishReason.CANCELLED)
        except BaseException as error:  # noqa: BLE001  nobody may wait for a thread that is gone
            _log.critical("The engine's thread failed: %s", type(error).__name__)
            with self._changed:
                self._failure = error
            self._end_all(FinishReason.ERROR, error)

    def _turn(self) -> bool:
        """Wait for work and do one step of it; False where the engine is to close."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._cancelled or not self._scheduler.idle)
            if self._closing:
                return False
            cancelled, self._cancelled = self._cancelled, []
        for active in cancelled:
            self._end(active, FinishReason.CANCELLED)
        self._expire(time.perf_counter())
        with self._changed:
            self._guess()
            step = self._scheduler.next_step(time.perf_counter())
        if step is not None:
            self._run(step)
        return True

    def _expire(self, now: float) -> None:
        """End what is past its deadline: with what it has, or where it has nothing with an error."""
        with self._changed:
            late = [active for active in self._active.values() if active.sequence.is_late(now)]
        for active in late:
            try:
                if not active.sequence.generated:
                    raise DeadlineExceededError("The deadline passed before the answer began.")
                self._end(active, FinishReason.LENGTH, limit=Limit.DEADLINE)
            except Exception as error:  # noqa: BLE001  a fault in one request's text is its own
                self._end(active, FinishReason.ERROR, error)

    def _guess(self) -> None:
        """Draft for a sequence that runs alone: a wider run costs nobody else anything."""
        lone = self._scheduler.lone
        if lone is not None and lone.pending == 1:
            try:
                lone.draft = self._active[lone].guess()
            except Exception:  # noqa: BLE001  without a guess it goes on one by one, and its fault shows there
                lone.draft = ()

    def _run(self, step: Step) -> None:
        """Do a step and give each of its requests its tokens or its error."""
        started, before = time.perf_counter(), self._stepper.session_seconds
        batch = step.batch
        sequences = (batch.sequence,) if isinstance(batch, Extend) else batch.sequences
        requests = [self._active[sequence] for sequence in sequences]
        for active in requests:
            active.start()
        try:
            outcomes = self._stepper.run(step, requests)
        except PrudentError as error:  # ONNX Runtime refused this batch; the others need not suffer
            outcomes = [Outcome(active, error) for active in requests]
        ran = time.perf_counter() - started
        for outcome in outcomes:
            self._deliver(outcome)
        in_session = self._stepper.session_seconds - before
        if prompt_tokens := _prompt_tokens(batch):
            self._tally.prefill(prompt_tokens, in_session)
            self._costs.prefilled(prompt_tokens, ran)
        else:
            self._tally.decode(in_session, time.perf_counter() - started - in_session)
            if isinstance(batch, Decode):
                self._costs.decoded(ran)

    def _deliver(self, outcome: Outcome) -> None:
        active, chosen = outcome.request, outcome.chosen
        if isinstance(chosen, Exception):
            self._end(active, FinishReason.ERROR, chosen)
            return
        try:
            if not active.prompt_is_kept and active.sequence.computed >= len(active.sequence.prompt):
                active.prompt_is_kept = True
                self._stepper.keep(active.sequence)
            for event in active.take_in(chosen):
                if event.finish is not None:
                    self._stepper.keep(active.sequence)
                    self._forget(active)
                self._tell(active, event)
                if active.sequence.phase is Phase.ENDED:
                    return
        except Exception as error:  # noqa: BLE001  a fault in one request's text is its own
            self._end(active, FinishReason.ERROR, error)

    def _end(
        self,
        active: ActiveRequest,
        finish: FinishReason,
        cause: BaseException | None = None,
        limit: Limit | None = None,
    ) -> None:
        error = cause if cause is None or isinstance(cause, PrudentError) else _internal(cause)
        if error is None:
            self._stepper.keep(active.sequence)
        event = active.end(finish, error, limit)
        if self._forget(active):
            self._tell(active, event)

    def _end_all(self, finish: FinishReason, error: BaseException | None = None) -> None:
        with self._changed:
            everyone = list(self._active.values())
        for active in everyone:
            self._end(active, finish, error)

    def _forget(self, active: ActiveRequest) -> bool:
        """Free the request's slot or its place in the queue; False where it had ended before."""
        with self._changed:
            self._scheduler.end(active.sequence, time.perf_counter())
            return self._active.pop(active.sequence, None) is not None

    def _tell(self, active: ActiveRequest, event: GenerationEvent) -> None:
        try:
            active.listener(event)
        except BaseException as error:  # noqa: BLE001  the listener's fault is its own request's
            # The text of the error may quote what was generated; its type does not.
            _log.warning("A listener raised %s; its request is cancelled.", type(error).__name__)
            self._forget(active)


def _prompt_tokens(batch: Batch) -> int:
    """How many tokens of prompts a batch computes; 0 where it goes on with answers."""
    match batch:
        case FirstPrompts():
            return sum(sequence.length for sequence in batch.sequences)
        case Extend() if batch.start < len(batch.sequence.prompt):
            return len(batch.tokens)
        case _:
            return 0


def _internal(cause: BaseException) -> InternalError:
    """The cause goes along for whoever debugs; its text, which may quote the request, not into ours."""
    error = InternalError(f"The engine failed while this request was running ({type(cause).__name__}).")
    error.__cause__ = cause
    return error
