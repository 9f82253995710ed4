"""Answers that go round in a circle, and answers that only look like it."""

from __future__ import annotations

import random

import pytest

from prudent.generation.circle import EVERY, LEAST_ROUNDS, LEAST_TOKENS, LONGEST, goes_round


def _first_seen(tokens: list[int]) -> int | None:
    return next((end for end in range(len(tokens) + 1) if goes_round(tokens[:end])), None)


@pytest.mark.parametrize("period", [1, 2, 7, 40, 48, 300, LONGEST])
def test_the_same_again_is_seen_as_soon_as_it_is_long_enough(period: int) -> None:
    begun = list(range(1000, 1050))
    seen = _first_seen(begun + (list(range(period)) * 4_000)[: 4 * LONGEST])
    enough = len(begun) + max(LEAST_TOKENS, LEAST_ROUNDS * period)
    assert seen is not None
    assert 0 <= seen - enough < EVERY


def test_what_differs_somewhere_in_each_round_is_no_circle() -> None:
    counted = [token for number in range(100) for token in (*range(20), 500 + number)]
    assert _first_seen(counted) is None
    drawn = random.Random(5)
    assert _first_seen([drawn.randrange(3) for _ in range(4000)]) is None


def test_a_longer_round_and_a_shorter_row_are_let_be() -> None:
    assert _first_seen(list(range(LONGEST + 1)) * 10) is None
    assert _first_seen([1] * (LEAST_TOKENS - 1)) is None
