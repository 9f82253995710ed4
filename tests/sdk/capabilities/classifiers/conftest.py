"""One thread for small matrices, as in a training; and a text classifier's parts with the real encoder."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

from prudent.capabilities.classifiers.cleaning import RawExample
from prudent.capabilities.classifiers.features import Encoding, text_encoding
from prudent.capabilities.embeddings import EmbeddingModel

REQUESTS = Path(__file__).parents[3] / "data" / "classifiers" / "requests.csv"


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads that wait for each other take longer than the work."""
    with threadpool_limits(1, user_api="blas"):
        yield


@pytest.fixture(scope="session")
def requests() -> list[RawExample]:
    """Sixty sentences of customers in English and Chinese: four classes, the language as the group."""
    with REQUESTS.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [RawExample(row["text"], row["label"], row["language"], at) for at, row in enumerate(rows, 2)]


@pytest.fixture(scope="session")
def e5_encoding(e5_artifact) -> Iterator[Encoding]:
    """Texts to vectors by multilingual-e5-small."""
    with EmbeddingModel(e5_artifact) as model:
        yield text_encoding(model)
