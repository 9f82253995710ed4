"""The scheduler's promises, under any order of arrivals, tokens, ends, cancellations and times."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from scheduler_world import DECODE_S, Answering, World, sequence

from prudent.errors import RateLimitError
from prudent.generation.request import Priority
from prudent.generation.scheduler import (
    Decode,
    FirstPrompts,
)
from prudent.generation.sequence import Phase, Sequence
from prudent.generation.waiting import PROMOTION_S


class AnyOrder(RuleBasedStateMachine):
    """Everything that may happen to an engine, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(slots=3, blocks=7, queue=20)
        self.refused = 0

    @rule(
        shared=st.integers(0, 50),
        own=st.integers(1, 70),
        text=st.integers(0, 2),
        answer=st.integers(1, 12),
        tenant=st.sampled_from(["", "a", "b"]),
        priority=st.sampled_from(Priority),
        scored=st.booleans(),
        deadline=st.none() | st.floats(0.001, 5.0),
    )
    def admit(
        self,
        shared: int,
        own: int,
        text: int,
        answer: int,
        tenant: str,
        priority: Priority,
        scored: bool,
        deadline: float | None,
    ) -> None:
        world = self.world
        prompt = (*range(shared), *range(100 * text, 100 * text + own))
        newcomer = Sequence(prompt, answer, tenant, priority, scored and own % 4 == 0)
        newcomer.expires = None if deadline is None else world.now + deadline
        try:
            world.admit(newcomer)
        except RateLimitError:
            assert newcomer not in world.line

    @rule(
        steps=st.integers(1, 8),
        accepted=st.integers(0, 10),
        forced=st.sampled_from([0, 0, 0, 1, 5, 70]),
        drafted=st.integers(0, 10),
    )
    def step(self, steps: int, accepted: int, forced: int, drafted: int) -> None:
        for _ in range(steps):
            self.world.now += DECODE_S
            self.expire()
            self.world.step(Answering(accepted, forced, drafted))

    @rule(victim=st.integers(0, 100), keep=st.booleans())
    def cancel(self, victim: int, keep: bool) -> None:
        alive = [s for s in self.world.admitted if s.phase is not Phase.ENDED]
        if alive:
            self.world.end(alive[victim % len(alive)], keep=keep)

    @rule(seconds=st.sampled_from([0.5, 5.0, PROMOTION_S, 100.0]))
    def wait(self, seconds: float) -> None:
        self.world.now += seconds

    def expire(self) -> None:
        for member in [s for s in self.world.admitted if s.phase is not Phase.ENDED]:
            if member.is_late(self.world.now):
                self.world.end(member)

    @invariant()
    def everybody_is_in_one_place(self) -> None:
        world = self.world
        slots = [s.slot for s in world.running]
        assert len(set(slots)) == len(slots)
        for member in world.admitted:
            where = (member in world.line, member in world.running, member.phase is Phase.ENDED)
            assert where.count(True) == 1
            assert (member.slot is not None) == (member in world.running)
        assert world.scheduler.queued_tokens == sum(len(s.prompt) for s in world.line)
        assert world.scheduler.free == 3 - len(slots)

    @invariant()
    def nothing_stays_pinned(self) -> None:
        """Between steps every block may be evicted."""
        world = self.world
        assert len(world.prefixes._unpinned) == world.prefixes.stats().blocks

    def teardown(self) -> None:
        self.world.drain()
        assert self.world.scheduler.idle
        assert len(self.world.ended) == len(set(self.world.ended)) == len(self.world.admitted)
        for member in self.world.admitted:
            assert len(member.generated) <= member.max_tokens
        assert self.world.scheduler.expected_wait() >= 0.0


AnyOrder.TestCase.settings = settings(
    max_examples=settings().max_examples // 2, stateful_step_count=40, deadline=None
)
TestAnyOrder = AnyOrder.TestCase


def kinds(world: World, steps: int) -> list[str]:
    return [type(step.batch).__name__ if (step := world.step()) else "None" for _ in range(steps)]


def test_a_long_prompt_and_running_streams_take_turns() -> None:
    world = World(slots=2)
    world.admit(sequence(5, 50))
    world.step()
    long = world.admit(sequence(200, 5, first=300))
    assert kinds(world, 8) == ["Decode", "Extend"] * 4
    assert 0 < long.computed < 200


def test_a_short_prompt_takes_over_a_hole_without_a_move() -> None:
    world = World(slots=3)
    members = [world.admit(sequence(20, 50, first=100 * i)) for i in range(3)]
    while any(member.phase is not Phase.DECODE for member in members):
        world.step()
    assert kinds(world, 1) == ["Decode"]
    world.end(next(s for s in members if s.slot == 0))
    newcomer = world.admit(sequence(6, 50, first=350))
    batches = [step.batch for _ in range(4) if (step := world.step())]
    decodes = [batch for batch in batches if isinstance(batch, Decode) and newcomer in batch.sequences]
    assert decodes
    assert decodes[0].moves == ()
    assert newcomer.slot == 0


def test_first_prompts_of_similar_length_are_computed_together() -> None:
    world = World(slots=4)
    together = [world.admit(sequence(n, 5, first=100 * n)) for n in (12, 11, 9)]
    step = world.step()
    assert step is not None
    assert isinstance(step.batch, FirstPrompts)
    assert list(step.batch.sequences) == together


def test_equal_prompts_too_short_to_be_kept_are_computed_together() -> None:
    world = World(slots=4)
    twins = [world.admit(sequence(9, 5)) for _ in range(3)]
    step = world.step()
    assert step is not None
    assert isinstance(step.batch, FirstPrompts)
    assert list(step.batch.sequences) == twins


def test_a_prompt_of_another_length_does_not_keep_the_next_ones_apart() -> None:
    world = World(slots=4)
    first, _, third = (world.admit(sequence(n, 5, first=100 * n)) for n in (12, 47, 11))
    step = world.step()
    assert step is not None
    assert isinstance(step.batch, FirstPrompts)
    assert step.batch.sequences == (first, third)


def test_a_prompt_that_begins_like_another_waits_and_finds_it_in_the_cache() -> None:
    world = World(slots=4, chunk=256)
    twins = [world.admit(Sequence((*range(40), 900 + i), 2)) for i in range(3)]
    world.drain()
    assert [twin.reused for twin in twins] == [0, 32, 32]


@pytest.mark.parametrize("chunk", [3, 7, 8, 16, 48])
def test_no_prompt_ends_with_a_run_of_one_token(chunk: int) -> None:
    """Its answer would depend, by rounding, on how the prompt was cut."""
    world = World(slots=2, chunk=chunk)
    for length in (*range(2, 60), *range(2, 60)):
        world.admit(sequence(length, 1))
        while step := world.step():
            assert isinstance(step.batch, FirstPrompts) or len(getattr(step.batch, "tokens", ())) > 1


def test_another_tenants_beginning_is_not_found() -> None:
    world = World()
    twins = [world.admit(Sequence(tuple(range(40)), 2, isolation=name)) for name in "abab"]
    world.drain()
    assert [twin.reused for twin in twins] == [0, 0, 32, 32]


def test_a_higher_class_takes_the_slot_of_a_lower_one_which_returns() -> None:
    world = World(slots=1)
    lower = world.admit(sequence(40, 20, priority=Priority.BACKGROUND))
    while len(lower.generated) < 6:
        world.step()
    higher = world.admit(sequence(10, 3, first=300))
    world.step()
    assert (lower.phase, lower.slot) == (Phase.WAITING, None)
    while higher.phase is not Phase.ENDED:
        world.step()
    world.drain()
    assert (len(lower.generated), lower.reused) == (20, 0)


def test_equals_do_not_take_each_others_slots() -> None:
    world = World(slots=1)
    first = world.admit(sequence(10, 20, priority=Priority.BATCH))
    world.step()
    world.admit(sequence(10, 3, first=300, priority=Priority.BATCH))
    world.step()
    assert first.slot == 0


def test_a_deadline_that_would_pass_before_its_turn_is_refused_at_the_door() -> None:
    world = World(slots=1)
    world.costs.served(10.0)
    world.admit(sequence(10, 50))
    world.step()
    with pytest.raises(RateLimitError, match=r"about 10\.0 s") as caught:
        world.admit(sequence(10, first=100, expires=world.now + 5.0))
    assert caught.value.details["retry_after"] == pytest.approx(10.0)
    world.admit(sequence(10, first=100, expires=world.now + 15.0))


def test_the_wait_of_a_higher_class_does_not_count_those_behind_it() -> None:
    world = World(slots=1)
    world.costs.served(10.0)
    world.admit(sequence(10, 50, priority=Priority.BACKGROUND))
    world.step()
    for number in range(5):
        world.admit(sequence(10, first=100 * number, priority=Priority.BACKGROUND))
    urgent = world.admit(sequence(10, first=700, expires=world.now + 5.0))
    world.step()
    world.step()
    assert urgent.slot is not None


def test_ending_twice_is_allowed() -> None:
    world = World()
    member = world.admit(sequence(1))
    world.end(member)
    world.end(member)
    assert world.scheduler.idle


def until(condition: Callable[[], bool], world: World, flood: Callable[[], Sequence], seconds: float) -> None:
    """Keep at least two newcomers waiting at all times; the condition must come true in time."""
    start = world.now
    while not condition():
        while world.scheduler.queued < 2:
            world.admit(flood())
        world.now += DECODE_S
        world.step()
        assert world.now - start < seconds, "starved"


class Flood:
    """Newcomers without end; no two begin alike."""

    def __init__(self, answer: int, tenants: int | None = 1) -> None:
        self._count = 0
        self._answer = answer
        self._tenants = tenants

    def __call__(self) -> Sequence:
        self._count += 1
        tenant = self._count if self._tenants is None else self._count % self._tenants
        return sequence(6, self._answer, first=10 * self._count, isolation=str(tenant))


@pytest.mark.parametrize("answer", [1, 2, 20])
@pytest.mark.parametrize("tenants", [1, 3, None])
@pytest.mark.parametrize("priority", list(Priority))
def test_nobody_starves_beside_a_flood_of_urgent_requests(
    answer: int, tenants: int | None, priority: Priority
) -> None:
    """However short the urgent ones are, however many tenants they come from; in line and with a slot."""
    world = World(slots=3)
    flood = Flood(answer, tenants)
    for _ in range(4):
        world.admit(flood())
    # Its tenant has just asked for a lot, so that it is not the first in turn.
    world.admit(sequence(300, 3, first=5000, isolation="9", priority=priority))
    waiting = world.admit(sequence(300, 30, first=6000, isolation="9", priority=priority))
    until(lambda: waiting.phase is Phase.ENDED, world, flood, seconds=3 * PROMOTION_S)


def test_a_long_prompt_with_a_slot_goes_on_beside_a_flood() -> None:
    world = World(slots=3)
    slow = world.admit(sequence(300, 3, first=5000, priority=Priority.BACKGROUND))
    world.step()
    assert slow.slot is not None
    until(lambda: bool(slow.generated), world, Flood(1), seconds=PROMOTION_S)


def test_a_long_prompt_goes_on_beside_streams_that_a_grammar_forces_on() -> None:
    world = World(slots=3)
    streams = [world.admit(sequence(8, 300, first=100 * i)) for i in range(2)]
    for _ in range(6):
        world.step()
    long = world.admit(sequence(200, 3, first=5000))
    for _ in range(200):
        world.step(Answering(forced=5))
        if long.generated:
            break
    assert long.generated
    assert all(stream.generated for stream in streams)
