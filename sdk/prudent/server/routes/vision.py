"""POST /v1/vision/classify, /v1/vision/safety and /v1/vision/analyze: an image as JSON. Reading is apart."""

from __future__ import annotations

from typing import TypeVar

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from prudent.server import wire
from prudent.server.attended import Performed
from prudent.server.dependencies import documented_body, get_asked, get_guard, get_settings, read_json
from prudent.server.image_source import ImageSource
from prudent.server.seeing import AnalyzeImage, CheckImage, ClassifyImage
from prudent.server.sse import until_disconnect
from prudent.types.base import ResponseModel
from prudent.types.vision import (
    ANALYZE_IMAGE,
    CHECK_IMAGE,
    CLASSIFY_IMAGE,
    AnalyzeImageRequest,
    ClassifyImageRequest,
    ImageSafetyRequest,
)

AnswerT = TypeVar("AnswerT", bound=ResponseModel)

router = APIRouter()


@router.post(
    CLASSIFY_IMAGE.path,
    response_model=CLASSIFY_IMAGE.response,
    openapi_extra=documented_body(ClassifyImageRequest),
)
async def classify_image(request: Request) -> Response:
    """Say what an image shows."""
    asked = await read_json(request, ClassifyImageRequest)
    return await _answer(request, ClassifyImage(asked, ImageSource.of(get_settings(request))))


@router.post(
    CHECK_IMAGE.path, response_model=CHECK_IMAGE.response, openapi_extra=documented_body(ImageSafetyRequest)
)
async def check_image(request: Request) -> Response:
    """Say how explicit an image is."""
    asked = await read_json(request, ImageSafetyRequest)
    return await _answer(request, CheckImage(asked, ImageSource.of(get_settings(request))))


@router.post(
    ANALYZE_IMAGE.path,
    response_model=ANALYZE_IMAGE.response,
    openapi_extra=documented_body(AnalyzeImageRequest),
)
async def analyze_image(request: Request) -> Response:
    """Say several things about an image."""
    asked = await read_json(request, AnalyzeImageRequest)
    return await _answer(request, AnalyzeImage(asked, ImageSource.of(get_settings(request))))


async def _answer(request: Request, call: Performed[AnswerT]) -> Response:
    work = get_guard(request).attend(call, get_asked(request))
    return JSONResponse(wire.plain(await until_disconnect(request.receive, work)))
