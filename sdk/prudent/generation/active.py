"""One request in flight: from sampled tokens to the events its listener gets. Knows no other request."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

from prudent.generation.request import FinishReason, GenerationEvent, GenerationRequest, TokenLogprob
from prudent.generation.sampler import Sample, SequenceSampler
from prudent.generation.sequence import Sequence
from prudent.generation.text import Release, TextSource, TextStream

Listener: TypeAlias = Callable[[GenerationEvent], None]


class ActiveRequest:
    """A request's sequence, sampler, text and times. Used by the engine's thread only, once submitted."""

    def __init__(
        self, request: GenerationRequest, max_tokens: int, tokenizer: TextSource, listener: Listener
    ) -> None:
        self.sequence = Sequence(request.prompt, max_tokens)
        self.sampler = SequenceSampler(request.sampling, request.prompt)
        self.listener = listener
        self._stop_tokens = request.stop_tokens
        self._text = TextStream(tokenizer.incremental(), request.stop_strings)
        self._unreleased: list[Sample] = []
        self._submitted = time.perf_counter()
        self._started: float | None = None
        self._first_token: float | None = None

    def start(self) -> None:
        """The first chunk of the prompt is about to run; later calls change nothing."""
        if self._started is None:
            self._started = time.perf_counter()

    def accept(self, sample: Sample) -> GenerationEvent | None:
        """Take in a sampled token; the event it gives rise to, or None while its text is held back."""
        if self._first_token is None:
            self._first_token = time.perf_counter()
        if sample.token in self._stop_tokens:
            return self._event(self._text.finish(), FinishReason.STOP)
        self.sequence.generated.append(sample.token)
        self._unreleased.append(sample)
        release = self._text.push(sample.token)
        if release.stopped:
            return self._event(release, FinishReason.STOP)
        if len(self.sequence.generated) < self.sequence.max_tokens:
            return self._event(release) if release.tokens or release.text else None
        rest = self._text.finish()
        whole = Release(release.text + rest.text, release.tokens + rest.tokens, rest.stopped)
        return self._event(whole, FinishReason.STOP if rest.stopped else FinishReason.LENGTH)

    def end(self, finish: FinishReason, error: BaseException | None = None) -> GenerationEvent:
        """The last event of a request that does not end by itself; what was held back stays so."""
        return self._event(Release(), finish, error)

    def _event(
        self, release: Release, finish: FinishReason | None = None, error: BaseException | None = None
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
            finish=finish,
            error=error,
            prompt_tokens=len(self.sequence.prompt),
            completion_tokens=len(self.sequence.generated),
            queue_seconds=started - self._submitted,
            prefill_seconds=first_token - started,
            decode_seconds=now - first_token,
        )
