"""POST /v1/safety/check: parts through the checks, verdicts out."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from prudent.server import wire
from prudent.server.checking import Checking
from prudent.server.dependencies import documented_body, get_asked, get_guard, get_settings, read_json
from prudent.server.image_source import ImageSource
from prudent.server.sse import until_disconnect
from prudent.types.safety_check import CHECK_SAFETY, SafetyCheckRequest

router = APIRouter()


@router.post(
    CHECK_SAFETY.path, response_model=CHECK_SAFETY.response, openapi_extra=documented_body(SafetyCheckRequest)
)
async def check_safety(request: Request) -> Response:
    """Say what the checks find, and what the policy would do."""
    asked = await read_json(request, SafetyCheckRequest)
    settings = get_settings(request)
    call = Checking(asked, ImageSource.of(settings), longest=settings.max_audio_seconds)
    work = get_guard(request).attend(call, get_asked(request))
    return JSONResponse(wire.plain(await until_disconnect(request.receive, work)))
