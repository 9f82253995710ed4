"""Seeing, hearing and speaking tools: files from below the root to the agent's client, results untrusted."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import httpx
import pytest

from prudent.client import AsyncClient
from prudent.types.content import Source
from prudent_agents.errors import ToolArgumentsError, ToolError
from prudent_agents.labels import Confidentiality
from prudent_agents.tool import Effect, Tool, ToolContext
from prudent_agents.tools.audio import audio_say, audio_transcribe
from prudent_agents.tools.vision import vision_classify, vision_read

IMAGE = {"format": "PNG", "width": 64, "height": 32, "bytes": 5}
ANSWERS: dict[str, Any] = {
    "/v1/vision/read": {
        "model": "eyes",
        "text": "TOTAL 12.50",
        "pages": [
            {"number": 1, "width": 64, "height": 32, "text": "TOTAL 12.50", "lines": [], "source": "image"}
        ],
        "image": IMAGE,
    },
    "/v1/vision/classify": {
        "model": "eyes",
        "tags": [{"label": "thing", "score": 0.91239, "index": 0}],
        "image": IMAGE,
    },
    "/v1/audio/transcriptions": {
        "task": "transcribe",
        "text": "buy milk",
        "language": "english",
        "duration": 1.0,
    },
}


def call(tool: Tool, **arguments: Any) -> Any:
    """The tool's result, through the real client and a server that answers what is written above."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/audio/speech":
            return httpx.Response(200, content=b"SOUND", headers={"content-type": "audio/mpeg"})
        if base64.b64encode(b"no image") in request.content:
            error = {
                "message": "This is no image.",
                "type": "invalid_request_error",
                "param": "image",
                "code": None,
            }
            return httpx.Response(400, json={"error": error})
        return httpx.Response(200, json=ANSWERS[request.url.path])

    async def asked() -> Any:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            client = AsyncClient("http://127.0.0.1:9", http_client=http)
            return await tool.call(arguments, ToolContext(client=client))

    return asyncio.run(asked())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    for name in ("root/receipt.png", "root/memo.wav", "outside.png"):
        (tmp_path / name).write_bytes(b"bytes")
    return tmp_path / "root"


def test_images_are_read_and_classified(root: Path) -> None:
    assert call(vision_read(root), image="receipt.png") == {"text": "TOTAL 12.50", "pages": 1}
    assert call(vision_classify(root), image="receipt.png") == {
        "label": "thing",
        "tags": [{"label": "thing", "score": 0.9124}],
    }


def test_recordings_are_written_down(root: Path) -> None:
    heard = call(audio_transcribe(root), audio="memo.wav")
    assert heard["text"].strip() == "buy milk"
    assert heard["duration"] == 1.0


@pytest.mark.parametrize("path", ["../outside.png", "/etc/passwd", "none.png"])
def test_files_outside_are_not_sent(root: Path, path: str) -> None:
    for tool, name in (
        (vision_read(root), "image"),
        (vision_classify(root), "image"),
        (audio_transcribe(root), "audio"),
    ):
        with pytest.raises(ToolArgumentsError):
            call(tool, **{name: path})


def test_what_cannot_be_decoded_is_told_in_the_clients_words(root: Path) -> None:
    (root / "text.png").write_text("no image")
    with pytest.raises(ToolError, match=r"vision\.read failed: .*image"):
        call(vision_read(root), image="text.png")


def test_a_recording_is_only_made_with_an_ending_that_names_its_format(root: Path) -> None:
    with pytest.raises(ToolArgumentsError, match=r"End it in \.mp3"):
        call(audio_say(root), text="hello", path="memo.exe")
    assert not (root / "memo.exe").exists()


def test_a_text_is_spoken_into_a_new_file(root: Path) -> None:
    assert call(audio_say(root), text="hello", path="said/hello.mp3") == {
        "path": "said/hello.mp3",
        "bytes": 5,
    }
    assert (root / "said" / "hello.mp3").read_bytes() == b"SOUND"
    with pytest.raises(ToolArgumentsError, match="already"):
        call(audio_say(root), text="again", path="said/hello.mp3")


def test_an_agent_without_a_client_is_told(root: Path) -> None:
    with pytest.raises(ToolError, match="needs a client"):
        asyncio.run(vision_read(root).call({"image": "receipt.png"}, ToolContext()))


def test_what_they_promise(root: Path) -> None:
    sources = {Source.IMAGE: (vision_read, vision_classify), Source.AUDIO: (audio_transcribe,)}
    for source, factories in sources.items():
        for factory in factories:
            tool = factory(root)
            assert (tool.source, tool.trusted) == (source, False)
            assert (tool.effect, tool.confidentiality) == (Effect.READ, Confidentiality.PRIVATE)
    assert audio_say(root).effect is Effect.WRITE
