"""Drawing against the plain way of doing it: sort everything, cut, normalise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from prudent.generation.distribution import Scratch, choose
from prudent.generation.distribution import draw as draw_with
from prudent.generation.request import SamplingParams


def draw(
    logits: NDArray[np.float32], highest: float, params: SamplingParams, generator: np.random.Generator
) -> int:
    return draw_with(logits, highest, params, generator, Scratch(logits.size))


def probabilities(logits: NDArray[np.float32], params: SamplingParams) -> NDArray[np.float64]:
    """The distribution after the cuts, by sorting the whole vocabulary, in float64."""
    scaled = logits.astype(np.float64) / params.temperature
    p = np.exp(scaled - scaled.max())
    order = np.argsort(-p, kind="stable")
    if params.top_k is not None:
        p[order[params.top_k :]] = 0.0
    if params.top_p < 1.0:
        cumulative = np.cumsum(p[order])
        p[order[int(np.searchsorted(cumulative, params.top_p * cumulative[-1])) + 1 :]] = 0.0
    p[p < params.min_p] = 0.0
    return p / p.sum()


def reference_draw(logits: NDArray[np.float32], params: SamplingParams, uniform: float) -> int:
    cumulative = np.cumsum(probabilities(logits, params))
    return int(np.searchsorted(cumulative, uniform * cumulative[-1], side="right"))


def logits_of(spread: float, seed: int, size: int = 5000) -> NDArray[np.float32]:
    return (np.random.default_rng(seed).standard_normal(size) * spread).astype(np.float32)


settings_of_a_request = st.builds(
    SamplingParams,
    temperature=st.floats(0.1, 3.0),
    top_p=st.one_of(st.just(1.0), st.floats(0.01, 0.999)),
    top_k=st.one_of(st.none(), st.integers(1, 6000)),
    min_p=st.one_of(st.just(0.0), st.floats(0.001, 1.0)),
    seed=st.integers(0, 2**32),
)


@settings(deadline=None)
@given(settings_of_a_request, st.floats(0.5, 8.0), st.integers(0, 1000))
def test_a_draw_is_that_of_the_whole_sorted_vocabulary(
    params: SamplingParams, spread: float, seed: int
) -> None:
    logits = logits_of(spread, seed)
    got = draw(logits, float(logits.max()), params, np.random.default_rng(params.seed))
    uniform = np.random.default_rng(params.seed).random()
    # float32 against float64: near a boundary either neighbour is right
    near = {reference_draw(logits, params, min(max(uniform + d, 0.0), 0.999999)) for d in (-1e-4, 0.0, 1e-4)}
    allowed = np.flatnonzero(probabilities(logits, params))
    assert got in near or got in set(allowed.tolist()) & set(range(min(near), max(near) + 1))


@pytest.mark.parametrize(
    "params",
    [
        SamplingParams(),
        SamplingParams(temperature=0.6),
        SamplingParams(temperature=1.7),
        SamplingParams(top_p=0.7),
        SamplingParams(top_k=5),
        SamplingParams(min_p=0.2),
        SamplingParams(temperature=1.3, top_k=20, top_p=0.8, min_p=0.05),
    ],
)
def test_frequencies_of_many_draws_fit_the_distribution(params: SamplingParams) -> None:
    logits = logits_of(2.0, 3, size=40)
    generator = np.random.default_rng(7)
    draws = 6_000
    counts = np.bincount(
        [draw(logits, float(logits.max()), params, generator) for _ in range(draws)], minlength=40
    )
    expected = probabilities(logits, params) * draws
    assert counts[expected == 0.0].sum() == 0
    likely = expected > 5.0
    chi_squared = float(((counts[likely] - expected[likely]) ** 2 / expected[likely]).sum())
    assert chi_squared < 2.2 * max(8, int(likely.sum()))  # far outside of chance (p < 1e-4)


@settings(deadline=None)
@given(st.floats(0.0, 1.0, exclude_max=True), st.floats(0.001, 0.999))
def test_the_unseen_rest_never_changes_a_given_answer(uniform: float, top_p: float) -> None:
    """Whatever the others weigh, up to their bound, an index that was given stands."""
    weights = np.array([1.0, 0.5, 0.2, 0.1], np.float32)
    for params in (SamplingParams(), SamplingParams(top_p=top_p), SamplingParams(top_k=6)):
        given_index = choose(weights, uniform, params, others=10, heaviest_other=0.005)
        for each in (0.0, 0.0025, 0.005):
            whole = np.concatenate([weights, np.full(10, each, np.float32)])
            if given_index is not None:
                assert choose(whole, uniform, params) == given_index


def test_a_top_p_of_zero_keeps_the_most_likely_token() -> None:
    logits = logits_of(1.0, 5)
    generator = np.random.default_rng(0)
    drawn = {draw(logits, float(logits.max()), SamplingParams(top_p=0.0), generator) for _ in range(50)}
    assert drawn == {int(logits.argmax())}


def test_a_top_p_just_below_one_keeps_nearly_all() -> None:
    weights = np.full(1000, 1.0, np.float32)
    assert choose(weights, 0.99999, SamplingParams(top_p=0.9999999)) == 999


def test_masked_tokens_are_never_drawn() -> None:
    logits = np.full(10_000, -np.inf, np.float32)
    logits[[17, 4000]] = 1.0
    for params in (
        SamplingParams(),
        SamplingParams(top_k=50),
        SamplingParams(top_p=0.9),
        SamplingParams(min_p=0.1),
    ):
        generator = np.random.default_rng(1)
        assert {draw(logits, 1.0, params, generator) for _ in range(200)} == {17, 4000}


def test_a_tiny_temperature_gives_the_most_likely_without_warnings() -> None:
    logits = logits_of(3.0, 9)
    assert draw(
        logits, float(logits.max()), SamplingParams(temperature=2e-5), np.random.default_rng(0)
    ) == int(logits.argmax())


def test_one_dominant_token_is_always_drawn() -> None:
    logits = np.zeros(152_000, np.float32)
    logits[12_345] = 60.0
    generator = np.random.default_rng(0)
    assert {draw(logits, 60.0, SamplingParams(), generator) for _ in range(300)} == {12_345}
