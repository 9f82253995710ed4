"""Chunks to a whole answer: what a caller who does not stream gets. Knows no model and no server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from prudent.capabilities.fold_calls import FoldingCall
from prudent.errors import InternalError
from prudent.types.chat import (
    AssistantMessage,
    ChatCompletion,
    ChatCompletionChunk,
    Choice,
    ChoiceLogprobs,
    ChunkChoice,
    FinishReason,
    IncompleteDetails,
    TokenLogprob,
)
from prudent.types.chat_images import ChatImage
from prudent.types.safety import CategoryVerdict, ContentFilterResults, PromptFilterResult, SafetyInfo
from prudent.types.tools import ToolDecision
from prudent.types.usage import Usage


async def fold(chunks: AsyncIterator[ChatCompletionChunk]) -> ChatCompletion:
    """Put a stream together.

    Raises:
        InternalError: the stream had no chunk, or ended before every choice had a finish reason.
    """
    answer = Folding()
    async for chunk in chunks:
        answer.add(chunk)
    return answer.completion()


@dataclass
class Folding:
    """A stream that is being put together, for who reads it chunk by chunk."""

    first: ChatCompletionChunk | None = None
    choices: dict[int, _Choice] = field(default_factory=dict[int, "_Choice"])
    usage: Usage | None = None
    prompt_results: list[PromptFilterResult] = field(default_factory=list[PromptFilterResult])
    safety: SafetyInfo | None = None
    images: list[ChatImage] | None = None

    def add(self, chunk: ChatCompletionChunk) -> None:
        """Take the next chunk."""
        self.first = self.first or chunk
        self.usage = chunk.usage or self.usage
        self.safety = chunk.safety or self.safety
        self.prompt_results.extend(chunk.prompt_filter_results or [])
        self.images = chunk.images or self.images
        for choice in chunk.choices:
            self.choices.setdefault(choice.index, _Choice()).add(choice)

    def completion(self) -> ChatCompletion:
        """Return the whole answer.

        Raises:
            InternalError: there was no chunk, or a choice has no finish reason.
        """
        if self.first is None:
            raise InternalError("The model answered nothing.")
        return ChatCompletion(
            id=self.first.id,
            created=self.first.created,
            model=self.first.model,
            choices=[choice.whole(index) for index, choice in sorted(self.choices.items())],
            usage=self.usage,
            system_fingerprint=self.first.system_fingerprint,
            prompt_filter_results=self.prompt_results,
            safety=self.safety,
            images=self.images,
        )


@dataclass
class _Choice:
    text: list[str] = field(default_factory=list[str])
    refusal: list[str] = field(default_factory=list[str])
    calls: dict[int, FoldingCall] = field(default_factory=dict[int, FoldingCall])
    logprobs: list[TokenLogprob] | None = None
    finish_reason: FinishReason | None = None
    incomplete: IncompleteDetails | None = None
    decision: ToolDecision | None = None
    filter_results: ContentFilterResults = field(default_factory=dict[str, CategoryVerdict])

    def add(self, choice: ChunkChoice) -> None:
        self.text.append(choice.delta.content or "")
        self.refusal.append(choice.delta.refusal or "")
        for call in choice.delta.tool_calls or ():
            self.calls.setdefault(call.index, FoldingCall()).add(call)
        if choice.logprobs is not None and choice.logprobs.content is not None:
            if self.logprobs is None:
                self.logprobs = []
            self.logprobs.extend(choice.logprobs.content)
        self.finish_reason = choice.finish_reason or self.finish_reason
        self.incomplete = choice.incomplete_details or self.incomplete
        self.decision = choice.tool_decision or self.decision
        self.filter_results = choice.content_filter_results or self.filter_results

    def whole(self, index: int) -> Choice:
        if self.finish_reason is None:
            raise InternalError("The answer ended without saying why.")
        text = "".join(self.text)
        calls = [call.whole() for _, call in sorted(self.calls.items())]
        message = AssistantMessage(
            content=None if calls and not text else text,
            refusal="".join(self.refusal) or None,
            tool_calls=calls or None,
        )
        return Choice(
            index=index,
            message=message,
            finish_reason=self.finish_reason,
            logprobs=None if self.logprobs is None else ChoiceLogprobs(content=self.logprobs),
            incomplete_details=self.incomplete,
            tool_decision=self.decision,
            content_filter_results=self.filter_results,
        )
