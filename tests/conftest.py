"""Fixtures for tests that run real models, fetched and compiled once into the cache: SmolLM2-135M and E5.

`HYPOTHESIS_PROFILE=deep pytest` looks far longer for counterexamples where a test does not say how long.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from prudent.runtime.artifact import DecoderArtifact
from prudent.runtime.encoder_artifact import EncoderArtifact
from prudent.runtime.speaker_artifact import SpeakerArtifact
from prudent.runtime.transcriber_artifact import TranscriberArtifact

SMOL = "smollm2-135m-instruct"
JOE = "piper-en-us-joe-medium"
E5 = "multilingual-e5-small"
MINILM = "all-minilm-l6-v2"
WHISPER = "whisper-tiny.en"
_MODELS = ("whisper_", "joe_", "smol_", "e5_", "minilm_", "reader_", "effnet_", "nsfw_")

# How long an example takes is the machine's affair, and no property.
settings.register_profile("steady", deadline=None)
settings.register_profile("deep", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for a real model, so that `-m "not model"` gives the quick suite."""
    for item in items:
        if isinstance(item, pytest.Function) and any(name.startswith(_MODELS) for name in item.fixturenames):
            item.add_marker("model")


@pytest.fixture(scope="session")
def smol_gguf() -> Path:
    """SmolLM2's GGUF, fetched through the catalog."""
    if given := os.environ.get("PRUDENT_TEST_SMOL_GGUF"):
        return Path(given)
    from prudent.catalog import Catalog
    from prudent.catalog.fetch import fetch

    entry = Catalog.load().get(SMOL)
    return fetch(entry) / entry.files[0].name


@pytest.fixture(scope="session")
def smol_artifact() -> DecoderArtifact:
    """SmolLM2 compiled to the default target."""
    from prudent.store import open_decoder

    return open_decoder(SMOL)


@pytest.fixture(scope="session")
def smol_reference() -> DecoderArtifact:
    """SmolLM2 compiled to float32, the reference."""
    from prudent.store import open_decoder

    return open_decoder(SMOL, target="float32")


@pytest.fixture(scope="session")
def joe_files() -> Path:
    """The folder of the Piper voice's files, fetched through the catalog."""
    from prudent.catalog import Catalog
    from prudent.catalog.fetch import fetch

    return fetch(Catalog.load().get(JOE))


@pytest.fixture(scope="session")
def joe_artifact() -> SpeakerArtifact:
    """The voice compiled to the default target."""
    from prudent.store import open_model

    return SpeakerArtifact(open_model(JOE, "speech"))


@pytest.fixture(scope="session")
def e5_file() -> Path:
    """The weight file of multilingual-e5-small, fetched through the catalog."""
    from prudent.catalog import Catalog
    from prudent.catalog.fetch import fetch

    entry = Catalog.load().get(E5)
    return fetch(entry) / entry.files[0].name


@pytest.fixture(scope="session")
def e5_artifact() -> EncoderArtifact:
    """multilingual-e5-small compiled to the default target."""
    from prudent.store import open_encoder

    return open_encoder(E5)


@pytest.fixture(scope="session")
def minilm_files() -> Path:
    """The folder of all-minilm-l6-v2's files, fetched through the catalog."""
    from prudent.catalog import Catalog
    from prudent.catalog.fetch import fetch

    return fetch(Catalog.load().get(MINILM))


@pytest.fixture(scope="session")
def minilm_artifact() -> EncoderArtifact:
    """all-minilm-l6-v2 compiled to the default target."""
    from prudent.store import open_encoder

    return open_encoder(MINILM)


@pytest.fixture(scope="session")
def whisper_files() -> Path:
    """The folder of Whisper tiny.en's files, fetched through the catalog."""
    from prudent.catalog import Catalog
    from prudent.catalog.fetch import fetch

    return fetch(Catalog.load().get(WHISPER))


@pytest.fixture(scope="session")
def whisper_artifact() -> TranscriberArtifact:
    """Whisper tiny.en compiled to the default target."""
    from prudent.store import open_model

    return TranscriberArtifact(open_model(WHISPER, "transcription"))
