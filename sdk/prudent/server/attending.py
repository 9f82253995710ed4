"""One attended request: its inputs through the checks, the work, its outputs through them, one record.

Knows no kind of request and no HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic

from prudent.capabilities.interface import Models
from prudent.capabilities.offload import offload
from prudent.errors import PrudentError, ServiceUnavailableError
from prudent.server.answering import shutting_down
from prudent.server.attended import Attended, Performed, ResultT, Streamed
from prudent.server.inspection import Asked
from prudent.server.refusal import refusal, require_approval
from prudent.types.safety import Action, PromptFilterResult, SafetyInfo
from prudent_responsible_ai.approvals import Approvals
from prudent_responsible_ai.audit import AuditLog
from prudent_responsible_ai.audit_record import AuditRecord, describe
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.pipeline import InputReview, Pipeline
from prudent_responsible_ai.shadow import Shadowed
from prudent_responsible_ai.verdict import sternest


@dataclass
class _Findings:
    """What the checks said so far."""

    parts: list[Part] = field(default_factory=list[Part])
    results: list[PromptFilterResult] = field(default_factory=list[PromptFilterResult])
    action: Action = Action.ALLOW
    milliseconds: float = 0.0
    shadowed: list[Shadowed] = field(default_factory=list[Shadowed])

    def add(self, parts: Sequence[Part], review: InputReview, *, keep: bool) -> None:
        self.action = sternest([self.action, review.action])
        self.milliseconds += review.milliseconds
        if keep:
            self.parts += parts
            self.results += review.results
            self.shadowed += review.shadowed


class Attending(Generic[ResultT]):
    """Follows one attended request from its inputs to its record."""

    def __init__(
        self,
        models: Models,
        pipeline: Pipeline,
        audit: AuditLog | None,
        call: Attended[ResultT],
        asked: Asked,
        admit: Callable[[Attending[Any]], Callable[[], None]],
        approvals: Approvals,
    ) -> None:
        """`admit` is asked when the work begins; what it returns is called at the end."""
        self._models = models
        self._pipeline = pipeline
        self._audit = audit
        self._call = call
        self._asked = asked
        self._admit = admit
        self._approvals = approvals
        self._found = _Findings()
        self._prompt: Sequence[PromptFilterResult] = ()
        self._work: asyncio.Task[Any] | None = None
        self._aborted = False
        self._recorded: SafetyInfo | None = None

    def abort(self) -> None:
        """End the work; who waits for it is told that the server is shutting down."""
        self._aborted = True
        if self._work is not None:
            self._work.cancel()

    async def whole(self, call: Performed[ResultT]) -> ResultT:
        """Do the work and return its result, checked.

        Raises:
            ContentFilterError: a check refused what went in, or what was found.
            ServiceUnavailableError: the server is shutting down.
            PrudentError: what the work raises.
        """

        async def once() -> AsyncGenerator[ResultT, Any]:
            yield await call.with_inputs(await self._review_inputs()).perform(self._models)

        async with aclosing(self._run(once())) as results:
            result = await anext(results)
            async for _ in results:
                raise AssertionError("one answer was promised")
        return call.with_safety(result, await self._record("completed"), self._prompt)

    async def events(self, call: Streamed[ResultT]) -> AsyncGenerator[ResultT, Any]:
        """Do the work event by event; raises what `whole` raises."""

        async def stream() -> AsyncGenerator[ResultT, Any]:
            checked = call.with_inputs(await self._review_inputs())
            async with aclosing(checked.stream(self._models)) as events:
                async for event in events:
                    yield event

        async with aclosing(self._run(stream())) as results:
            async for result in results:
                yield result
        last = call.closing(await self._record("completed"), self._prompt)
        if last is not None:
            yield last

    async def _run(self, results: AsyncGenerator[ResultT, Any]) -> AsyncGenerator[ResultT, Any]:
        """Pass results through the checks, and leave one record whatever becomes of them."""
        ended = self._admit(self)
        outcome = "cancelled"
        try:
            async with aclosing(results):
                while (result := await self._next(results)) is not None:
                    yield await self._checked(result)
            await self._record("completed")
            outcome = "completed"
        except PrudentError as error:
            outcome = error.code or error.type
            raise
        except Exception:
            outcome = "failed"
            raise
        finally:
            ended()
            await self._close(outcome)

    async def _next(self, results: AsyncGenerator[ResultT, Any]) -> ResultT | None:
        """The next result, in a task of its own, so that a stop of the server can end it alone."""
        if self._aborted:
            raise shutting_down()
        self._work = asyncio.ensure_future(anext(results, None))
        try:
            return await self._work
        except asyncio.CancelledError:
            if self._aborted:
                raise shutting_down() from None
            self._work.cancel()
            await asyncio.wait({self._work})
            raise
        finally:
            self._work = None

    async def _review_inputs(self) -> list[str]:
        parts = self._call.inputs()
        review = await self._review(parts)
        self._prompt = review.results
        if review.blocked and self._call.refuses:
            raise refusal(review, "the input", self._call.param_of)
        if self._call.refuses:
            await offload(require_approval, self._approvals, parts, review, self._pipeline.policy.hash)
        return [part.text for part in review.parts]

    async def _checked(self, result: ResultT) -> ResultT:
        parts = self._call.outputs(result)
        if not parts:
            return result
        review = await self._review(parts, keep=not self._call.passing(result))
        if review.blocked and self._call.refuses:
            raise refusal(review, "what was found in the input")
        texts = [part.text for part in review.parts]
        return self._call.with_outputs(result, texts, review.results)

    async def _review(self, parts: Sequence[Part], *, keep: bool = True) -> InputReview:
        # The checks of a long text take a while; other requests go on meanwhile.
        review = await offload(self._pipeline.review, parts)
        self._found.add(parts, review, keep=keep)
        return review

    async def _record(self, outcome: str) -> SafetyInfo:
        if self._recorded is None:
            policy, found = self._pipeline.policy, self._found
            self._recorded = SafetyInfo(
                policy=policy.name,
                policy_hash=policy.hash,
                action=found.action,
                streaming_mode=policy.streaming,
                milliseconds=round(found.milliseconds, 3),
                shadow=self._pipeline.shadow_info(found.shadowed),
            )
            if self._audit is not None:
                describe_it = partial(self._describe, outcome=outcome)
                identity = await offload(self._audit.write, self._call.user, describe_it)
                self._recorded = self._recorded.model_copy(update={"audit_id": identity})
        return self._recorded

    def _describe(self, key: bytes, outcome: str) -> AuditRecord:
        found = self._found
        return describe(
            key,
            self._pipeline.policy,
            found.parts,
            found.results,
            found.action,
            (),
            outcome=outcome,
            request_id=self._asked.request_id,
            route=self._call.route,
            model=self._call.model,
            user=self._call.user,
            metadata=self._call.metadata,
            shadow=None if self._recorded is None else self._recorded.shadow,
        )

    async def _close(self, outcome: str) -> None:
        """Write the audit record where there is none yet; the log says where that fails."""
        try:
            await self._record(outcome)
        except ServiceUnavailableError:
            return
