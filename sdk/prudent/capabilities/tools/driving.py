"""Runs a program of passes on the engine, one after the other, within the request's limits.

Every pass begins with the tokens of the one before, which the engine finds in its cache. Knows the engine
and the passes; not what they are for.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TypeVar

from prudent.capabilities.generations import Generations
from prudent.capabilities.offload import offload
from prudent.capabilities.tools.passes import Outcome, Pass, Program
from prudent.errors import DeadlineExceededError
from prudent.generation.constraint import Grammar
from prudent.generation.engine import Engine
from prudent.generation.request import FinishReason, GenerationEvent, GenerationRequest, Limit, SamplingParams
from prudent.types.tools import ToolCallDelta

ResultT = TypeVar("ResultT")
Compile = Callable[[str], Grammar]


class StoppedError(Exception):
    """The program did not run to its end: the caller cancelled, or `limit` was reached."""

    def __init__(self, limit: Limit | None) -> None:
        super().__init__()
        self.limit = limit


@dataclass(slots=True)
class Driver:
    """Runs programs for one request. `template` has its priority, deadline (from the start) and isolation."""

    engine: Engine
    compile: Compile
    template: GenerationRequest
    endings: list[GenerationEvent] = field(default_factory=list[GenerationEvent])
    _started: float = field(default_factory=time.monotonic)
    _running: Generations | None = None
    _cancelled: bool = False

    def cancel(self) -> None:
        """Stop within a step."""
        self._cancelled = True
        if self._running is not None:
            self._running.cancel(0)

    async def run(self, program: Program[ResultT], results: list[ResultT]) -> AsyncGenerator[ToolCallDelta]:
        """Yield the program's deltas; what it returns is appended to `results`.

        Raises:
            StoppedError: it was cancelled, or a limit was reached.
            ContextLengthError, RateLimitError, ServiceUnavailableError: a pass cannot be taken.
            DeadlineExceededError: the deadline passed before the first pass had a token.
            GrammarError: no text satisfies a schema.
        """
        answer: Outcome | None = None
        try:
            while True:
                try:
                    step = program.send(answer)
                except StopIteration as end:
                    results.append(end.value)
                    return
                answer = None
                if isinstance(step, Pass):
                    answer = await self._outcome(step)
                else:
                    yield step
        finally:
            program.close()

    async def _outcome(self, step: Pass) -> Outcome:
        request = await offload(self._request, step)
        self._running = Generations(self.engine)
        if self._cancelled:
            raise StoppedError(None)
        tokens: list[int] = []
        logprobs: list[float] = []
        alternatives: list[tuple[tuple[int, float], ...]] = []
        try:
            async with aclosing(self._running.run([request])) as events:
                async for _, event in events:
                    tokens += event.tokens
                    logprobs += [entry.logprob for entry in event.logprobs]
                    alternatives += [entry.top for entry in event.logprobs]
        except DeadlineExceededError:
            if self.endings:  # it has had tokens: what there is counts
                raise StoppedError(Limit.DEADLINE) from None
            raise
        ending = self._running.endings[0]
        self.endings.append(ending)
        if ending.finish is FinishReason.CANCELLED:
            raise StoppedError(None)
        if ending.limit is Limit.DEADLINE and step.max_tokens > 1:
            raise StoppedError(Limit.DEADLINE)
        complete = ending.finish is FinishReason.STOP
        if not complete and request.max_tokens != step.max_tokens:
            raise StoppedError(Limit.CONTEXT)
        return Outcome(tuple(tokens), tuple(logprobs), tuple(alternatives), complete)

    def _request(self, step: Pass) -> GenerationRequest:
        room = self.engine.context - len(step.prompt)
        if room < 1 and self.endings:
            raise StoppedError(Limit.CONTEXT)
        return replace(
            self.template,
            prompt=step.prompt,
            sampling=SamplingParams(temperature=0.0, top_logprobs=step.alternatives),
            max_tokens=max(1, min(step.max_tokens, room)),
            stop_tokens=self.template.stop_tokens if step.grammar is not None else frozenset(),
            stop_strings=(),
            grammar=None if step.grammar is None else self.compile(step.grammar),
            deadline=self._deadline_left(),
        )

    def _deadline_left(self) -> float | None:
        if self.template.deadline is None:
            return None
        return max(0.001, self.template.deadline - (time.monotonic() - self._started))
