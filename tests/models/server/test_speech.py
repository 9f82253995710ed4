"""Speech over a socket: the official openai package, our own clients, the checks and the audit."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import openai as sdk
import pytest
import soundfile
from openai import OpenAI

from prudent import AsyncClient, Client
from prudent.capabilities.speaking.fingerprint import Fingerprinting, distance
from prudent.capabilities.speech import SpeakerModel
from prudent.errors import ContentFilterError, InvalidRequestError
from prudent.runtime.speaker_artifact import SpeakerArtifact
from prudent.server.app import create_app
from prudent.server.settings import Settings
from prudent.testing import RunningServer
from prudent_responsible_ai.audit import AuditLog

JOE = "piper-en-us-joe-medium"
TEXT = "The harbour was quiet, and three small boats lay beside the wall."
KEY = "AKIA" + "Q7ZT4M2WX9LPB3RD"


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> AuditLog:
    return AuditLog(Path(tmp_path_factory.mktemp("audit")) / "audit.db", key=b"k" * 32)


@pytest.fixture(scope="module")
def speech(joe_artifact: SpeakerArtifact, audit: AuditLog) -> Iterator[RunningServer]:
    """A server that can speak; the chat model is never loaded."""
    with RunningServer(create_app(Settings(preload=False, threads=2), audit=audit)) as running:
        yield running


@pytest.fixture(scope="module")
def official(speech: RunningServer) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{speech.base_url}/v1", api_key="unused", timeout=120, max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def client(speech: RunningServer) -> Iterator[Client]:
    with Client(speech.base_url) as client:
        yield client


def _samples(data: bytes) -> tuple[np.ndarray, int]:
    return soundfile.read(io.BytesIO(data), dtype="float32")


@pytest.mark.parametrize("form", ["mp3", "wav", "flac", "opus"])
def test_the_official_client_gets_a_file_of_sound(official: OpenAI, form: str, tmp_path: Path) -> None:
    answer = official.audio.speech.create(model=JOE, voice="joe", input=TEXT, response_format=form)
    answer.write_to_file(tmp_path / "out")
    samples, rate = _samples((tmp_path / "out").read_bytes())
    assert 3 < len(samples) / rate < 7
    assert 0.02 < np.sqrt((samples**2).mean()) < 0.4


def test_the_official_client_streams(official: OpenAI) -> None:
    started = time.perf_counter()
    with official.audio.speech.with_streaming_response.create(
        model=JOE, voice="default", input=" ".join([TEXT] * 6), response_format="pcm"
    ) as answer:
        pieces = []
        for piece in answer.iter_bytes():
            pieces.append((time.perf_counter() - started, piece))
        assert answer.headers["x-prudent-generated"].startswith("ai-generated; model=piper")
    assert len(pieces) > 2
    assert pieces[0][0] < 0.5 * pieces[-1][0]


def test_the_official_client_is_told_what_is_wrong(official: OpenAI) -> None:
    with pytest.raises(sdk.BadRequestError, match="no such voice; it has 'joe'"):
        official.audio.speech.create(model=JOE, voice="alloy", input=TEXT)
    with pytest.raises(sdk.BadRequestError, match="instructions is not supported"):
        official.audio.speech.create(model=JOE, voice="joe", input=TEXT, instructions="Whisper.")
    with pytest.raises(sdk.BadRequestError, match="response_format"):
        official.audio.speech.create(model=JOE, voice="joe", input=TEXT, response_format="aac")
    with pytest.raises(sdk.NotFoundError):
        official.audio.speech.create(model="tts-1", voice="joe", input=TEXT)


def test_events_add_up_to_the_file(speech: RunningServer, client: Client) -> None:
    asked = {"input": TEXT, "response_format": "pcm", "stream_format": "sse"}
    lines = httpx.post(f"{speech.base_url}/v1/audio/speech", json=asked, timeout=60).text.split("\n\n")
    events = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    assert [event["type"] for event in events[:-1]] == ["speech.audio.delta"] * (len(events) - 1)
    assert events[-1]["type"] == "speech.audio.done"
    sound = b"".join(base64.b64decode(event["audio"]) for event in events[:-1])
    assert sound == client.audio.speech.create(input=TEXT, response_format="pcm").content
    assert events[-1]["seconds"] == pytest.approx(len(sound) / 2 / 24_000, abs=0.01)


def test_a_stream_is_what_the_whole_is(client: Client, tmp_path: Path) -> None:
    whole = client.audio.speech.create(input=TEXT, response_format="wav")
    with client.audio.speech.stream(input=TEXT, response_format="wav") as stream:
        stream.stream_to_file(tmp_path / "out.wav")
    streamed = (tmp_path / "out.wav").read_bytes()
    assert np.array_equal(_samples(whole.content)[0], _samples(streamed)[0])
    assert len(list(whole.iter_bytes(1000))) == -(-len(whole) // 1000)


def test_speed_changes_how_long_it_takes(client: Client) -> None:
    def seconds(speed: float) -> float:
        sound = client.audio.speech.create(input=TEXT, response_format="pcm", speed=speed)
        return len(sound) / 2 / 24_000

    assert seconds(2.0) == pytest.approx(seconds(1.0) / 2, rel=0.15)
    assert seconds(0.5) == pytest.approx(seconds(1.0) * 2, rel=0.15)


def test_the_async_client_has_the_same_calls(speech: RunningServer) -> None:
    async def speak() -> tuple[bytes, bytes]:
        async with AsyncClient(speech.base_url) as client:
            whole = await client.audio.speech.create(input=TEXT, response_format="pcm")
            async with await client.audio.speech.stream(input=TEXT, response_format="pcm") as stream:
                return whole.content, await stream.read()

    whole, streamed = asyncio.run(speak())
    assert whole == streamed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "input"),
        (" \n\t", "nothing that can be spoken"),
        ("😀🎉👍🏽", "pictures"),
        ("\x00\x07\u200b", "nothing that can be spoken"),
        ("你好,世界", "Chinese letters"),
        ("Say привет", "Cyrillic letters"),
        ("<speak>Hello</speak>", "SSML"),
        ("a" * 100_000, "4096"),
    ],
)
def test_what_cannot_be_spoken_is_a_clear_answer(client: Client, text: str, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message) as caught:
        client.audio.speech.create(input=text)
    assert caught.value.param == "input"


def test_a_refused_text_is_not_spoken(joe_artifact: SpeakerArtifact) -> None:
    with Client(policy="strict") as client, pytest.raises(ContentFilterError) as caught:
        client.audio.speech.create(input=f"My key is {KEY}.")
    assert caught.value.param == "input"


def test_the_audit_has_fingerprints_of_the_sound_and_no_text(client: Client, audit: AuditLog) -> None:
    text = "Seventeen purple elephants juggle politely."
    sound = client.audio.speech.create(input=text, response_format="mp3")
    (record,) = (kept["body"] for kept in audit.records() if kept["body"]["request_id"] == sound.request_id)
    assert record["route"] == "/v1/audio/speech"
    assert record["outcome"] == "completed"
    assert len(record["metadata"]["audio_sha256"]) == 64
    assert "elephants" not in json.dumps(record)
    samples, rate = _samples(sound.content)
    heard = Fingerprinting(rate)
    heard.add(samples)
    assert distance(heard.finish().robust, record["metadata"]["audio_fingerprint"]) <= 24


def test_the_same_text_sounds_the_same_again(joe_artifact: SpeakerArtifact) -> None:
    with SpeakerModel(joe_artifact, threads=1) as one, SpeakerModel(joe_artifact, threads=2) as two:
        first = np.concatenate(list(one.samples(TEXT)))
        again = np.concatenate(list(one.samples(TEXT)))
        other = np.concatenate(list(two.samples(TEXT)))
    assert np.array_equal(first, again)
    assert len(other) == len(first)
    assert np.abs(other - first).max() < 0.02


def test_the_python_of_the_page_runs(
    joe_artifact: SpeakerArtifact, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = (Path(__file__).parents[3] / "docs" / "speech.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "speech.md", "exec"), {})
    assert soundfile.info(tmp_path / "price.wav").duration > 1
