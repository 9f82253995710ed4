"""The checks of one request: its prompt, each of its answers, and the record of it all.

Knows the pipeline and the shapes of chat; no model and no HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from prudent.capabilities.offload import offload
from prudent.errors import ContentFilterError, ServiceUnavailableError
from prudent.server.held_logprobs import HeldLogprobs
from prudent.types.chat import (
    CREATE_CHAT_COMPLETION,
    ROLE_SOURCE,
    ChatCompletionChunk,
    ChatCompletionRequest,
    ChatMessage,
    ChoiceDelta,
    ChoiceLogprobs,
    ChunkChoice,
)
from prudent.types.content import TextPart
from prudent.types.safety import Action, CategoryVerdict, PromptFilterResult, SafetyInfo
from prudent_responsible_ai.audit import AuditLog
from prudent_responsible_ai.audit_record import AuditRecord, describe
from prudent_responsible_ai.gate import OutputGate, Release
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.pipeline import InputReview, Pipeline


class Inspection:
    """Follows one request from its prompt to its record. `model` is what was asked for, then what answers."""

    def __init__(
        self,
        pipeline: Pipeline,
        audit: AuditLog | None,
        request: ChatCompletionRequest,
        *,
        model: str,
        request_id: str,
    ) -> None:
        self.model = model
        self._pipeline = pipeline
        self._audit = audit
        self._request = request
        self._request_id = request_id
        self._parts = parts_of(request.messages)
        self._review: InputReview | None = None
        self._answers: list[_Answer] = []
        self._said_first = False
        self._recorded: SafetyInfo | None = None

    async def review(self) -> ChatCompletionRequest:
        """Check the prompt; return the request that the model may see.

        Raises:
            ContentFilterError: the policy refuses the prompt; `details` holds the verdicts.
        """
        # The checks of a long prompt take a while; other answers go on meanwhile.
        review = self._review = await offload(self._pipeline.review, self._parts)
        if review.blocked:
            raise _refusal(review)
        self._answers = [_Answer(self._pipeline.open_gate(review)) for _ in range(self._request.n)]
        return self._request.model_copy(
            update={"messages": with_texts(self._request.messages, [part.text for part in review.parts])}
        )

    def inspect(
        self, chunk: ChatCompletionChunk, *, cancel: Callable[[int], None]
    ) -> list[ChatCompletionChunk]:
        """Pass a chunk of the model through the gates; return what may go out, which may be nothing.

        A choice whose text is blocked is cancelled, and ends here with `content_filter`.
        """
        passed: list[ChatCompletionChunk] = []
        for choice in chunk.choices:
            answer = self._answers[choice.index]
            news = answer.pass_on(choice)
            passed += [chunk.model_copy(update={"choices": [one]}) for one in news]
            if answer.gate.blocked:
                cancel(choice.index)
        if passed and not self._said_first:
            self._said_first = True
            passed[0] = passed[0].model_copy(update={"prompt_filter_results": self._prompt_results})
        return passed

    @property
    def finished(self) -> bool:
        """Whether every choice has ended."""
        return bool(self._answers) and all(answer.finished for answer in self._answers)

    @property
    def wants_usage(self) -> bool:
        """Whether the caller is to see the usage: asked for in a stream, always in a whole answer."""
        options = self._request.stream_options
        return not self._request.stream or (options is not None and options.include_usage)

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
                milliseconds=round(self._milliseconds, 3),
            )
            if self._audit is not None:
                identity = await offload(self._audit.write, self._describe(self._audit, outcome))
                self._recorded = self._recorded.model_copy(update={"audit_id": identity})
        return self._recorded

    async def close(self, outcome: str) -> None:
        """Write the audit record where there is none yet; the log says where that fails."""
        try:
            await self.record(outcome)
        except ServiceUnavailableError:
            return

    def _describe(self, audit: AuditLog, outcome: str) -> AuditRecord:
        return describe(
            audit.key,
            self._pipeline.policy,
            self._parts,
            self._review,
            [answer.gate for answer in self._answers],
            outcome=outcome,
            request_id=self._request_id,
            route=CREATE_CHAT_COMPLETION.path,
            model=self.model,
            user=self._request.user,
            metadata=self._request.metadata,
        )

    @property
    def _prompt_results(self) -> list[PromptFilterResult]:
        return [] if self._review is None else self._review.results

    @property
    def _action(self) -> Action:
        actions = [answer.gate.action for answer in self._answers]
        if self._review is not None:
            actions.append(self._review.action)
        return max(actions, key=lambda action: action.rank, default=Action.ALLOW)

    @property
    def _milliseconds(self) -> float:
        reviewing = 0.0 if self._review is None else self._review.milliseconds
        return reviewing + sum(answer.gate.milliseconds for answer in self._answers)


class _Answer:
    """One choice on its way through its gate."""

    def __init__(self, gate: OutputGate) -> None:
        self.gate = gate
        self.finished = False
        self._logprobs = HeldLogprobs()

    def pass_on(self, choice: ChunkChoice) -> list[ChunkChoice]:
        """Return what may go out of the news of this choice: text, its end, both or nothing."""
        if self.finished:
            return []
        text = choice.delta.content or ""
        self._logprobs.add(text, (choice.logprobs and choice.logprobs.content) or ())
        releases: list[Release] = []
        if text:
            releases.append(self.gate.feed(text))
        if choice.finish_reason is not None and not self.gate.blocked:
            releases.append(self.gate.finish())
        news = self._released(choice, releases)
        if self.gate.blocked or choice.finish_reason is not None:
            self.finished = True
            news.append(
                ChunkChoice(
                    index=choice.index,
                    delta=ChoiceDelta(),
                    finish_reason="content_filter" if self.gate.blocked else choice.finish_reason,
                    content_filter_results=self.gate.results,
                )
            )
        return news

    def _released(self, choice: ChunkChoice, releases: Sequence[Release]) -> list[ChunkChoice]:
        text = "".join(release.text for release in releases)
        logprobs = [entry for release in releases for entry in self._logprobs.release(release.pieces)]
        if not (text or logprobs or choice.delta.role):
            return []
        return [
            ChunkChoice(
                index=choice.index,
                delta=choice.delta.model_copy(update={"content": text}),
                logprobs=ChoiceLogprobs(content=logprobs) if logprobs else None,
            )
        ]


def parts_of(messages: Sequence[ChatMessage]) -> list[Part]:
    """Every text of a conversation, with where it came from and where it stands."""
    return [
        Part(text, part_source or ROLE_SOURCE[message.role], index, number)
        for index, message in enumerate(messages)
        for number, (text, part_source) in enumerate(_texts(message))
        if text is not None
    ]


def _texts(message: ChatMessage) -> list[tuple[str | None, Any]]:
    if message.content is None:
        return []
    if isinstance(message.content, str):
        return [(message.content, None)]
    return [(part.text if isinstance(part, TextPart) else None, part.source) for part in message.content]


def with_texts(messages: Sequence[ChatMessage], texts: Sequence[str]) -> list[ChatMessage]:
    """The conversation with the texts, in the order of `parts_of`, in place of its own."""
    remaining = iter(texts)
    changed: list[ChatMessage] = []
    for message in messages:
        if message.content is None:
            content = None
        elif isinstance(message.content, str):
            content = next(remaining)
        else:
            content = [
                part.model_copy(update={"text": next(remaining)}) if isinstance(part, TextPart) else part
                for part in message.content
            ]
        changed.append(message.model_copy(update={"content": content}))
    return changed


def _refusal(review: InputReview) -> ContentFilterError:
    """Azure's refusal: the verdicts of every category, the sternest part's where several have it."""
    verdicts: dict[str, CategoryVerdict] = {}
    for result in review.results:
        for name, verdict in result.content_filter_results.items():
            if name not in verdicts or verdict.action.rank > verdicts[name].action.rank:
                verdicts[name] = verdict
    blocking = next(
        (
            result
            for result in review.results
            if any(verdict.action is Action.BLOCK for verdict in result.content_filter_results.values())
        ),
        None,
    )
    return ContentFilterError(
        f"A check refused the prompt ({review.reason})." if review.reason else "A check refused the prompt.",
        hint="Change the prompt, or the policy of the server.",
        param="messages" if blocking is None else f"messages[{blocking.prompt_index}]",
        details={
            "content_filter_result": {
                name: verdict.model_dump(mode="json", exclude_none=True) for name, verdict in verdicts.items()
            }
        },
    )
