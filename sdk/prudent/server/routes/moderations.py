"""POST /v1/moderations: texts and images through the guard, OpenAI's categories out."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from prudent.server import wire
from prudent.server.dependencies import documented_body, get_asked, get_guard, read_json
from prudent.server.sse import until_disconnect
from prudent.types.moderations import CREATE_MODERATION, ModerationRequest

router = APIRouter()


@router.post(
    CREATE_MODERATION.path,
    response_model=CREATE_MODERATION.response,
    openapi_extra=documented_body(ModerationRequest),
)
async def create_moderation(request: Request) -> Response:
    """Say which categories of harm texts and images fall into."""
    asked = await read_json(request, ModerationRequest)
    work = get_guard(request).moderate(asked, get_asked(request))
    return JSONResponse(wire.plain(await until_disconnect(request.receive, work)))
