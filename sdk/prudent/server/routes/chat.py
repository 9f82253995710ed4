"""POST /v1/chat/completions: a request through the guard, whole or event by event."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from prudent.server import wire
from prudent.server.dependencies import documented_body, get_asked, get_guard, read_json
from prudent.server.responding import as_events, as_whole
from prudent.types.chat import CREATE_CHAT_COMPLETION, ChatCompletionRequest

router = APIRouter()

NOT_SUPPORTED = frozenset(
    {
        "audio",
        "function_call",
        "functions",
        "modalities",
        "moderation",
        "prediction",
        "prompt_cache_retention",
        "reasoning_effort",
        "refusal",
        "safety_identifier",
        "service_tier",
        "store",
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
    guard, who = get_guard(request), get_asked(request)
    if not asked.stream:
        return await as_whole(request, guard.chat(asked, who), wire.completion)
    encode = partial(wire.chunk, with_usage=asked.wants_usage)
    return await as_events(request, guard.stream_chat(asked, who), encode)
