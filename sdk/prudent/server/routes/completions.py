"""POST /v1/completions: a prompt through the guard, continued whole or event by event."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from prudent.server import wire
from prudent.server.dependencies import documented_body, get_asked, get_guard, read_json
from prudent.server.responding import as_events, as_whole
from prudent.types.completions import CREATE_COMPLETION, CompletionRequest

router = APIRouter()

NOT_SUPPORTED = frozenset({"best_of"})
"""Parameters of OpenAI's completions API that prudent does not have (yet)."""


@router.post(
    CREATE_COMPLETION.path,
    response_model=CREATE_COMPLETION.response,
    openapi_extra=documented_body(CompletionRequest),
)
async def create_completion(request: Request) -> Response:
    """Continue a prompt."""
    asked = await read_json(request, CompletionRequest, unsupported=NOT_SUPPORTED)
    guard, who = get_guard(request), get_asked(request)
    if not asked.stream:
        return await as_whole(request, guard.completion(asked, who), wire.text_completion)
    encode = partial(wire.text_completion, with_usage=asked.wants_usage)
    return await as_events(request, guard.stream_completion(asked, who), encode)
