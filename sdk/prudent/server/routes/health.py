"""GET /healthz (the process answers) and /readyz (the default model does). Neither needs a key."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from prudent.errors import PrudentError, ServiceUnavailableError
from prudent.server.dependencies import get_guard
from prudent.server.errors import error_body

router = APIRouter()


@router.get("/healthz")
async def healthz() -> Response:
    """Say that the server runs."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
async def readyz(request: Request) -> Response:
    """Say that the default model answers; 503 while it loads, after it failed, and while the server stops."""
    try:
        get_guard(request).check_ready()
    except PrudentError as error:
        return JSONResponse(error_body(error), ServiceUnavailableError.http_status)
    return JSONResponse({"status": "ready"})
