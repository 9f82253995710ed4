"""WebSocket /v1/audio/stream: sound in, texts out as they are heard; errors as a last message."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import Any, cast

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from prudent.errors import InvalidRequestError, PrudentError, RateLimitError, RequestTooLargeError
from prudent.server import wire
from prudent.server.auth import POLICY_VIOLATION, refuse_socket
from prudent.server.dependencies import get_asked, get_guard, get_settings
from prudent.server.errors import error_body, internal_error
from prudent.server.listening import Listen, Listened, Microphone
from prudent.server.parsing import parse_body, parse_fields
from prudent.types.live_transcription import STREAM_AUDIO_PATH, EndOfAudio, LiveEvent, LiveRequest

router = APIRouter()

LONGEST_MESSAGE = 2**20
"""Bytes of one message: 32 seconds of sound."""

NORMAL, TOO_BIG, INTERNAL, TRY_LATER = 1000, 1009, 1011, 1013
"""Codes of RFC 6455 and its registry."""


@router.websocket(STREAM_AUDIO_PATH)
async def stream_audio(socket: WebSocket) -> None:
    """Write sound down as it comes."""
    live = cast("set[WebSocket]", socket.app.state.live)
    try:
        request = _request(socket)
        if len(live) >= get_settings(socket).max_live:
            raise RateLimitError("As many streams are open as this server allows.", hint="Try again later.")
    except PrudentError as error:
        await refuse_socket(error, socket.scope, socket.receive, socket.send)
        return
    live.add(socket)
    try:
        await socket.accept()
        await _converse(socket, request)
    finally:
        live.discard(socket)


def _request(socket: WebSocket) -> LiveRequest:
    fields: dict[str, str] = {}
    for name, value in socket.query_params.multi_items():
        if name in fields:
            raise InvalidRequestError(f"{name[:64]} stands twice.", param=name[:64])
        fields[name] = value
    return parse_fields(LiveRequest, cast("dict[str, Any]", fields))


async def _converse(socket: WebSocket, request: LiveRequest) -> None:
    """Read sound and write texts at once, until the sound ends or somebody leaves."""
    settings = get_settings(socket)
    microphone = Microphone(longest=settings.max_audio_seconds, patience=settings.body_timeout)
    reading = asyncio.create_task(_read(socket, microphone))
    writing = asyncio.create_task(_write(socket, request, microphone))
    try:
        await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
        if reading.done() and reading.exception() is None:
            await asyncio.wait({writing})
        error = _error_of(socket, reading) or _error_of(socket, writing)
        if error is None:
            await _close(socket, NORMAL)
        elif not isinstance(error, WebSocketDisconnect):
            await _send(socket, error_body(error))
            await _close(socket, _code_of(error))
    except (WebSocketDisconnect, TimeoutError, RuntimeError):
        return  # nobody is left to be told
    finally:
        reading.cancel()
        writing.cancel()
        await asyncio.wait({reading, writing})


async def _read(socket: WebSocket, microphone: Microphone) -> None:
    """Take messages until one says that there is no more sound."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", NORMAL))
        data, text = message.get("bytes"), message.get("text")
        if max(len(data or b""), len(text or "")) > LONGEST_MESSAGE:
            raise RequestTooLargeError(f"A message may have {LONGEST_MESSAGE} bytes.")
        if data is not None:
            await microphone.put(data)
        else:
            parse_body(EndOfAudio, (text or "").encode("utf-8", "surrogatepass"))
            microphone.end()
            return


async def _write(socket: WebSocket, request: LiveRequest, microphone: Microphone) -> None:
    call = Listen(request, microphone)
    async with aclosing(get_guard(socket).attend_stream(call, get_asked(socket))) as events:
        async for event in events:
            await _send(socket, wire.plain(_event(event, microphone)))


def _event(listened: Listened, microphone: Microphone) -> BaseModel:
    heard = listened.heard
    if heard is None:
        duration = round(microphone.seconds, 3)
        return LiveEvent(type="transcript.done", duration=duration, safety=listened.safety)
    return LiveEvent(
        type="transcript.final" if heard.final else "transcript.partial",
        utterance=heard.utterance,
        text=heard.text,
        start=heard.start,
        end=heard.end,
        language=heard.language,
        content_filter_results=listened.verdicts,
    )


async def _send(socket: WebSocket, message: dict[str, Any]) -> None:
    async with asyncio.timeout(get_settings(socket).write_timeout):
        await socket.send_text(json.dumps(message, ensure_ascii=False, separators=(",", ":")))


async def _close(socket: WebSocket, code: int) -> None:
    if socket.application_state is WebSocketState.CONNECTED:
        await socket.close(code)


def _error_of(socket: WebSocket, task: asyncio.Task[None]) -> PrudentError | WebSocketDisconnect | None:
    """What ended a task, as it may be told."""
    error = task.exception() if task.done() and not task.cancelled() else None
    if error is None or isinstance(error, PrudentError | WebSocketDisconnect):
        return error
    if isinstance(error, TimeoutError):
        return WebSocketDisconnect(NORMAL, "the client read nothing")
    if isinstance(error, Exception):
        return internal_error(error, get_asked(socket).request_id)
    raise error


def _code_of(error: PrudentError) -> int:
    if isinstance(error, RequestTooLargeError):
        return TOO_BIG
    if error.http_status < PrudentError.http_status:
        return POLICY_VIOLATION
    return TRY_LATER if error.retryable else INTERNAL
