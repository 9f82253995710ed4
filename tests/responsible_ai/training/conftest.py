"""The training scripts are no package: they lie beside it and import each other by name."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TRAINING = Path(__file__).parents[3] / "responsible_ai" / "training"


@pytest.fixture(scope="module", autouse=True)
def scripts() -> Iterator[None]:
    """Lets a test import them."""
    sys.path.insert(0, str(TRAINING))
    yield
    sys.path.remove(str(TRAINING))
