"""POST /v1/embeddings: texts through the guard, vectors out."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from prudent.server.dependencies import documented_body, get_asked, get_guard, read_json
from prudent.server.embedding import Embedding
from prudent.server.responding import as_large
from prudent.server.sse import until_disconnect
from prudent.types.embeddings import CREATE_EMBEDDING, EmbeddingRequest

router = APIRouter()


@router.post(
    CREATE_EMBEDDING.path,
    response_model=CREATE_EMBEDDING.response,
    openapi_extra=documented_body(EmbeddingRequest),
)
async def create_embedding(request: Request) -> Response:
    """Make a vector of each text."""
    asked = await read_json(request, EmbeddingRequest)
    work = get_guard(request).attend(Embedding(asked), get_asked(request))
    return await as_large(await until_disconnect(request.receive, work))
