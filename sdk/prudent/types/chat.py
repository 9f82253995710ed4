"""Chat completions on the wire, as the OpenAI API has them, plus the verdicts.

Every field of the request has an effect; a parameter that prudent does not support yet is absent here, so
that asking for it is an error that names it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from prudent.types.base import RequestModel, ResponseModel
from prudent.types.chat_images import ChatImage
from prudent.types.content import UNTRUSTED_SOURCES, ContentPart, Source
from prudent.types.explanation import AnswerExplanation, ExplainOptions
from prudent.types.operation import Operation
from prudent.types.response_format import ResponseFormat
from prudent.types.safety import ContentFilterResults, PromptFilterResult, SafetyInfo
from prudent.types.sampling import SamplingRequest
from prudent.types.tools import Tool, ToolCall, ToolCallDelta, ToolCallParam, ToolChoice, ToolDecision
from prudent.types.usage import Usage

Role = Literal["system", "developer", "user", "assistant", "tool"]

ROLE_SOURCE: dict[str, Source] = {
    "system": Source.DEVELOPER,
    "developer": Source.DEVELOPER,
    "user": Source.USER,
    "assistant": Source.ASSISTANT,
    "tool": Source.TOOL,
}
"""Who wrote a message of each role, where its parts do not say otherwise."""


class ChatMessage(RequestModel):
    """One message. `content` is a string or a list of parts; each part knows its source.

    An assistant's message that asks for tools may have no content; a tool's message says by `tool_call_id`
    which call it answers.
    """

    role: Role
    name: str | None = None
    refusal: str | None = None
    tool_call_id: str | None = None
    tool_calls: Annotated[list[ToolCallParam], Field(max_length=128, fail_fast=True)] | None = None
    content: Annotated[
        str | Annotated[list[ContentPart], Field(fail_fast=True)] | None, Field(union_mode="left_to_right")
    ] = Field(default=None, validate_default=True)

    @field_validator("content")
    @classmethod
    def _present(cls, content: str | list[ContentPart] | None, info: ValidationInfo) -> Any:
        may_lack = info.data.get("tool_calls") or info.data.get("refusal") is not None
        if content is None and not may_lack:
            raise ValueError("content is missing; only an assistant message with tool_calls may have none")
        return content

    @model_validator(mode="after")
    def _calls_fit_the_role(self) -> ChatMessage:
        if self.tool_calls is not None and self.role != "assistant":
            raise ValueError(f"a {self.role} message has no tool_calls; an assistant message has")
        if self.role == "tool" and self.tool_call_id is None:
            raise ValueError("a tool message needs tool_call_id: the id of the call that it answers")
        return self

    @model_validator(mode="after")
    def _trust_is_only_lowered(self) -> ChatMessage:
        if self.content is None or isinstance(self.content, str):
            return self
        own = ROLE_SOURCE[self.role]
        for part in self.content:
            if part.source is not None and part.source is not own and part.source not in UNTRUSTED_SOURCES:
                raise ValueError(
                    f"a {self.role} message cannot hold a part of source '{part.source}': "
                    f"use '{own}' or one of {', '.join(UNTRUSTED_SOURCES)}"
                )
        return self


class ChatCompletionRequest(SamplingRequest):
    """A chat request. `max_tokens` is the older name of `max_completion_tokens`.

    Giving both with different values is an error. `explain` (ours) asks why the answer is what it is.
    Validation of a list stops at its first wrong item, so that a body of a million of them costs no memory.
    """

    messages: list[ChatMessage] = Field(min_length=1, fail_fast=True)
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    logprobs: bool = False
    top_logprobs: int | None = Field(None, ge=0, le=20)
    response_format: ResponseFormat | None = None
    tools: Annotated[list[Tool], Field(max_length=128, fail_fast=True)] | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    explain: ExplainOptions | None = None

    @model_validator(mode="after")
    def _explainable(self) -> ChatCompletionRequest:
        if self.explain is None:
            return self
        if self.stream:
            raise ValueError("explain needs stream=false: an answer is explained when it is complete")
        if self.n > 1:
            raise ValueError("explain needs n=1")
        if self.explain.attribution and self.tools is not None:
            raise ValueError("explain.attribution and tools exclude each other")
        return self

    @model_validator(mode="after")
    def _consistent(self) -> ChatCompletionRequest:
        if self.top_logprobs is not None and not self.logprobs:
            raise ValueError("top_logprobs needs logprobs=true")
        limits = {self.max_tokens, self.max_completion_tokens} - {None}
        if len(limits) > 1:
            raise ValueError("max_tokens and max_completion_tokens differ; give one")
        return self

    @property
    def token_limit(self) -> int | None:
        """The most tokens the answer may have, where the caller set one."""
        return self.max_completion_tokens if self.max_completion_tokens is not None else self.max_tokens


FinishReason = Literal["stop", "length", "content_filter", "tool_calls"]


class TopLogprob(ResponseModel):
    """One alternative at a position: its text, log-probability (nats) and UTF-8 bytes."""

    token: str
    logprob: float
    bytes: list[int] | None = None


class TokenLogprob(TopLogprob):
    """The token taken at a position, with the most likely alternatives."""

    top_logprobs: list[TopLogprob] = []


class ChoiceLogprobs(ResponseModel):
    """Log-probabilities of the answer's tokens, before temperature and penalties."""

    content: list[TokenLogprob] | None = None
    refusal: list[TokenLogprob] | None = None


class AssistantMessage(ResponseModel):
    """The answer. `refusal` is set where a check refused it; with `tool_calls` there may be no content."""

    role: Literal["assistant"] = "assistant"
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[ToolCall] | None = None


class IncompleteDetails(ResponseModel):
    """What cut an answer short that finished by `length`.

    `repetition`: it said the same over and over, and the request had set no limit.
    """

    reason: Literal["max_tokens", "context", "deadline", "repetition"]


class Choice(ResponseModel):
    """One answer of `n`, with its verdicts. An incomplete answer is not of the form that was asked for."""

    index: int
    message: AssistantMessage
    finish_reason: FinishReason
    logprobs: ChoiceLogprobs | None = None
    incomplete_details: IncompleteDetails | None = None
    tool_decision: ToolDecision | None = None
    content_filter_results: ContentFilterResults = {}


class ChatCompletion(ResponseModel):
    """A whole answer. `text` is the first choice's text, the one most callers want.

    `images` says what was done with the images of the conversation, where it has some; `explanation` is there
    where `explain` asked for it.
    """

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: Usage | None = None
    system_fingerprint: str | None = None
    prompt_filter_results: list[PromptFilterResult] = []
    safety: SafetyInfo | None = None
    images: list[ChatImage] | None = None
    explanation: AnswerExplanation | None = None

    @property
    def text(self) -> str:
        """The text of the first choice; empty where it was filtered before the first character."""
        return self.choices[0].message.content or ""


class ChoiceDelta(ResponseModel):
    """What is new in a choice. `role` comes with its first chunk only."""

    role: Literal["assistant"] | None = None
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[ToolCallDelta] | None = None


class ChunkChoice(ResponseModel):
    """The news of one choice. Its last chunk has a finish reason and the verdicts on the whole of it."""

    index: int
    delta: ChoiceDelta
    finish_reason: FinishReason | None = None
    logprobs: ChoiceLogprobs | None = None
    incomplete_details: IncompleteDetails | None = None
    tool_decision: ToolDecision | None = None
    content_filter_results: ContentFilterResults | None = None


class ChatCompletionChunk(ResponseModel):
    """One event of a stream. The first has `prompt_filter_results` and `images`, the last may have usage."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: Usage | None = None
    system_fingerprint: str | None = None
    prompt_filter_results: list[PromptFilterResult] | None = None
    safety: SafetyInfo | None = None
    images: list[ChatImage] | None = None

    @property
    def text(self) -> str:
        """New text of the first choice, empty where the chunk has none."""
        return "".join(choice.delta.content or "" for choice in self.choices if choice.index == 0)


CREATE_CHAT_COMPLETION: Operation[ChatCompletionRequest, ChatCompletion, ChatCompletionChunk] = Operation(
    "chat.completions.create",
    "POST",
    "/v1/chat/completions",
    ChatCompletionRequest,
    ChatCompletion,
    ChatCompletionChunk,
)
