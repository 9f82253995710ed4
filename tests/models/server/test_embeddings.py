"""/v1/embeddings over a socket with the official client, and from prudent's own, against real models."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import openai as sdk
import pytest
from openai import OpenAI

from prudent.capabilities.embeddings import EmbeddingModel
from prudent.client import AsyncClient, Client
from prudent.errors import ContentFilterError, ContextLengthError, InvalidRequestError
from prudent.server.app import create_app
from prudent.server.settings import Settings
from prudent.testing import RunningServer
from prudent_responsible_ai.audit import AuditLog

E5, MINILM = "multilingual-e5-small", "all-minilm-l6-v2"
TEXTS = ["How do I reset my password?", "Le chat dort.", "我忘了密码", "a"]
POLICY = """
extends: default
name: narrow
version: "1"
rules:
  user:
    - {check: secrets, action: block}
    - {check: personal_data, action: redact}
"""
KEY = "AKIA" + "Z7QW4PLM2XN6TRVB"


@pytest.fixture(scope="module")
def encoder_server(
    e5_artifact: object, minilm_artifact: object, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A server whose chat model is never asked for. The artifacts have been seen to."""
    folder = Path(tmp_path_factory.mktemp("embeddings"))
    (folder / "policy.yaml").write_text(POLICY)
    audit = AuditLog(folder / "audit.db", key=b"k" * 32)
    settings = Settings(preload=False, policy=str(folder / "policy.yaml"))
    with RunningServer(create_app(settings, audit=audit)) as running:
        yield running


@pytest.fixture(scope="module")
def official(encoder_server: RunningServer) -> Iterator[OpenAI]:
    """The official client."""
    with OpenAI(base_url=f"{encoder_server.base_url}/v1", api_key="unused", max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def e5_model(e5_artifact) -> Iterator[EmbeddingModel]:
    """The same model beside the server."""
    with EmbeddingModel(e5_artifact, threads=1) as model:
        yield model


def test_the_official_client_gets_the_models_vectors(official: OpenAI, e5_model: EmbeddingModel) -> None:
    answer = official.embeddings.create(model=E5, input=TEXTS)  # it asks for base64 by itself
    expected = e5_model.embed_counted(TEXTS, kind="query")
    np.testing.assert_allclose([one.embedding for one in answer.data], expected.vectors, atol=1e-5)
    assert [one.index for one in answer.data] == [0, 1, 2, 3]
    assert (answer.object, answer.model, answer.data[0].object) == ("list", E5, "embedding")
    assert answer.usage.prompt_tokens == answer.usage.total_tokens == sum(expected.tokens)


def test_numbers_are_the_same_as_bytes_and_one_text_as_a_list(official: OpenAI) -> None:
    packed = official.embeddings.create(model=MINILM, input=TEXTS[0])
    plain = official.embeddings.create(model=MINILM, input=[TEXTS[0]], encoding_format="float")
    assert isinstance(plain.data[0].embedding, list)
    np.testing.assert_allclose(packed.data[0].embedding, plain.data[0].embedding, atol=1e-6)
    assert len(plain.data[0].embedding) == 384


def test_fewer_dimensions_are_the_first_ones_at_length_one(official: OpenAI) -> None:
    whole = np.array(official.embeddings.create(model=E5, input=TEXTS[:1]).data[0].embedding)
    short = np.array(official.embeddings.create(model=E5, input=TEXTS[:1], dimensions=64).data[0].embedding)
    np.testing.assert_allclose(short, whole[:64] / np.linalg.norm(whole[:64]), atol=1e-6)
    with pytest.raises(sdk.BadRequestError, match="384") as caught:
        official.embeddings.create(model=E5, input="a", dimensions=385)
    assert caught.value.param == "dimensions"


@pytest.mark.parametrize(
    ("given", "words", "param"),
    [
        ([1, 2, 3], "token ids", "input"),
        ([[1, 2], [3]], "token ids", "input"),
        ("", "empty", "input"),
        (["a", ""], "text 1 is empty", "input"),
        ([], "input", "input"),
        (["a"] * 2049, "2048", "input"),
        (["a", "word " * 600], "Text 1 has 60[0-9] tokens", "input.1"),
        ("a" * 20_000, "Text 0 has 20,000 characters", "input.0"),
    ],
)
def test_what_cannot_be_embedded_is_named(official: OpenAI, given, words, param) -> None:
    with pytest.raises(sdk.BadRequestError, match=words) as caught:
        official.embeddings.create(model=MINILM, input=given)
    assert caught.value.param == param


def test_wrong_model_and_unknown_field_are_named(official: OpenAI) -> None:
    with pytest.raises(sdk.BadRequestError, match="for chat, not for embeddings"):
        official.embeddings.create(model="smollm2-135m-instruct", input="a")
    with pytest.raises(sdk.NotFoundError, match="e5"):
        official.embeddings.create(model="multilingual-e5-smal", input="a")
    with pytest.raises(sdk.BadRequestError, match="pooling") as caught:
        official.embeddings.create(model=MINILM, input="a", extra_body={"pooling": "max"})
    assert caught.value.param == "pooling"


def test_keys_are_refused_and_addresses_never_embedded(
    encoder_server: RunningServer, e5_model: EmbeddingModel
) -> None:
    with Client(encoder_server.base_url) as client:
        with pytest.raises(ContentFilterError) as caught:
            client.embeddings.create(input=["fine", f"my key is {KEY}"])
        assert caught.value.param == "input.1"
        answer = client.embeddings.create(input=["nothing here", "write to ann@example.org"])
    expected = e5_model.embed(["nothing here", "write to [EMAIL_1]"], kind="query")
    np.testing.assert_allclose(answer.vectors, expected, atol=1e-5)
    assert answer.safety is not None
    assert answer.safety.policy == "narrow"
    (found,) = answer.prompt_filter_results or []
    assert (found.part_index, found.content_filter_results["pii"].detected) == (1, True)


def test_questions_find_passages_and_long_texts_are_cut_when_asked(encoder_server: RunningServer) -> None:
    passages = ["Open the settings and press Reset; a link comes by mail.", "We open at nine."]
    with Client(encoder_server.base_url) as client:
        found = np.array(client.embeddings.create(input=passages, input_type="passage").vectors)
        asked = client.embeddings.create(input="几点开门？", input_type="query")
        assert (found @ np.array(asked.vectors[0])).argmax() == 1
        with pytest.raises(ContextLengthError, match="truncate"):
            client.embeddings.create(input="word " * 600)
        cut = client.embeddings.create(input="word " * 600, truncate=True, encoding_format="base64")
        assert cut.usage.total_tokens == 512
        assert isinstance(cut.data[0].embedding, str)
        assert len(cut.vectors[0]) == 384
        with pytest.raises(InvalidRequestError):
            client.embeddings.create(input=["a"], input_type="document")  # type: ignore[arg-type]


def test_many_at_once_get_their_own_vectors(official: OpenAI, e5_model: EmbeddingModel) -> None:
    texts = [f"{number} bottles on the wall" * (number % 4 + 1) for number in range(24)]
    expected = e5_model.embed(texts, kind="query")

    def ask(text: str) -> list[float]:
        return official.embeddings.create(model=E5, input=[text, "company"]).data[0].embedding

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, texts))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_async_client_and_one_that_leaves(encoder_server: RunningServer) -> None:
    async def both() -> list[list[float]]:
        async with AsyncClient(encoder_server.base_url) as client:
            leaving = asyncio.create_task(client.embeddings.create(input=["word " * 300] * 64))
            await asyncio.sleep(0.3)
            leaving.cancel()
            return (await client.embeddings.create(input="still here", model=MINILM)).vectors

    (vector,) = asyncio.run(both())
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


def test_schema_knows_the_request(encoder_server: RunningServer) -> None:
    schema = httpx.get(f"{encoder_server.base_url}/openapi.json").json()
    assert "/v1/embeddings" in schema["paths"]
    assert "input_type" in schema["components"]["schemas"]["EmbeddingRequest"]["properties"]
