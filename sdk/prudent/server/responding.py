"""An answer of the guard as an HTTP response, whole or event by event, with its timings.

Knows no capability.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol, TypeVar

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from prudent.capabilities.offload import offload
from prudent.server.answering import Answering
from prudent.server.dependencies import get_asked, get_settings
from prudent.server.inspected import ChunkT
from prudent.server.sse import EventStream, until_disconnect
from prudent.server.timing import server_timing
from prudent.types.usage import Usage


class Whole(Protocol):
    """A whole answer."""

    @property
    def usage(self) -> Usage | None:
        """Its tokens and times."""
        ...


WholeT = TypeVar("WholeT", bound=Whole)


async def as_whole(
    request: Request, work: Coroutine[Any, Any, WholeT], encode: Callable[[WholeT], Mapping[str, Any]]
) -> Response:
    """Wait for the answer; a client that leaves ends the wait and the work."""
    whole = await until_disconnect(request.receive, work)
    headers = {} if whole.usage is None else server_timing(whole.usage)
    return JSONResponse(encode(whole), headers=headers)


async def as_events(
    request: Request, answering: Answering[Any, ChunkT, Any], encode: Callable[[ChunkT], Mapping[str, Any]]
) -> Response:
    """Wait for the first event: an error before it is the status of the response."""
    first = await until_disconnect(request.receive, _first(answering))
    return EventStream(
        first,
        answering,
        encode,
        write_timeout=get_settings(request).write_timeout,
        request_id=get_asked(request).request_id,
        headers=server_timing(answering.started),
    )


async def as_large(response: BaseModel) -> Response:
    """A response of up to some megabytes, written in a thread; its absent fields are left out."""
    content = await offload(response.model_dump_json, exclude_none=True)
    return Response(content, media_type="application/json")


async def _first(answering: Answering[Any, ChunkT, Any]) -> ChunkT:
    return await anext(answering)
