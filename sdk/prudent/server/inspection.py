"""The checks of one request: its prompt, each of its answers, and the record of it all.

One for every kind of request: what is particular to a kind is in its adapter (`Inspected`). Knows the
pipeline; no model and no HTTP.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Generic

from prudent.capabilities.interface import TextService
from prudent.capabilities.offload import offload
from prudent.errors import ServiceUnavailableError
from prudent.server.answer import Answer, News
from prudent.server.inspected import ChunkT, EntryT, Inspected, RequestT
from prudent.server.refusal import refusal, require_approval
from prudent.server.twins import TwinAnswers
from prudent.types.content import Source
from prudent.types.safety import Action, PromptFilterResult, SafetyInfo
from prudent_responsible_ai.approvals import Approvals
from prudent_responsible_ai.audit import AuditLog
from prudent_responsible_ai.audit_record import AuditRecord, describe
from prudent_responsible_ai.bias_probe.conversation import twin_conversation
from prudent_responsible_ai.checks.twin import TWIN
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.pipeline import InputReview, Pipeline
from prudent_responsible_ai.shadow import Shadowed
from prudent_responsible_ai.verdict import sternest


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, as far as is known: the id of the request, and of the API key that it came with."""

    request_id: str
    key_id: str = ""


class Inspection(Generic[RequestT, ChunkT, EntryT]):
    """Follows one request from its prompt to its record. `model` is what was asked for, then what answers."""

    def __init__(
        self,
        pipeline: Pipeline,
        audit: AuditLog | None,
        inspected: Inspected[RequestT, ChunkT, EntryT],
        *,
        model: str,
        asked: Asked,
        approvals: Approvals,
    ) -> None:
        self._approvals = approvals
        self.model = model
        self.inspected = inspected
        self._pipeline = pipeline
        self._audit = audit
        self._asked = asked
        self._parts: Sequence[Part] = ()
        self._review: InputReview | None = None
        self._answers: list[Answer[EntryT]] = []
        self._twins: TwinAnswers[RequestT, ChunkT, EntryT] | None = None
        self._said_first = False
        self._recorded: SafetyInfo | None = None

    async def review(self, model: TextService | None = None) -> RequestT:
        """Check the prompt; return the request that the model may see.

        Raises:
            ContentFilterError: the policy refuses the prompt; `details` holds the verdicts.
            ApprovalRequiredError: the policy holds it until a person approves it.
            InvalidRequestError: the prompt cannot be read.
        """
        # The checks of a long prompt take a while; other answers go on meanwhile.
        review = await offload(self._check, model)
        if review.blocked:
            raise refusal(review, "the prompt", self.inspected.param_of)
        await offload(require_approval, self._approvals, self._parts, review, self._pipeline.policy.hash)
        self._twins = await offload(self._twin_of, review)
        gates = (self._pipeline.open_gate(review) for _ in range(self.inspected.choices))
        self._answers = [Answer(gate, self._twins) for gate in gates]
        return self._request_with([part.text for part in review.parts])

    def _request_with(self, texts: Sequence[str]) -> RequestT:
        checked = self.inspected.with_texts(texts)
        return checked.model_copy(update={"prompt_cache_key": self._isolation})

    def _twin_of(self, review: InputReview) -> TwinAnswers[RequestT, ChunkT, EntryT] | None:
        """What is to be answered about somebody else too, where the policy wants answers compared."""
        if not self._pipeline.runs(TWIN, Source.ASSISTANT):
            return None
        if (twin := twin_conversation(review.parts)) is None:
            return None
        return TwinAnswers(
            twin,
            self.inspected,
            self._request_with(twin.texts),
            holds=self._pipeline.may_block_answers(TWIN),
            open_gate=partial(self._pipeline.open_gate, review),
        )

    @asynccontextmanager
    async def beside(self, model: TextService) -> AsyncGenerator[None]:
        """While the answer is made, have the model answer about somebody else too, where that is due."""
        if self._twins is None:
            yield
            return
        self._twins.ask(model)
        try:
            yield
        finally:
            await self._twins.stop()

    def _check(self, model: TextService | None) -> InputReview:
        self._parts = self.inspected.parts(model)
        self._review = self._pipeline.review(self._parts)
        return self._review

    async def inspect(self, chunk: ChunkT, *, cancel: Callable[[int], None]) -> list[ChunkT]:
        """Pass a chunk of the model through the gates; return what may go out, which may be nothing.

        A choice whose text is blocked is cancelled, and ends here with `content_filter`.
        """
        told = self.inspected.read(chunk)
        if self._twins is not None and any(news.finish for news in told):
            await self._twins.heard()
        if not self._pipeline.judges_answers:
            return self._inspect(chunk, told, cancel)
        # To judge a sentence takes milliseconds. Whoever is cancelled meanwhile waits: the gates are in use.
        work = asyncio.ensure_future(offload(self._inspect, chunk, told, cancel))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait({work})
            raise

    def _inspect(
        self, chunk: ChunkT, told: Sequence[News[EntryT]], cancel: Callable[[int], None]
    ) -> list[ChunkT]:
        passed: list[ChunkT] = []
        for news in told:
            answer = self._answers[news.index]
            passed += [self.inspected.write(chunk, one) for one in answer.pass_on(news)]
            if answer.filtered:
                cancel(news.index)
        if passed and not self._said_first:
            self._said_first = True
            passed[0] = passed[0].model_copy(
                update={"prompt_filter_results": self._prompt_results, **self.inspected.opening}
            )
        return passed

    @property
    def finished(self) -> bool:
        """Whether every choice has ended."""
        return bool(self._answers) and all(answer.finished for answer in self._answers)

    @property
    def seconds(self) -> float:
        """What the checks have taken so far, of the prompt and of all answers."""
        reviewing = 0.0 if self._review is None else self._review.milliseconds
        gates = (gate.milliseconds for answer in self._answers for gate in answer.gates)
        return (reviewing + sum(gates)) / 1000

    async def record(self, outcome: str) -> SafetyInfo:
        """Write the audit record, once, and say what stood guard.

        Raises:
            ServiceUnavailableError: the record cannot be written, and the policy requires one.
        """
        if self._recorded is None:
            policy = self._pipeline.policy
            self._recorded = SafetyInfo(
                policy=policy.name,
                policy_hash=policy.hash,
                action=self._action,
                streaming_mode=policy.streaming,
                milliseconds=round(self.seconds * 1000, 3),
                shadow=self._pipeline.shadow_info(self._shadowed),
            )
            if self._audit is not None:
                user = self.inspected.request.user
                identity = await offload(self._audit.write, user, partial(self._describe, outcome=outcome))
                self._recorded = self._recorded.model_copy(update={"audit_id": identity})
        return self._recorded

    async def close(self, outcome: str) -> None:
        """Write the audit record where there is none yet; the log says where that fails."""
        try:
            await self.record(outcome)
        except ServiceUnavailableError:
            return

    def _describe(self, key: bytes, outcome: str) -> AuditRecord:
        return describe(
            key,
            self._pipeline.policy,
            self._parts,
            self._prompt_results,
            Action.ALLOW if self._review is None else self._review.action,
            [answer.gates for answer in self._answers],
            outcome=outcome,
            request_id=self._asked.request_id,
            route=self.inspected.route,
            model=self.model,
            user=self.inspected.request.user,
            metadata=self.inspected.request.metadata,
            shadow=None if self._recorded is None else self._recorded.shadow,
        )

    @property
    def _prompt_results(self) -> list[PromptFilterResult]:
        return [] if self._review is None else self._review.results

    @property
    def _shadowed(self) -> list[Shadowed]:
        gates = (gate for answer in self._answers for gate in answer.gates)
        answered = [text for gate in gates for text in gate.shadowed]
        return [*([] if self._review is None else self._review.shadowed), *answered]

    @property
    def _action(self) -> Action:
        actions = [gate.action for answer in self._answers for gate in answer.gates]
        return sternest([*([] if self._review is None else [self._review.action]), *actions])

    @property
    def _isolation(self) -> str:
        """Who may share cached keys and values with whom: one key, one user, one `prompt_cache_key`."""
        request = self.inspected.request
        digest = hashlib.sha256()
        for name in (self._asked.key_id, request.user or "", request.prompt_cache_key or ""):
            digest.update(hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest())
        return digest.hexdigest()
