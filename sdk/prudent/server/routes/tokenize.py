"""POST /v1/tokenize and /v1/detokenize: text as the model reads it. They never wait for a running answer."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from prudent.server import wire
from prudent.server.dependencies import documented_body, get_guard, read_json
from prudent.server.sse import until_disconnect
from prudent.types.tokenize import DETOKENIZE, TOKENIZE, DetokenizeRequest, TokenizeRequest

router = APIRouter()


@router.post(TOKENIZE.path, response_model=TOKENIZE.response, openapi_extra=documented_body(TokenizeRequest))
async def tokenize(request: Request) -> Response:
    """Text, or a conversation, to token ids."""
    asked = await read_json(request, TokenizeRequest)
    tokens = await until_disconnect(request.receive, get_guard(request).tokenize(asked))
    return JSONResponse(wire.plain(tokens))


@router.post(
    DETOKENIZE.path, response_model=DETOKENIZE.response, openapi_extra=documented_body(DetokenizeRequest)
)
async def detokenize(request: Request) -> Response:
    """Token ids to text."""
    asked = await read_json(request, DetokenizeRequest)
    text = await until_disconnect(request.receive, get_guard(request).detokenize(asked))
    return JSONResponse(wire.plain(text))
