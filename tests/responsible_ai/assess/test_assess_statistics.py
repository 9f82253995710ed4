"""Intervals, against scipy and against the examples of the papers they come from."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent_responsible_ai.assess.results import gap, measured
from prudent_responsible_ai.assess.statistics import can_tell, newcombe, newcombe_paired, wilson


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_that_of_scipy(counts: tuple[int, int]) -> None:
    stats = pytest.importorskip("scipy.stats")
    hits, n = counts
    expected = stats.binomtest(hits, n).proportion_ci(0.95, method="wilson")
    found = wilson(hits, n)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_newcombe_gives_the_papers_examples() -> None:
    """56/70 against 48/80 (1998, table II, row a), and the pairs 36, 12, 2, 0 (paired paper, method 10)."""
    independent = newcombe(56, 70, 48, 80)
    assert (independent.low, independent.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    paired = newcombe_paired(36, 12, 2, 0)
    assert (paired.low, paired.high) == pytest.approx((0.0569, 0.3404), abs=5e-5)


@given(*[st.integers(0, 60)] * 4)
def test_a_paired_interval_holds_its_estimate_and_turns_with_the_groups(
    both: int, first: int, second: int, neither: int
) -> None:
    one = newcombe_paired(both, first, second, neither)
    other = newcombe_paired(both, second, first, neither)
    assert -1 <= one.low <= one.value + 1e-9
    assert one.value - 1e-9 <= one.high <= 1
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-9)


def test_few_pairs_or_an_interval_over_zero_cannot_tell() -> None:
    clear = newcombe_paired(0, 9, 0, 0)
    assert clear.low > 0
    assert not can_tell(clear, 9)
    assert gap("g", "t", "a", "b", [(True, False)] * 9).verdict == "cannot tell"
    assert gap("g", "t", "a", "b", [(True, False)] * 20).verdict == "difference"
    assert gap("g", "t", "a", "b", [(True, True)] * 200).verdict == "cannot tell"
    assert gap("g", "t", "a", "b", []).verdict == "cannot tell"


def test_a_measure_names_the_questions_on_the_wrong_side() -> None:
    outcomes = {"one": True, "two": False}
    assert measured("m", "t", "privacy", outcomes, better="low").failed == ["one"]
    assert measured("m", "t", "privacy", outcomes, better="high").failed == ["two"]
    empty = measured("m", "t", "privacy", {}, better="low")
    assert (empty.low, empty.high, empty.enough) == (0.0, 1.0, False)
