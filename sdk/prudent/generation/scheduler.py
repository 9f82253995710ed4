"""Who runs next, and in which slot. Holds no tensors and knows no session: plain Python over `Sequence`.

The shape follows from GroupQueryAttention on CPU (see `prudent.runtime.artifact`). There are three kinds of
run: one token of every decoding row, which must sit in the cache's first slots; several first prompts side
by side, padded to the longest; and several new tokens of one sequence that has a past: a prompt's next
chunk, what follows a prefix that was in the cache, tokens that a grammar forced, a guess to be verified.

Decoding and the rest alternate. While somebody decodes, a chunk is no longer than what fits into
`prefill_budget` decode steps, so that a long prompt neither stalls the running streams nor is starved by
them; where several prompts wait it is up to four times that. Of the prompts, the oldest in progress and
whoever has least to do, newcomers too, take turns.

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

LARGEST_CROWD = 4
"""Where several prompts wait a chunk may take so many times the budget, for then waiting for a first token
is the worse wait. With 16 chats at once (lengths of the Azure conversation trace, costs measured on two Zen 3
cores) this computes 187 tokens/s where a fixed budget gives 120, and first tokens come in half the time."""

_LEAST_ALIKE = 0.75
"""Of the longest: shorter first prompts are not computed beside it, the padding would cost more."""


_FEWEST = 2
"""Tokens of a prompt's run, where there are so many. The attention sums a run of one in another order than
any longer one, and int8 layers make much of a last bit: an answer would hang on how its prompt was cut."""


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
        self._line.check_room(sequence, self.expected_wait())
        wait = self.expected_wait(sequence)
        if sequence.expires is not None and sequence.arrived + wait > sequence.expires:
            raise RateLimitError(
                f"The deadline would pass before this request has its turn, in about {wait:.1f} s.",
                hint="Try again later, or give it more time.",
                details={"retry_after": wait},
            )
        self._line.add(sequence)

    def expected_wait(self, newcomer: Sequence | None = None) -> float:
        """Seconds until a newcomer would have its turn, by what steps took of late; without one, the last."""
        ahead, lower = list(self._line), list[Sequence]()
        if newcomer is not None:
            rank, now = int(newcomer.priority), newcomer.arrived
            ahead = [s for s in ahead if current_class(s, now) <= rank]
            lower = self._below(rank, now)
        started = sum(s.pending for s in self.running if s.phase is Phase.PREFILL)
        return self._costs.wait(
            queued=len(ahead),
            queued_tokens=sum(len(s.prompt) for s in ahead) + started,
            free=self.free + len(lower),
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
        if rows and self._decode_is_due:
            self._decode_is_due = False
            alone = len(rows) == 1 and _gains(rows[0], 1)
            return self._extend(rows[0], self._prefill_chunk) if alone else self._decode(rows)
        self._decode_is_due = True
        prompts = [sequence for sequence in self.running if sequence.phase is Phase.PREFILL]
        limit = self._prefill_chunk
        if rows:
            crowd = max(1, min(len(self._line) + len(prompts), LARGEST_CROWD))
            limit = self._costs.chunk(crowd * self._prefill_budget, limit)
        if prompts and self._oldest_is_due:
            self._oldest_is_due = False
            return self._extend(min(prompts, key=lambda s: (current_class(s, now), s.arrived)), limit)
        self._oldest_is_due = True
        first = self._start_next(now, limit)
        if first is not None and len(first.sequences) > 1:
            return first
        extending = [s for s in self.running if s.phase is Phase.PREFILL or _gains(s, len(rows))]
        if not extending:
            return self._decode(rows) if rows else None
        least = min(extending, key=lambda s: (s.pending, s.arrived))
        return self._extend(least, self._prefill_chunk if rows == [least] else limit)

    def _extend(self, sequence: Sequence, limit: int) -> Extend:
        start, slot = sequence.computed, _slot_of(sequence)
        scoring = sequence.scored and sequence.scores_from - _FEWEST <= start < len(sequence.prompt)
        if scoring:
            limit = min(limit, SCORED_CHUNK)
        stop = min(start + limit, sequence.length)
        if sequence.scored and not scoring and start < len(sequence.prompt):
            stop = min(stop, sequence.scores_from - 1)
        if sequence.length - stop == 1 and stop - start > _FEWEST:
            stop -= 1
        tokens = sequence.tokens(start, stop)
        sequence.computed += len(tokens)
        logits = 0
        if sequence.pending == 0:
            sequence.phase = Phase.DECODE
            tokens += sequence.draft
            logits = 1 + len(sequence.draft)
        if scoring:
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
            if slot == len(self._owners) or self._owners[slot] is not None:
                break
            longer, shorter = max(longest, sequence.length), min(longest, sequence.length)
            fits = (len(companions) + 2) * longer <= limit and shorter >= _LEAST_ALIKE * longer
            beginning = self._beginning(sequence)
            waits = beginning in beginnings and sequence.length > BLOCK_TOKENS
            if not fits or waits or sequence.scored or sequence.generated:
                continue
            if self._prefixes.kept_tokens(sequence.isolation, sequence.prompt):
                continue
            beginnings.add(beginning)
            longest = max(longest, sequence.length)
            self._seat(sequence, slot, now)
            companions.append(sequence)
            slot += 1
        return companions

    def _beginning(self, sequence: Sequence) -> tuple[str, tuple[int, ...]]:
        return sequence.isolation, sequence.prompt[:BLOCK_TOKENS]

    def _seat(self, sequence: Sequence, slot: int, now: float) -> None:
        self._line.take(sequence)
        self._owners[slot] = sequence
        sequence.slot = slot
        sequence.phase = Phase.PREFILL
        sequence.seated = now
        most = sequence.length - _FEWEST
        if sequence.scored:
            most = min(most, sequence.scores_from - 1)
            if most < BLOCK_TOKENS:
                return
        match = self._prefixes.match(sequence.isolation, sequence.tokens(0, sequence.length))
        sequence.computed = max(0, min(match.tokens, most))
        if not sequence.generated:
            sequence.reused = sequence.computed
        self._loads.append((slot, match))

    def _make_room(self, newcomer: Sequence, now: float) -> bool:
        """Let a sequence of a lower class give its slot to one of a higher class, and wait for its return.

        A class is promoted with age here as in line, so that nobody gives way for ever.
        """
        lower = self._below(current_class(newcomer, now), now)
        if not lower:
            return False
        leaving = max(lower, key=lambda sequence: (sequence.priority, sequence.arrived))
        slot = _slot_of(leaving)
        self._stores.append((slot, leaving, leaving.computed))
        self._owners[slot] = None
        leaving.slot, leaving.phase, leaving.computed, leaving.draft = None, Phase.WAITING, 0, ()
        self._line.add(leaving)
        return True

    def _below(self, rank: int, now: float) -> list[Sequence]:
        """The running sequences of a lower class that can give way."""
        movable = [s for s in self.running if s.phase is Phase.DECODE and not s.scored]
        return [s for s in movable if current_class(s, now) > rank]

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
