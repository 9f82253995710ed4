"""POST /v1/audio/speech: a text through the guard, sound out: a file, bytes as they are made, or events."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from prudent.server import wire
from prudent.server.byte_stream import ByteStream
from prudent.server.dependencies import documented_body, get_asked, get_guard, get_settings, read_json
from prudent.server.speaking import Speaking, SpeechPart
from prudent.server.sse import EventStream, until_disconnect
from prudent.types.speech import CREATE_SPEECH, GENERATED_HEADER, MEDIA_TYPES, SpeechEvent, SpeechRequest

router = APIRouter()

NOT_SUPPORTED = frozenset({"instructions"})
"""Parameters of OpenAI's speech API that prudent does not have."""


@router.post(
    CREATE_SPEECH.path,
    response_class=Response,
    openapi_extra=documented_body(SpeechRequest),
    responses={200: {"content": {"audio/*": {}, "text/event-stream": {}}}},
)
async def create_speech(request: Request) -> Response:
    """Speak a text."""
    asked = await read_json(request, SpeechRequest, unsupported=NOT_SUPPORTED)
    call = Speaking(asked)
    parts = get_guard(request).attend_stream(call, get_asked(request))
    headers = {GENERATED_HEADER: f"ai-generated; model={call.model}; type=trainedAlgorithmicMedia"}
    media_type = MEDIA_TYPES[asked.response_format]
    if asked.whole and asked.stream_format != "sse":
        data = await until_disconnect(request.receive, _all(parts))
        return Response(data, media_type=media_type, headers=headers)
    try:
        first = await until_disconnect(request.receive, _first(parts))
    except BaseException:
        await parts.aclose()
        raise
    patience, request_id = get_settings(request).write_timeout, get_asked(request).request_id
    if asked.stream_format == "sse":
        return EventStream(
            first, parts, _event, write_timeout=patience, request_id=request_id, headers=headers
        )
    return ByteStream(
        first.data,
        _bytes(parts),
        media_type=media_type,
        write_timeout=patience,
        request_id=request_id,
        headers=headers,
    )


async def _first(parts: AsyncGenerator[SpeechPart, Any]) -> SpeechPart:
    return await anext(parts)


async def _all(parts: AsyncGenerator[SpeechPart, Any]) -> bytes:
    async with aclosing(parts):
        return b"".join([part.data async for part in parts])


async def _bytes(parts: AsyncGenerator[SpeechPart, Any]) -> AsyncGenerator[bytes, Any]:
    async with aclosing(parts):
        async for part in parts:
            yield part.data


def _event(part: SpeechPart) -> Mapping[str, Any]:
    if part.spoken is not None:
        return wire.plain(SpeechEvent(type="speech.audio.done", seconds=round(part.spoken.seconds, 3)))
    return wire.plain(SpeechEvent(type="speech.audio.delta", audio=base64.b64encode(part.data).decode()))
