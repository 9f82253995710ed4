"""One request in flight: from sampled tokens to the events its listener gets. Knows no other request."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeAlias

from prudent.generation.circle import goes_round
from prudent.generation.lookup import PromptLookup
from prudent.generation.request import FinishReason, GenerationEvent, GenerationRequest, Limit, TokenLogprob
from prudent.generation.sampler import Sample, SequenceSampler
from prudent.generation.sequence import Sequence
from prudent.generation.tally import Tally
from prudent.generation.text import Release, TextSource, TextStream

Listener: TypeAlias = Callable[[GenerationEvent], None]


class ActiveRequest:
    """A request in the engine: sequence, sampler, grammar, text and times. For the engine's thread only."""

    def __init__(
        self,
        request: GenerationRequest,
        max_tokens: int,
        tokenizer: TextSource,
        listener: Listener,
        tally: Tally,
        *,
        guesses: bool,
    ) -> None:
        now = time.perf_counter()
        self.request = request
        self.sequence = Sequence(
            request.prompt,
            max_tokens,
            isolation=request.isolation,
            priority=request.priority,
            scored=request.prompt_logprobs is not None,
            scores_from=request.scores_from,
            arrived=now,
            expires=None if request.deadline is None else now + request.deadline,
        )
        self.sampler = SequenceSampler(request.sampling, request.prompt)
        self.constraint = None if request.grammar is None else request.grammar.start()
        self.listener = listener
        self._tally = tally
        self._lookup = PromptLookup(request.prompt) if guesses else None
        self._text = TextStream(tokenizer.incremental(), request.stop_strings)
        self._unreleased: list[Sample] = []
        self._prompt_logprobs: list[TokenLogprob | None] = [None]
        self._started: float | None = None
        self._first_token: float | None = None
        self.prompt_is_kept = False

    def start(self) -> None:
        """The first run for it is about to begin; later calls change nothing."""
        if self._started is None:
            self._started = time.perf_counter()
            self._tally.cached_tokens += self.sequence.reused

    def guess(self) -> tuple[int, ...]:
        """A draft of what comes next, which the next run can verify; never up to the last token allowed."""
        room = self.sequence.max_tokens - len(self.sequence.generated) - 1
        if self._lookup is None or room < 1:
            return ()
        draft = self._lookup.draft(room)
        if draft and self.constraint is not None:
            draft = draft[: self.constraint.allowed(draft)]
        return draft

    def score(self, entries: list[TokenLogprob], start: int) -> None:
        """Log-probabilities of the prompt's tokens from position `start` on; those passed over have none."""
        self._prompt_logprobs += [None] * (start - len(self._prompt_logprobs))
        self._prompt_logprobs += entries

    def take_in(self, samples: list[Sample]) -> Iterator[GenerationEvent]:
        """Take in what one run gave: nothing, a token, or several of a draft; yield the events.

        The constraint has taken in all of them but the last, or all where it is complete. Tokens that the
        grammar forces after them are taken in too. Nothing more may be asked after an event with a finish
        reason.
        """
        if self.sequence.computed < len(self.sequence.prompt):
            return
        if self._first_token is None:
            self._first_token = time.perf_counter()
            if self.sequence.scored:
                yield self._scores()
        self._settle_draft(len(samples) - 1)
        for place, sample in enumerate(samples):
            event = self._take(sample, settled=place < len(samples) - 1)
            if event is not None:
                yield event
                if event.finish is not None:
                    return
        if samples:
            yield from self._force()

    def end(
        self, finish: FinishReason, error: BaseException | None = None, limit: Limit | None = None
    ) -> GenerationEvent:
        """The last event of a request that does not end by itself.

        What was held back is said where a limit ended it, and else stays so.
        """
        release = self._text.finish() if finish is FinishReason.LENGTH else Release()
        return self._event(release, finish, error=error, limit=limit)

    def _scores(self) -> GenerationEvent:
        """The prompt's log-probabilities; the end, where no token was asked for."""
        scores = tuple(self._prompt_logprobs)
        if self.sequence.max_tokens > 0:
            return self._event(Release(), prompt_logprobs=scores)
        return self._event(Release(), FinishReason.LENGTH, limit=Limit.MAX_TOKENS, prompt_logprobs=scores)

    def _settle_draft(self, accepted: int) -> None:
        drafted = len(self.sequence.draft)
        if drafted and self._lookup is not None:
            self._tally.drafted_tokens += drafted
            self._tally.accepted_tokens += accepted
            self._lookup.settle(drafted, accepted)
        self.sequence.draft = ()

    def _force(self) -> Iterator[GenerationEvent]:
        """Where no log-probability is owed for them, tokens that must come need not be sampled."""
        if self.constraint is None or self.request.sampling.top_logprobs is not None:
            return
        for token in self.constraint.forced():
            self.sampler.record(token)
            self._tally.forced_tokens += 1
            event = self._take(Sample(token), settled=False, forced=True)
            if event is not None:
                yield event
                if event.finish is not None:
                    return

    def _take(self, sample: Sample, *, settled: bool, forced: bool = False) -> GenerationEvent | None:
        """Take in one token; the event it gives rise to, or None while its text is held back."""
        self._tally.generated_tokens += 1
        if sample.token in self.request.stop_tokens:
            return self._event(self._text.finish(), FinishReason.STOP)
        if self.constraint is not None and not settled and not self.constraint.complete:
            self.constraint.accept(sample.token)
        if self._lookup is not None:
            self._lookup.append(sample.token)
        sequence = self.sequence
        sequence.generated.append(sample.token)
        self._unreleased.append(sample)
        release = self._text.push(sample.token)
        if release.stopped:
            return self._event(release, FinishReason.STOP)
        complete = self.constraint is not None and not settled and self.constraint.complete
        circle = self.request.max_tokens is None and not forced and goes_round(sequence.generated)
        if not complete and not circle and len(sequence.generated) < sequence.max_tokens:
            return self._event(release) if release.tokens or release.text else None
        rest = self._text.finish()
        whole = Release(release.text + rest.text, release.tokens + rest.tokens, rest.stopped)
        if complete or rest.stopped:
            return self._event(whole, FinishReason.STOP)
        limit = Limit.CONTEXT if self.request.max_tokens is None else Limit.MAX_TOKENS
        return self._event(whole, FinishReason.LENGTH, limit=Limit.REPETITION if circle else limit)

    def _event(
        self,
        release: Release,
        finish: FinishReason | None = None,
        *,
        limit: Limit | None = None,
        error: BaseException | None = None,
        prompt_logprobs: tuple[TokenLogprob | None, ...] = (),
    ) -> GenerationEvent:
        released = self._unreleased[: release.tokens]
        del self._unreleased[: release.tokens]
        now = time.perf_counter()
        started = now if self._started is None else self._started
        first_token = now if self._first_token is None else self._first_token
        logprobs: list[TokenLogprob] = [s.logprob for s in released if s.logprob is not None]
        return GenerationEvent(
            text=release.text,
            tokens=tuple(sample.token for sample in released),
            logprobs=tuple(logprobs),
            prompt_logprobs=prompt_logprobs,
            finish=finish,
            limit=limit,
            error=error,
            prompt_tokens=len(self.sequence.prompt),
            cached_tokens=self.sequence.reused,
            completion_tokens=len(self.sequence.generated),
            queue_seconds=started - self.sequence.arrived,
            prefill_seconds=first_token - started,
            decode_seconds=now - first_token,
        )
