"""Who runs next, and in which slot. Holds no tensors and knows no session: plain Python over `Sequence`.

The shape follows from GroupQueryAttention on CPU (see `prudent.runtime.artifact`). There are three kinds of
run: one token of every decoding row, which must sit in the cache's first slots; several first prompts side
by side, padded to the longest; and several new tokens of one sequence that has a past: a prompt's next
chunk, what follows a prefix that was in the cache, tokens that a grammar forced, a guess to be verified.

Decoding and the rest alternate. While somebody decodes, a chunk is no longer than what fits into
`prefill_budget` decode steps, so that a long prompt neither stalls the running streams nor is starved by
them. Of several prompts in progress the one with least to do and the oldest take turns.

Slots are given out lowest first. Before a decode the decoding rows are packed to the front; `moves` tells
the cache which rows to carry. A short prompt that takes over a hole needs no move at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from prudent.errors import InternalError, RateLimitError
from prudent.generation.prefix_cache import BLOCK_TOKENS, Match, PrefixCache
from prudent.generation.sequence import Phase, Sequence
from prudent.generation.step_costs import StepCosts
from prudent.generation.waiting import WaitingLine, current_class

SCORED_CHUNK = 32
"""Most tokens of a run that wants logits at every one of them: a row of logits has up to 600 kB."""

_LEAST_ALIKE = 0.75
"""Of the longest: shorter first prompts are not computed beside it, the padding would cost more."""


@dataclass(frozen=True, slots=True)
class Move:
    """Carry the first `tokens` positions of slot `source` to slot `target`.

    Where another sequence sits in `target`, its `displaced` positions go to `source` in exchange.
    """

    source: int
    target: int
    tokens: int
    displaced: int = 0


@dataclass(frozen=True, slots=True)
class FirstPrompts:
    """Compute whole prompts, none of which has anything in the cache; the i-th sits `first_slot + i`."""

    sequences: tuple[Sequence, ...]
    first_slot: int


@dataclass(frozen=True, slots=True)
class Extend:
    """Compute `tokens` of one sequence from position `start` on; the last `logits` of them want logits."""

    sequence: Sequence
    slot: int
    start: int
    tokens: tuple[int, ...]
    logits: int


@dataclass(frozen=True, slots=True)
class Decode:
    """Compute one token of every sequence; the i-th sits in slot i once `moves` are made."""

    sequences: tuple[Sequence, ...]
    tokens: tuple[int, ...]
    moves: tuple[Move, ...]


Batch = FirstPrompts | Extend | Decode


@dataclass(frozen=True, slots=True)
class Step:
    """A batch, with what must be done to the cache first: store what leaves it, then load what comes."""

    batch: Batch
    stores: tuple[tuple[int, Sequence, int], ...] = ()
    """Slot, sequence and tokens of those that gave way and are to be kept for their return."""
    loads: tuple[tuple[int, Match], ...] = ()
    """Slot and blocks of those that begin with a prefix that is in the cache; released once loaded."""


class Scheduler:
    """Serves a bounded line with a fixed number of slots. Not thread-safe."""

    def __init__(
        self,
        line: WaitingLine,
        prefixes: PrefixCache,
        costs: StepCosts,
        *,
        slots: int,
        prefill_chunk: int,
        prefill_budget: float,
    ) -> None:
        self._line = line
        self._prefixes = prefixes
        self._costs = costs
        self._prefill_chunk = prefill_chunk
        self._prefill_budget = prefill_budget
        self._owners: list[Sequence | None] = [None] * slots
        self._decode_is_due = False
        self._oldest_is_due = False
        self._stores: list[tuple[int, Sequence, int]] = []
        self._loads: list[tuple[int, Match]] = []

    @property
    def running(self) -> list[Sequence]:
        """The sequences that own a slot, in the order of their slots."""
        return [owner for owner in self._owners if owner is not None]

    @property
    def queued(self) -> int:
        """Sequences that wait for a slot."""
        return len(self._line)

    @property
    def queued_tokens(self) -> int:
        """Prompt tokens of the sequences that wait."""
        return self._line.tokens

    @property
    def idle(self) -> bool:
        """Whether there is nothing to run."""
        return not self._line and not any(self._owners)

    @property
    def free(self) -> int:
        """Slots that nobody owns."""
        return self._owners.count(None)

    @property
    def lone(self) -> Sequence | None:
        """The sequence that decodes, where it is the only one that runs and nobody waits."""
        running = self.running
        alone = len(running) == 1 and not self._line and running[0].phase is Phase.DECODE
        return running[0] if alone else None

    def admit(self, sequence: Sequence) -> None:
        """Put a sequence in line.

        Raises:
            RateLimitError: the line is full, or its deadline would pass before its turn.
        """
        wait = self.expected_wait()
        self._line.check_room(sequence, wait)
        if sequence.expires is not None and sequence.arrived + wait > sequence.expires:
            raise RateLimitError(
                f"The deadline would pass before this request has its turn, in about {wait:.1f} s.",
                hint="Try again later, or give it more time.",
                details={"retry_after": wait},
            )
        self._line.add(sequence)

    def expected_wait(self) -> float:
        """Seconds until a newcomer would have its turn, by what steps took of late."""
        started = sum(s.pending for s in self.running if s.phase is Phase.PREFILL)
        return self._costs.wait(
            queued=len(self._line),
            queued_tokens=self._line.tokens + started,
            free=self.free,
            slots=len(self._owners),
        )

    def next_step(self, now: float) -> Step | None:
        """What to run now, or None where nothing waits and nothing runs.

        The scheduler takes for granted that the step is run: `computed` counts its tokens on return.
        """
        batch = self._next_batch(now)
        stores, self._stores = tuple(self._stores), []
        loads, self._loads = tuple(self._loads), []
        return None if batch is None else Step(batch, stores, loads)

    def end(self, sequence: Sequence, now: float) -> None:
        """Take a sequence out, wherever it stands; its slot is free at once. Ending twice is allowed."""
        if sequence in self._line:
            self._line.remove(sequence)
        if sequence.slot is not None:
            self._owners[sequence.slot] = None
            self._costs.served(now - sequence.seated)
            sequence.slot = None
        sequence.phase = Phase.ENDED

    def _next_batch(self, now: float) -> Batch | None:
        rows = [sequence for sequence in self.running if sequence.phase is Phase.DECODE]
        step_by_step = [row for row in rows if not _gains(row, len(rows))]
        if step_by_step and self._decode_is_due:
            self._decode_is_due = False
            return self._decode(rows)
        self._decode_is_due = True
        limit = self._prefill_chunk
        if step_by_step:
            limit = self._costs.chunk(self._prefill_budget, limit)
        first = self._start_next(now, limit)
        if first is not None and len(first.sequences) > 1:
            return first
        extending = [s for s in self.running if s.phase is Phase.PREFILL or _gains(s, len(rows))]
        if extending:
            return self._extend(self._choose(extending), limit)
        return self._decode(rows) if rows else None

    def _choose(self, extending: list[Sequence]) -> Sequence:
        """The oldest and the one with least to do take turns: neither long prompts nor short ones starve."""
        self._oldest_is_due = not self._oldest_is_due
        if self._oldest_is_due:
            return min(extending, key=lambda sequence: (sequence.pending, sequence.arrived))
        return min(extending, key=lambda sequence: (sequence.priority, sequence.arrived))

    def _extend(self, sequence: Sequence, limit: int) -> Extend:
        if sequence.scored and sequence.computed < len(sequence.prompt):
            limit = min(limit, SCORED_CHUNK)
        start, slot = sequence.computed, _slot_of(sequence)
        tokens = sequence.tokens(start, min(start + limit, sequence.length))
        sequence.computed += len(tokens)
        logits = 0
        if sequence.pending == 0:
            sequence.phase = Phase.DECODE
            tokens += sequence.draft
            logits = 1 + len(sequence.draft)
        if sequence.scored and start < len(sequence.prompt):
            logits = len(tokens)
        return Extend(sequence, slot, start, tokens, logits)

    def _start_next(self, now: float, limit: int) -> FirstPrompts | None:
        """Give the next in line a slot, and others that can be computed in the same run."""
        waiting = self._line.in_order(now)
        if not waiting or (self.free == 0 and not self._make_room(waiting[0], now)):
            return None
        slot = self._owners.index(None)
        leader = waiting[0]
        self._seat(leader, slot, now)
        together = [leader]
        if leader.computed == 0 and not leader.scored and leader.length <= limit:
            together += self._companions(leader, waiting[1:], limit, now)
        if len(together) > 1:
            for sequence in together:
                sequence.computed = sequence.length
                sequence.phase = Phase.DECODE
        return FirstPrompts(tuple(together), slot)

    def _companions(
        self, leader: Sequence, others: Iterable[Sequence], limit: int, now: float
    ) -> list[Sequence]:
        """First prompts of similar length, for the slots right after the leader's.

        One that begins like another waits: it will find that beginning in the cache.
        """
        companions: list[Sequence] = []
        slot = _slot_of(leader) + 1
        longest, beginnings = leader.length, {self._beginning(leader)}
        for sequence in others:
            room = slot < len(self._owners) and self._owners[slot] is None
            if not room or (len(companions) + 2) * max(longest, sequence.length) > limit:
                break
            alike = min(longest, sequence.length) >= _LEAST_ALIKE * max(longest, sequence.length)
            beginning = self._beginning(sequence)
            if not alike or sequence.scored or sequence.generated or beginning in beginnings:
                continue
            if self._finds_a_beginning(sequence):
                continue
            beginnings.add(beginning)
            longest = max(longest, sequence.length)
            self._seat(sequence, slot, now)
            companions.append(sequence)
            slot += 1
        return companions

    def _finds_a_beginning(self, sequence: Sequence) -> bool:
        match = self._prefixes.match(sequence.isolation, sequence.prompt)
        self._prefixes.release(match)
        return match.tokens > 0

    def _beginning(self, sequence: Sequence) -> tuple[str, tuple[int, ...]]:
        return sequence.isolation, sequence.prompt[:BLOCK_TOKENS]

    def _seat(self, sequence: Sequence, slot: int, now: float) -> None:
        self._line.take(sequence)
        self._owners[slot] = sequence
        sequence.slot = slot
        sequence.phase = Phase.PREFILL
        sequence.seated = now
        if sequence.scored:
            return
        match = self._prefixes.match(sequence.isolation, sequence.tokens(0, sequence.length))
        sequence.computed = match.tokens
        if not sequence.generated:
            sequence.reused = match.tokens
        self._loads.append((slot, match))

    def _make_room(self, newcomer: Sequence, now: float) -> bool:
        """Let a sequence of a lower class give its slot to one of a higher class, and wait for its return.

        A class is promoted with age here as in line, so that nobody gives way for ever.
        """
        rank = current_class(newcomer, now)
        lower = [s for s in self.running if current_class(s, now) > rank]
        movable = [s for s in lower if s.phase is Phase.DECODE and not s.scored]
        if not movable:
            return False
        leaving = max(movable, key=lambda sequence: (sequence.priority, sequence.arrived))
        slot = _slot_of(leaving)
        self._stores.append((slot, leaving, leaving.computed))
        self._owners[slot] = None
        leaving.slot, leaving.phase, leaving.computed, leaving.draft = None, Phase.WAITING, 0, ()
        self._line.add(leaving)
        return True

    def _decode(self, rows: list[Sequence]) -> Decode:
        moves = self._pack(rows)
        rows = sorted(rows, key=_slot_of)
        tokens = tuple(row.tokens(row.computed, row.computed + 1)[0] for row in rows)
        for row in rows:
            row.computed += 1
            row.draft = ()
        return Decode(tuple(rows), tokens, moves)

    def _pack(self, rows: list[Sequence]) -> tuple[Move, ...]:
        """Bring the decoding rows to the front, the highest into the lowest place that is not one of them."""
        count = len(rows)
        beyond = sorted((s for s in rows if _slot_of(s) >= count), key=_slot_of)
        moves: list[Move] = []
        for target in range(count):
            owner = self._owners[target]
            if owner is not None and owner.phase is Phase.DECODE:
                continue
            sequence = beyond.pop()
            source = _slot_of(sequence)
            moves.append(Move(source, target, sequence.computed, 0 if owner is None else owner.computed))
            self._owners[target], self._owners[source] = sequence, owner
            sequence.slot = target
            if owner is not None:
                owner.slot = source
        return tuple(moves)


def _gains(row: Sequence, rows: int) -> bool:
    """Whether a decoding row is better off with a run of its own: it has more to compute than rows wait."""
    new = row.pending + len(row.draft)
    return row.phase is Phase.DECODE and new > max(1, rows)


def _slot_of(sequence: Sequence) -> int:
    if sequence.slot is None:
        raise InternalError("A running sequence has no slot.")
    return sequence.slot
