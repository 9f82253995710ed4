"""What fits into a time, and how long a newcomer waits, by what steps took."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prudent.generation.step_costs import CHUNKS, StepCosts


def learned(decode: float = 0.010, token: float = 0.001) -> StepCosts:
    costs = StepCosts()
    for size in CHUNKS:
        costs.prefilled(size, size * token)
    costs.decoded(decode)
    return costs


def test_the_largest_chunk_that_fits_is_taken() -> None:
    assert learned().chunk(2.0, 512) == 16
    assert learned(token=0.0001).chunk(2.0, 512) == 192
    assert learned(token=0.0001).chunk(2.0, 100) == 100


def test_a_prompt_goes_on_even_where_nothing_fits_or_nothing_is_known() -> None:
    assert learned(token=1.0).chunk(2.0, 512) == CHUNKS[0]
    assert StepCosts().chunk(2.0, 512) == CHUNKS[0]
    assert StepCosts().chunk(2.0, 3) == 3


def test_a_machine_that_gets_slower_gets_smaller_chunks() -> None:
    costs = learned()
    before = costs.chunk(2.0, 512)
    for _ in range(20):
        for size in CHUNKS:
            costs.prefilled(size, size * 0.003)
    assert costs.chunk(2.0, 512) < before


@given(
    st.lists(st.tuples(st.integers(1, 3000), st.floats(1e-6, 10.0)), max_size=30),
    st.floats(1e-4, 10.0),
    st.floats(0.1, 10.0),
    st.integers(1, 2048),
)
def test_a_chunk_is_never_over_its_limit_nor_empty(
    runs: list[tuple[int, float]], decode: float, steps: float, most: int
) -> None:
    costs = StepCosts()
    for tokens, seconds in runs:
        costs.prefilled(tokens, seconds)
    costs.decoded(decode)
    assert 1 <= costs.chunk(steps, most) <= most


def test_a_wait_is_the_slots_turns_or_the_prompts_before_whichever_is_longer() -> None:
    costs = learned()
    costs.served(4.0)
    assert costs.wait(queued=0, queued_tokens=0, free=1, slots=4) == 0.0
    assert costs.wait(queued=0, queued_tokens=0, free=0, slots=4) == pytest.approx(1.0)
    assert costs.wait(queued=7, queued_tokens=100, free=0, slots=4) == pytest.approx(8.0)
    assert costs.wait(queued=0, queued_tokens=5000, free=1, slots=4) == pytest.approx(5.0)
