"""POST /v1/vision/read: an image or a PDF as JSON, the text in it through the guard."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from prudent.server import wire
from prudent.server.dependencies import documented_body, get_asked, get_guard, get_settings, read_json
from prudent.server.image_source import ImageSource
from prudent.server.reading import ReadImage
from prudent.server.sse import until_disconnect
from prudent.types.reading import READ_TEXT, ReadTextRequest

router = APIRouter()


@router.post(
    READ_TEXT.path, response_model=READ_TEXT.response, openapi_extra=documented_body(ReadTextRequest)
)
async def read_text(request: Request) -> Response:
    """Read the text in an image or a PDF."""
    asked = await read_json(request, ReadTextRequest)
    call = ReadImage(asked, ImageSource.of(get_settings(request)))
    work = get_guard(request).attend(call, get_asked(request))
    return JSONResponse(wire.plain(await until_disconnect(request.receive, work)))
