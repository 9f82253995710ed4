"""POST /v1/audio/transcriptions and /v1/audio/translations: a recording, whole or in events."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from prudent.server import wire
from prudent.server.dependencies import documented_form, get_asked, get_guard, get_settings
from prudent.server.forms import Form, read_form
from prudent.server.sse import EventStream, until_disconnect
from prudent.server.transcribing import Hearing, TranscribeStream, TranscribeWhole, recording_of
from prudent.server.transcript_wire import transcript, transcript_event, transcript_text
from prudent.types.transcription import (
    CREATE_TRANSCRIPTION,
    CREATE_TRANSLATION,
    AnyTranscriptionRequest,
    TranscriptionRequest,
    TranslationRequest,
)

router = APIRouter()

NOT_SUPPORTED = frozenset(
    {
        "chunking_strategy",
        "include",
        "keywords",
        "known_speaker_names",
        "known_speaker_references",
        "languages",
    }
)
"""Parameters of OpenAI's audio API that prudent does not have (yet)."""


@router.post(
    CREATE_TRANSCRIPTION.path,
    response_model=CREATE_TRANSCRIPTION.response,
    openapi_extra=documented_form(TranscriptionRequest),
)
async def create_transcription(request: Request) -> Response:
    """Write a recording down."""
    form = await read_form(request, TranscriptionRequest, unsupported=NOT_SUPPORTED)
    if form.fields.stream:
        return await _as_events(request, form)
    return await _as_whole(request, form, CREATE_TRANSCRIPTION.path)


@router.post(
    CREATE_TRANSLATION.path,
    response_model=CREATE_TRANSLATION.response,
    openapi_extra=documented_form(TranslationRequest),
)
async def create_translation(request: Request) -> Response:
    """Write a recording down in English."""
    form = await read_form(request, TranslationRequest, unsupported=NOT_SUPPORTED | {"stream"})
    return await _as_whole(request, form, CREATE_TRANSLATION.path)


async def _as_whole(
    request: Request, form: Form[TranscriptionRequest] | Form[TranslationRequest], route: str
) -> Response:
    fields: AnyTranscriptionRequest = form.fields
    try:
        longest = get_settings(request).max_audio_seconds
        call = TranscribeWhole(route, fields, recording_of(form.file, form.name, longest))
        work = get_guard(request).attend(call, get_asked(request))
        hearing = await until_disconnect(request.receive, work)
    finally:
        await form.close()
    if (text := transcript_text(hearing, fields)) is not None:
        return PlainTextResponse(text)
    return JSONResponse(wire.plain(transcript(hearing, fields)))


async def _as_events(request: Request, form: Form[TranscriptionRequest]) -> Response:
    """Wait for the first event: an error before it is the status of the response."""
    settings = get_settings(request)
    recording = recording_of(form.file, form.name, settings.max_audio_seconds)
    call = TranscribeStream(CREATE_TRANSCRIPTION.path, form.fields, recording)
    events = _closing(get_guard(request).attend_stream(call, get_asked(request)), form)
    try:
        first = await until_disconnect(request.receive, _first(events))
    except BaseException:
        await events.aclose()
        raise
    return EventStream(
        first,
        events,
        partial(_encoded, request=form.fields),
        write_timeout=settings.write_timeout,
        request_id=get_asked(request).request_id,
    )


async def _first(events: AsyncGenerator[Hearing, Any]) -> Hearing:
    return await anext(events)


async def _closing(
    events: AsyncGenerator[Hearing, Any], form: Form[TranscriptionRequest]
) -> AsyncGenerator[Hearing, Any]:
    """The events, and the end of the file with them."""
    try:
        async with aclosing(events):
            async for event in events:
                yield event
    finally:
        await form.close()


def _encoded(hearing: Hearing, *, request: TranscriptionRequest) -> Mapping[str, Any]:
    return wire.plain(transcript_event(hearing, request))
