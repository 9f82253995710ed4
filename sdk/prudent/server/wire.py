"""Responses as JSON, field by field as the OpenAI API has them: which are null and which are left out."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from prudent.types.chat import ChatCompletion, ChatCompletionChunk
from prudent.types.completions import Completion
from prudent.types.tools import ToolDecision


def plain(response: BaseModel) -> dict[str, Any]:
    """A response whose absent fields are left out."""
    return response.model_dump(mode="json", exclude_none=True)


def completion(response: ChatCompletion) -> dict[str, Any]:
    """A whole answer: `content`, `refusal` and `logprobs` are always there, null where they are not."""
    fields = plain(response)
    for choice, given in zip(fields["choices"], response.choices, strict=True):
        choice.setdefault("logprobs", None)
        choice["message"].setdefault("content", None)
        choice["message"].setdefault("refusal", None)
        _keep_decision(choice, given.tool_decision)
    return fields


def chunk(event: ChatCompletionChunk, *, with_usage: bool) -> dict[str, Any]:
    """One event: `finish_reason` and `logprobs` are always there; so is `usage` where it was asked for."""
    fields = plain(event)
    for choice, given in zip(fields["choices"], event.choices, strict=True):
        choice.setdefault("logprobs", None)
        choice.setdefault("finish_reason", None)
        _keep_decision(choice, given.tool_decision)
    if with_usage:
        fields.setdefault("usage", None)
    return fields


def text_completion(response: Completion, *, with_usage: bool = False) -> dict[str, Any]:
    """A whole completion or one event of it; an entry of `logprobs` may be null."""
    fields = plain(response)
    for choice, given in zip(fields["choices"], response.choices, strict=True):
        choice["logprobs"] = None if given.logprobs is None else given.logprobs.model_dump(mode="json")
        choice.setdefault("finish_reason", None)
    if with_usage:
        fields.setdefault("usage", None)
    return fields


def _keep_decision(choice: dict[str, Any], decision: ToolDecision | None) -> None:
    """A decision for a plain answer says so: its `tool` is null."""
    if decision is not None:
        choice["tool_decision"]["tool"] = decision.tool
