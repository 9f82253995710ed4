"""Live sound over a WebSocket: over a server and in this process; who may open one, and what ends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from scripted_transcriber import OneTranscriber, ScriptedTranscriber
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from prudent.client import AsyncClient, Client
from prudent.client.app_sockets import AppSocket
from prudent.client.app_thread import AppThread
from prudent.client.live import LiveStream
from prudent.errors import AuthenticationError, InvalidRequestError, RateLimitError
from prudent.server.app import create_app
from prudent.server.settings import Settings
from prudent.testing import RunningServer
from prudent.types.live_transcription import STREAM_AUDIO_PATH
from prudent_responsible_ai.pipeline import Pipeline
from prudent_responsible_ai.policy import AuditSettings, Policy

SECOND = bytes(32_000)


def _app(transcriber: ScriptedTranscriber, **settings: object):
    pipeline = Pipeline(Policy(name="off", version="1", audit=AuditSettings(enabled=False)), [])
    pool = OneTranscriber(transcriber)
    return create_app(Settings(preload=False, **settings), pool=pool, pipeline=pipeline)


def test_sound_goes_in_and_texts_come_out() -> None:
    transcriber = ScriptedTranscriber("Hello there.", "How are you?")
    with RunningServer(_app(transcriber)) as server, Client(server.base_url) as client:
        events = list(client.audio.stream([SECOND] * 3, language="en", prompt="Names"))
    finals = [event.text for event in events if event.type == "transcript.final"]
    assert finals == ["Hello there.", "How are you?"]
    assert "transcript.partial" in [event.type for event in events]
    assert (events[-1].type, events[-1].duration) == ("transcript.done", 3.0)
    assert events[-1].safety is not None
    assert transcriber.bytes_heard == 3 * len(SECOND)
    assert (transcriber.options[0].language, transcriber.options[0].prompt) == ("en", "Names")


def test_partial_texts_can_be_left_out() -> None:
    with RunningServer(_app(ScriptedTranscriber("Yes."))) as server, Client(server.base_url) as client:
        events = list(client.audio.stream([SECOND], partials=False))
    assert [event.type for event in events] == ["transcript.final", "transcript.done"]


@pytest.mark.parametrize(("header", "value"), [("Origin", "https://evil.example"), ("Origin", "null")])
def test_a_page_of_another_site_cannot_open_one(header: str, value: str) -> None:
    with RunningServer(_app(ScriptedTranscriber())) as server:
        address = server.base_url.replace("http", "ws") + STREAM_AUDIO_PATH
        with pytest.raises(InvalidStatus) as caught:
            connect(address, additional_headers={header: value}, proxy=None)
    assert caught.value.response.status_code == 403


def test_it_needs_the_key_where_requests_do() -> None:
    with RunningServer(_app(ScriptedTranscriber("Yes."), api_keys=("sesame",))) as server:
        with Client(server.base_url) as client, pytest.raises(AuthenticationError):
            client.audio.stream([SECOND])
        with Client(server.base_url, api_key="sesame") as client:
            assert [event.text for event in client.audio.stream([SECOND], partials=False)] == ["Yes.", ""]


def test_no_more_may_be_open_than_the_server_allows() -> None:
    app = _app(ScriptedTranscriber("Yes."), max_live=0)
    with RunningServer(app) as server, Client(server.base_url) as client, pytest.raises(RateLimitError):
        client.audio.stream([SECOND])


def test_a_stream_that_is_too_long_says_so() -> None:
    app = _app(ScriptedTranscriber(), max_audio_seconds=2.5)
    with RunningServer(app) as server, Client(server.base_url) as client:
        live = client.audio.stream([SECOND] * 3)
        with pytest.raises(InvalidRequestError, match="minutes of sound"):
            list(live)


def test_what_the_source_of_sound_raises_reaches_the_caller() -> None:
    def microphone() -> Iterator[bytes]:
        yield SECOND
        raise OSError("unplugged")

    with RunningServer(_app(ScriptedTranscriber())) as server, Client(server.base_url) as client:
        live = client.audio.stream(microphone())
        with pytest.raises(OSError, match="unplugged"):
            list(live)


def test_an_awaiting_client_hears_the_same() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield SECOND
        yield SECOND

    async def listen(address: str) -> list[str]:
        async with AsyncClient(address) as client:
            return [event.text async for event in await client.audio.stream(pieces(), partials=False)]

    with RunningServer(_app(ScriptedTranscriber("Hello.", "You."))) as server:
        assert asyncio.run(listen(server.base_url)) == ["Hello.", "You.", ""]


def test_in_this_process_no_network_is_needed() -> None:
    thread = AppThread(lambda: _app(ScriptedTranscriber("Hello.", "You.")))
    try:
        socket = AppSocket(thread, httpx.URL(f"http://localhost{STREAM_AUDIO_PATH}"), {}, httpx.Timeout(10))
        texts = [event.text for event in LiveStream(socket, [SECOND] * 2) if event.type == "transcript.final"]
    finally:
        thread.close()
    assert texts == ["Hello.", "You."]
