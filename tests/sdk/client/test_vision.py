"""client.vision, and images in a conversation: from a file to a checked answer, with real models."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from prudent import AsyncClient, Client
from prudent.capabilities.reading import ReadingModel
from prudent.capabilities.vision.classification import ImageClassifier
from prudent.capabilities.vision.image_safety import ImageSafetyModel
from prudent.client.transports import AppTransport, AsyncAppTransport
from prudent.compiler.calibration.pictures import calibration_pictures
from prudent.errors import (
    ContentFilterError,
    InvalidRequestError,
    PermissionDeniedError,
    RequestTooLargeError,
)
from prudent.server.app import create_app
from prudent.server.settings import Settings
from prudent.testing import ScriptedModel, ScriptedModels

SECRET = "ann.lee@mail-example.org"


class Models(ScriptedModels):
    """A scripted model to talk, and real ones to see."""

    def __init__(self, speaker: ScriptedModel, seers: dict[str, Any]) -> None:
        super().__init__([speaker])
        self.seers = seers

    @asynccontextmanager
    async def lease(self, capability: Any, name: str | None = None) -> AsyncGenerator[Any]:
        if capability.task in self.seers:
            yield self.seers[capability.task]
        else:
            async with super().lease(capability, name) as model:
                yield model


@pytest.fixture(scope="module")
def reader_and_others() -> Iterator[dict[str, Any]]:
    seers = {
        "vision.classify": ImageClassifier.load(),
        "vision.safety": ImageSafetyModel.load(),
        "vision.read": ReadingModel.load(),
    }
    yield seers
    for model in seers.values():
        model.close()


@pytest.fixture
def effnet_world(reader_and_others: dict[str, Any]) -> Iterator[tuple[Client, ScriptedModel]]:
    speaker = ScriptedModel("Yes.")
    with _connect(Models(speaker, reader_and_others)) as client:
        yield client, speaker


def _connect(models: Models, policy: str = "strict") -> Client:
    import httpx

    def app() -> Any:
        settings = Settings(model="scripted", preload=False, policy=policy)
        return create_app(settings, pool=models)

    return Client(http_client=httpx.Client(transport=AppTransport(app)))


@pytest.fixture(scope="module")
def letter() -> Image.Image:
    """Two lines, one of them with an address that nobody may see."""
    image = Image.new("RGB", (760, 120), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(28)
    draw.text((20, 15), "Please call back before Friday noon", font=font, fill="black")
    draw.text((20, 65), f"or write to {SECRET} today", font=font, fill="black")
    return image


def data_url(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    return Image.fromarray(calibration_pictures(1, 224, 5)[0])


def test_an_image_is_classified_with_its_facts(effnet_world, picture, tmp_path):
    client, _ = effnet_world
    picture.save(tmp_path / "picture.png")
    answer = client.vision.classify(tmp_path / "picture.png", top_k=7)
    assert answer.model == "efficientnet-lite0"
    assert len(answer.tags) == 7
    assert answer.label == answer.tags[0].label
    assert (answer.image.name, answer.image.format, answer.image.width) == ("picture.png", "PNG", 224)
    assert answer.safety.policy == "strict"
    assert answer.safety.audit_id


def test_an_image_is_scored(effnet_world, picture):
    client, _ = effnet_world
    severity = client.vision.safety(picture).categories["sexual"]
    assert 0 <= severity.score <= 1
    assert 0 <= severity.severity_level <= 7


def test_analysis_has_what_was_asked_for_and_no_more(effnet_world, letter):
    client, _ = effnet_world
    default = client.vision.analyze(letter)
    assert default.tags
    assert default.categories
    assert default.colors[0].hex == "#ffffff"
    assert default.sharpness.variance > 0
    assert len(default.perceptual_hash) == 16
    assert default.text is None
    only = client.vision.analyze(letter, features=["hash"])
    assert only.perceptual_hash == default.perceptual_hash
    assert (only.tags, only.categories, only.colors, only.models) == (None, None, None, {})


def test_text_that_was_read_passes_the_checks(effnet_world, letter):
    client, _ = effnet_world
    answer = client.vision.analyze(letter, features=["text"])
    assert "Please call back before Friday noon" in answer.text.text
    assert SECRET not in answer.model_dump_json()
    assert any(verdict.detected for verdict in answer.text.content_filter_results.values())
    assert answer.models == {"text": "pp-ocrv6-small"}


def test_the_awaited_client_says_the_same(reader_and_others, picture):
    import httpx

    def app() -> Any:
        models = Models(ScriptedModel("Yes."), reader_and_others)
        return create_app(Settings(model="scripted", preload=False), pool=models)

    async def ask() -> Any:
        async with AsyncClient(http_client=httpx.AsyncClient(transport=AsyncAppTransport(app))) as client:
            return (
                await client.vision.classify(picture),
                await client.vision.safety(picture),
                await client.vision.analyze(picture, features=["tags"]),
            )

    classified, scored, analysed = asyncio.run(ask())
    assert analysed.tags == classified.tags
    assert scored.model == "open-nsfw"


def test_wrong_requests_are_told(effnet_world, picture):
    client, _ = effnet_world
    with pytest.raises(InvalidRequestError, match="top_k"):
        client.vision.classify(picture, top_k=0)
    with pytest.raises(InvalidRequestError, match="features"):
        client.vision.analyze(picture, features=["smell"])
    with pytest.raises(InvalidRequestError, match="twice"):
        client.vision.analyze(picture, features=["hash", "hash"])
    with pytest.raises(PermissionDeniedError, match="no images from URLs"):
        client.vision.classify("https://example.org/a.png")
    with pytest.raises(InvalidRequestError, match="damaged PNG"):
        client.vision.classify(b"\x89PNG\r\n\x1a\n and more")


def ask(client: Client, *images: str, detail: str = "auto", **options: Any) -> Any:
    parts = [{"type": "image_url", "image_url": {"url": url, "detail": detail}} for url in images]
    content = [{"type": "text", "text": "What does it say?"}, *parts]
    return client.chat.completions.create(messages=[{"role": "user", "content": content}], **options)


def test_a_model_without_eyes_is_told_what_an_image_says(effnet_world, letter):
    client, speaker = effnet_world
    answer = ask(client, data_url(letter))
    told = speaker.requests[0].messages[0].content
    assert [part.type for part in told] == ["text", "text"]
    assert "Please call back before Friday noon" in told[1].text
    assert told[1].source == "image"
    assert "760 x 120" in told[1].text
    (seen,) = answer.images
    assert (seen.message, seen.part) == (0, 1)
    assert seen.image.width == 760
    assert seen.text_characters > 60
    assert seen.models == ["efficientnet-lite0", "open-nsfw", "pp-ocrv6-small"]


def test_what_an_image_says_is_checked_as_coming_from_an_image(effnet_world, letter):
    client, speaker = effnet_world
    answer = ask(client, data_url(letter))
    assert SECRET not in str(speaker.requests[0])
    assert SECRET not in answer.model_dump_json()
    result = answer.prompt_filter_results[1]
    assert (result.source, result.prompt_index, result.part_index) == ("image", 0, 1)
    assert any(verdict.detected for verdict in result.content_filter_results.values())


def test_a_secret_in_an_image_stops_a_strict_request(effnet_world):
    client, speaker = effnet_world
    image = Image.new("RGB", (900, 60), "white")
    key = "AKIA" + "Q3EGRZX7KDWN2LSV"
    ImageDraw.Draw(image).text((20, 15), f"key {key}", font=ImageFont.load_default(28), fill="black")
    with pytest.raises(ContentFilterError, match="refused") as caught:
        ask(client, data_url(image))
    assert caught.value.param == "messages[0]"
    assert key not in str(caught.value)
    assert speaker.requests == []


def test_the_first_chunk_of_a_stream_says_it(effnet_world, picture):
    client, _ = effnet_world
    chunks = list(ask(client, data_url(picture), stream=True))
    assert chunks[0].images[0].image.width == 224
    assert all(chunk.images is None for chunk in chunks[1:])


def test_low_detail_reads_no_text(effnet_world, letter):
    client, speaker = effnet_world
    (seen,) = ask(client, data_url(letter), detail="low").images
    assert seen.text_characters is None
    assert seen.models == ["efficientnet-lite0", "open-nsfw"]
    assert "Friday" not in str(speaker.requests[0])


def test_a_conversation_without_images_has_none(effnet_world):
    client, _ = effnet_world
    assert client.chat.completions.create(messages=[{"role": "user", "content": "Hi"}]).images is None


def test_images_are_counted_and_named(effnet_world, picture):
    client, speaker = effnet_world
    with pytest.raises(InvalidRequestError, match="9 images; 8 are looked at") as caught:
        ask(client, *[data_url(picture)] * 9)
    assert caught.value.param == "messages[0].content[9].image_url"
    with pytest.raises(InvalidRequestError, match="neither a data URL") as caught:
        ask(client, data_url(picture), "data:;base64,???")
    assert caught.value.param == "messages[0].content[2].image_url"
    with pytest.raises(PermissionDeniedError):
        ask(client, "http://example.org/a.png")
    assert speaker.requests == []


def test_a_bomb_costs_nothing(effnet_world):
    client, _ = effnet_world
    bomb = Image.new("L", (9000, 9000))
    with pytest.raises(RequestTooLargeError, match="9,000 x 9,000"):
        client.vision.analyze(bomb)


def test_pixels_of_numpy_are_given_through_pillow(effnet_world):
    client, _ = effnet_world
    image = Image.fromarray(np.zeros((8, 8, 3), np.uint8))
    assert client.vision.analyze(image, features=["colors"]).colors[0].hex == "#000000"


def test_the_documentations_python_runs(
    reader_and_others: dict[str, Any], picture: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process; `reader_and_others` has seen to it that the models are compiled."""
    page = (Path(__file__).parents[3] / "docs" / "vision.md").read_text(encoding="utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    picture.convert("RGB").save(tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "vision.md", "exec"), {})
