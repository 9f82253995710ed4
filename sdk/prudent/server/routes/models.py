"""GET /v1/models and /v1/models/{model}: what this server can answer with."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from prudent.server import wire
from prudent.server.dependencies import get_guard
from prudent.types.models import LIST_MODELS, RETRIEVE_MODEL

router = APIRouter()


@router.get(LIST_MODELS.path, response_model=LIST_MODELS.response)
async def list_models(request: Request) -> Response:
    """List every model of the catalog, with the state of each."""
    return JSONResponse(wire.plain(await get_guard(request).list_models()))


@router.get(RETRIEVE_MODEL.path, response_model=RETRIEVE_MODEL.response)
async def retrieve_model(request: Request, model: str) -> Response:
    """Look one model up."""
    return JSONResponse(wire.plain(await get_guard(request).retrieve_model(model)))
