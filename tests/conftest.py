"""Fixtures for tests that run real models, fetched and compiled once into the cache: SmolLM2-135M and E5."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from prudent.runtime.artifact import DecoderArtifact
from prudent.runtime.encoder_artifact import EncoderArtifact

SMOL = "smollm2-135m-instruct"
E5 = "multilingual-e5-small"
_MODELS = ("smol_", "e5_")


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
