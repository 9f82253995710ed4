"""The line: who is next, and when it is full."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prudent.errors import RateLimitError
from prudent.generation.request import Priority
from prudent.generation.sequence import Sequence
from prudent.generation.waiting import PROMOTION_S, WaitingLine, current_class


def line(sequences: int = 100, tokens: int = 10_000) -> WaitingLine:
    return WaitingLine(max_sequences=sequences, max_tokens=tokens)


def sequence(prompt: int, tenant: str = "", priority: Priority = Priority.INTERACTIVE) -> Sequence:
    return Sequence(tuple(range(prompt)), 3, tenant, priority)


def served(waiting: WaitingLine, now: float = 0.0) -> list[Sequence]:
    """All of them, in the order of their turns."""
    order: list[Sequence] = []
    while waiting:
        order.append(waiting.in_order(now)[0])
        waiting.take(order[-1])
    return order


def test_of_one_tenant_the_first_comes_first() -> None:
    waiting = line()
    members = [sequence(length) for length in (9, 2, 5)]
    for member in members:
        waiting.add(member)
    assert served(waiting) == members


def test_one_tenants_many_do_not_hold_up_anothers_few() -> None:
    waiting = line()
    many = [sequence(20, "many") for _ in range(10)]
    for member in many:
        waiting.add(member)
    waiting.take(many[0])
    few = [sequence(20, "few") for _ in range(2)]
    for member in few:
        waiting.add(member)
    order = served(waiting)
    assert order.index(few[0]) <= 1
    assert order.index(few[1]) <= 3


def test_work_counts_and_not_the_number_of_requests() -> None:
    waiting = line()
    for _ in range(20):
        waiting.add(sequence(97, "long"))
        waiting.add(sequence(7, "short"))
    first = served(waiting)[:12]
    assert sum(member.isolation == "short" for member in first) >= 9


def test_newcomers_without_end_do_not_hold_up_one_whose_turn_is_later() -> None:
    waiting = line()
    for _ in range(3):
        waiting.add(sequence(50, "a"))
    last = sequence(50, "a")
    waiting.add(last)
    for count in range(60):
        while len(waiting) < 5:
            waiting.add(sequence(10, f"new {count}"))
        turn = waiting.in_order(0.0)[0]
        waiting.take(turn)
        if turn is last:
            return
    raise AssertionError("starved")


def test_one_that_gave_way_does_not_ask_for_its_work_twice() -> None:
    waiting = line()
    first = sequence(50, "a")
    waiting.add(first)
    waiting.add(sequence(10, "b"))
    waiting.take(first)
    first.generated.append(1)
    waiting.add(first)
    other = sequence(10, "a")
    waiting.add(other)
    order = served(waiting)
    assert order.index(first) < order.index(other)


def test_the_higher_class_goes_first_until_age_makes_them_equal() -> None:
    waiting = line()
    old = sequence(5, priority=Priority.BACKGROUND)
    waiting.add(old)
    now = 2 * PROMOTION_S
    young = sequence(5)
    young.arrived = now
    waiting.add(young)
    assert waiting.in_order(now - 1.0) == [young, old]
    assert waiting.in_order(now) == [old, young]


@given(st.sampled_from(Priority), st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_class_only_rises(priority: Priority, at: float, later: float) -> None:
    member = sequence(1, priority=priority)
    assert 0 <= current_class(member, at + later) <= current_class(member, at) <= priority


def test_the_line_is_bounded_by_count() -> None:
    waiting = line(sequences=2)
    waiting.add(sequence(1))
    waiting.add(sequence(1))
    with pytest.raises(RateLimitError, match="2 requests are waiting") as caught:
        waiting.check_room(sequence(1), 7.0)
    assert caught.value.details == {"retry_after": 7.0, "queued": 2, "queued_tokens": 2}


def test_the_line_is_bounded_by_tokens_but_takes_one_long_prompt_when_empty() -> None:
    waiting = line(tokens=10)
    waiting.check_room(sequence(50), 0.0)
    long = sequence(50)
    waiting.add(long)
    with pytest.raises(RateLimitError, match="50 prompt tokens"):
        waiting.check_room(sequence(1), 0.0)
    waiting.remove(long)
    waiting.check_room(sequence(1), 0.0)


def test_tenants_that_are_gone_leave_nothing_behind() -> None:
    waiting = line(sequences=5)
    for count in range(1000):
        waiting.add(sequence(1, f"tenant {count}"))
        if len(waiting) > 3:
            waiting.take(waiting.in_order(0.0)[0])
    assert len(waiting._tenants) <= 2 * 5 + 1
