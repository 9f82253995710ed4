"""Responses as JSON, field by field as the OpenAI API has them: which are null and which are left out."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from prudent.types.chat import ChatCompletion, ChatCompletionChunk


def plain(response: BaseModel) -> dict[str, Any]:
    """A response whose absent fields are left out."""
    return response.model_dump(mode="json", exclude_none=True)


def completion(response: ChatCompletion) -> dict[str, Any]:
    """A whole answer: `content`, `refusal` and `logprobs` are always there, null where they are not."""
    fields = plain(response)
    for choice in fields["choices"]:
        choice.setdefault("logprobs", None)
        choice["message"].setdefault("content", None)
        choice["message"].setdefault("refusal", None)
    return fields


def chunk(event: ChatCompletionChunk, *, with_usage: bool) -> dict[str, Any]:
    """One event: `finish_reason` and `logprobs` are always there; so is `usage` where it was asked for."""
    fields = plain(event)
    for choice in fields["choices"]:
        choice.setdefault("logprobs", None)
        choice.setdefault("finish_reason", None)
    if with_usage:
        fields.setdefault("usage", None)
    return fields
