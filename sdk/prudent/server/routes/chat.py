"""POST /v1/chat/completions: a request through the guard, whole or event by event."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from prudent.server import wire
from prudent.server.dependencies import documented_body, get_guard, get_request_id, get_settings, read_json
from prudent.server.sse import EventStream, until_disconnect
from prudent.types.chat import (
    CREATE_CHAT_COMPLETION,
    ChatCompletionChunk,
    ChatCompletionRequest,
)

router = APIRouter()

NOT_SUPPORTED = frozenset(
    {
        "audio",
        "function_call",
        "functions",
        "modalities",
        "moderation",
        "parallel_tool_calls",
        "prediction",
        "prompt_cache_key",
        "prompt_cache_retention",
        "reasoning_effort",
        "refusal",
        "response_format",
        "safety_identifier",
        "service_tier",
        "store",
        "strict",
        "tool_calls",
        "tool_choice",
        "tools",
        "verbosity",
        "web_search_options",
    }
)
"""Parameters of OpenAI's chat API that prudent does not have (yet)."""


@router.post(
    CREATE_CHAT_COMPLETION.path,
    response_model=CREATE_CHAT_COMPLETION.response,
    openapi_extra=documented_body(ChatCompletionRequest),
)
async def create_chat_completion(request: Request) -> Response:
    """Answer a conversation."""
    asked = await read_json(request, ChatCompletionRequest, unsupported=NOT_SUPPORTED)
    request_id = get_request_id(request)
    guard = get_guard(request)
    if not asked.stream:
        whole = await until_disconnect(request.receive, guard.complete(asked, request_id=request_id))
        return JSONResponse(wire.completion(whole))
    chunks = guard.chat(asked, request_id=request_id)
    first = await until_disconnect(request.receive, _first(chunks))
    with_usage = asked.stream_options is not None and asked.stream_options.include_usage
    return EventStream(
        first,
        chunks,
        partial(wire.chunk, with_usage=with_usage),
        write_timeout=get_settings(request).write_timeout,
        request_id=request_id,
    )


async def _first(chunks: AsyncGenerator[ChatCompletionChunk]) -> ChatCompletionChunk:
    return await anext(chunks)
