"""The scheduler's promises, under any order of arrivals, ends and cancellations."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent.errors import RateLimitError
from prudent.generation.scheduler import Decode, Prefill, Scheduler
from prudent.generation.sequence import Phase, Sequence


def scheduler(slots: int = 4, chunk: int = 4, queue: int = 100, tokens: int = 10_000) -> Scheduler:
    return Scheduler(slots=slots, prefill_chunk=chunk, max_queue=queue, max_queued_tokens=tokens)


def sequence(prompt: int, answer: int = 3) -> Sequence:
    return Sequence(tuple(range(prompt)), answer)


class Simulation:
    """An engine of plain lists: it follows moves and checks that every row has its own content."""

    def __init__(self, slots: int, chunk: int) -> None:
        self.scheduler = scheduler(slots, chunk)
        self.cells: list[list[tuple[int, int]]] = [[] for _ in range(slots)]
        self.first_run: list[Sequence] = []
        self.ended: list[Sequence] = []

    def step(self) -> bool:
        batch = self.scheduler.next_batch()
        if isinstance(batch, Prefill):
            self._prefill(batch)
        elif isinstance(batch, Decode):
            self._decode(batch)
        return batch is not None

    def _prefill(self, batch: Prefill) -> None:
        if batch.start == 0:
            self.cells[batch.slot] = []
            self.first_run.append(batch.sequence)
        row = self.cells[batch.slot]
        assert row == self._content(batch.sequence)[: batch.start]
        row += [(id(batch.sequence), batch.start + i) for i in range(len(batch.tokens))]
        assert batch.tokens == batch.sequence.prompt[batch.start : batch.start + len(batch.tokens)]
        if batch.last:
            self._token(batch.sequence)

    def _decode(self, batch: Decode) -> None:
        for move in batch.moves:
            source, target = self.cells[move.source], self.cells[move.target]
            self.cells[move.target] = source[: move.tokens]
            self.cells[move.source] = target[: move.displaced]
        assert [s.slot for s in batch.sequences] == list(range(len(batch.sequences)))
        assert len(set(map(id, batch.sequences))) == len(batch.sequences)
        for row, member in zip(self.cells, batch.sequences, strict=False):
            assert row == self._content(member)[: member.computed - 1]
            row.append((id(member), member.computed - 1))
            assert member.computed == member.length
            self._token(member)

    def _token(self, member: Sequence) -> None:
        member.generated.append(0)
        if len(member.generated) == member.max_tokens:
            self.scheduler.end(member)
            self.ended.append(member)

    @staticmethod
    def _content(member: Sequence) -> list[tuple[int, int]]:
        return [(id(member), i) for i in range(member.length)]


arrivals = st.lists(
    st.tuples(st.integers(1, 14), st.integers(1, 6), st.integers(0, 3)), min_size=1, max_size=12
)


@settings(max_examples=300)
@given(st.integers(1, 4), st.integers(1, 6), arrivals, st.lists(st.integers(0, 30), max_size=12))
def test_no_row_is_mixed_up_and_every_admitted_sequence_ends_in_order(
    slots: int, chunk: int, plan: list[tuple[int, int, int]], cancels: list[int]
) -> None:
    world = Simulation(slots, chunk)
    admitted: list[Sequence] = []
    cancelled: list[Sequence] = []
    clock = 0
    for prompt, answer, wait in plan:
        admitted.append(sequence(prompt, answer))
        world.scheduler.admit(admitted[-1])
        for _ in range(wait):
            world.step()
            clock += 1
            for victim in [admitted[i] for i, at in enumerate(cancels[: len(admitted)]) if at == clock]:
                if victim.phase is not Phase.ENDED:
                    world.scheduler.end(victim)
                    cancelled.append(victim)
        assert world.scheduler.running <= slots
    for _ in range(10_000):
        if not world.step():
            break
    assert world.scheduler.idle
    assert world.scheduler.queued_tokens == 0
    assert {id(s) for s in admitted} == {id(s) for s in world.ended} | {id(s) for s in cancelled}
    assert all(s.phase is Phase.ENDED and s.slot is None for s in admitted)
    order = [admitted.index(s) for s in world.first_run]
    assert order == sorted(order)


def test_a_long_prompt_and_running_streams_take_turns() -> None:
    s = scheduler(slots=2, chunk=4)
    short, long = sequence(2, 50), sequence(16, 5)
    s.admit(short)
    kinds: list[str] = []
    for step in range(9):
        if step == 1:
            s.admit(long)
        batch = s.next_batch()
        kinds.append(type(batch).__name__)
        for member in [batch.sequence] if isinstance(batch, Prefill) else batch.sequences if batch else ():
            if member.phase is Phase.DECODE:
                member.generated.append(0)
    assert kinds == ["Prefill"] + ["Decode", "Prefill"] * 4


def test_a_short_prompt_takes_over_a_hole_without_a_move() -> None:
    s = scheduler(slots=3, chunk=8)
    members = [sequence(2, 50) for _ in range(4)]
    for member in members[:3]:
        s.admit(member)
        assert isinstance(s.next_batch(), Prefill)
        member.generated.append(0)
        decode = s.next_batch()
        assert isinstance(decode, Decode)
        for row in decode.sequences:
            row.generated.append(0)
    s.end(members[0])
    s.admit(members[3])
    assert isinstance(s.next_batch(), Prefill)
    members[3].generated.append(0)
    decode = s.next_batch()
    assert isinstance(decode, Decode)
    assert decode.moves == ()
    assert decode.sequences == (members[3], members[1], members[2])


def test_the_queue_is_bounded_by_count() -> None:
    s = scheduler(queue=2)
    s.admit(sequence(1))
    s.admit(sequence(1))
    with pytest.raises(RateLimitError, match="2 requests are waiting"):
        s.admit(sequence(1))


def test_the_queue_is_bounded_by_tokens_but_takes_one_long_prompt_when_empty() -> None:
    s = scheduler(tokens=10)
    s.admit(sequence(50))
    with pytest.raises(RateLimitError, match="50 prompt tokens"):
        s.admit(sequence(1))
    s.next_batch()
    s.admit(sequence(1))


def test_ending_twice_is_allowed() -> None:
    s = scheduler()
    member = sequence(1)
    s.admit(member)
    s.end(member)
    s.end(member)
    assert s.idle
