"""Shares of sources: how often each example is taken, and what happens to a name that there is not."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

TRAINING = Path(__file__).parents[3] / "responsible_ai" / "training"

Times: TypeAlias = Callable[[Sequence[str], Mapping[str, float]], list[int]]


@pytest.fixture(scope="module")
def times() -> Iterator[Times]:
    """The training scripts are no package: they lie beside it and import each other by name."""
    sys.path.insert(0, str(TRAINING))
    from shares import times  # pyright: ignore[reportMissingImports, reportUnknownVariableType]

    yield times
    sys.path.remove(str(TRAINING))


@settings(deadline=None)
@given(sources=st.lists(st.sampled_from("abc"), min_size=1, max_size=60), share=st.floats(0.0, 3.0))
def test_an_example_is_taken_as_often_as_its_source_says(
    times: Times, sources: list[str], share: float
) -> None:
    counts = times([*sources, "a"], {"a": share})
    for source, count in zip(sources, counts, strict=False):
        assert math.floor(share) <= count <= math.ceil(share) if source == "a" else count == 1


def test_half_of_a_source_is_about_half(times: Times) -> None:
    assert 440 < sum(times(["a"] * 1_000, {"a": 0.5})) < 560


def test_a_source_that_is_not_there_is_named(times: Times) -> None:
    with pytest.raises(ValueError, match="cold"):
        times(["a"], {"cold": 0.5})
