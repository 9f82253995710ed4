"""Who runs next, and in which slot. Holds no tensors and knows no session: plain Python over `Sequence`.

The shape follows from GroupQueryAttention on CPU (see `prudent.runtime.artifact`): a decode run takes the
cache's first B slots, one new token each, and several new tokens of one row need a run of their own. So
there are two kinds of batch, one chunk of one prompt and one token of every decoding row, and they
alternate: a long prompt delays the running streams by one chunk at a time, and they never starve it.

Slots are given out lowest first. Before a decode the decoding rows are packed to the front; `moves` tells
the cache which rows to carry. A short prompt that takes over a hole needs no move at all.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from prudent.errors import InternalError, RateLimitError
from prudent.generation.sequence import Phase, Sequence


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
class Prefill:
    """Compute `tokens`, the part of one prompt that begins at position `start`; `last` wants logits."""

    sequence: Sequence
    slot: int
    start: int
    tokens: tuple[int, ...]
    last: bool


@dataclass(frozen=True, slots=True)
class Decode:
    """Compute one token of every sequence; the i-th sits in slot i once `moves` are made."""

    sequences: tuple[Sequence, ...]
    moves: tuple[Move, ...]


Batch = Prefill | Decode


class Scheduler:
    """First come, first served, over a bounded queue and a fixed number of slots. Not thread-safe."""

    def __init__(self, *, slots: int, prefill_chunk: int, max_queue: int, max_queued_tokens: int) -> None:
        self._prefill_chunk = prefill_chunk
        self._max_queue = max_queue
        self._max_queued_tokens = max_queued_tokens
        self._waiting: deque[Sequence] = deque()
        self._queued_tokens = 0
        self._prefilling: Sequence | None = None
        self._decoding: list[Sequence] = []
        self._owners: list[Sequence | None] = [None] * slots
        self._decode_is_due = False

    @property
    def queued(self) -> int:
        """Sequences that wait for a slot."""
        return len(self._waiting)

    @property
    def queued_tokens(self) -> int:
        """Prompt tokens of the sequences that wait."""
        return self._queued_tokens

    @property
    def running(self) -> int:
        """Sequences that own a slot."""
        return len(self._decoding) + (self._prefilling is not None)

    @property
    def idle(self) -> bool:
        """Whether there is nothing to run."""
        return not self.running and not self._waiting

    def admit(self, sequence: Sequence) -> None:
        """Put a sequence at the end of the queue.

        Raises:
            RateLimitError: the queue is full, by sequences or by prompt tokens.
        """
        if len(self._waiting) >= self._max_queue:
            raise RateLimitError(
                f"{len(self._waiting)} requests are waiting for this model, as many as it lets wait.",
                hint="Try again in a moment, or raise max_queue.",
            )
        if self._waiting and self._queued_tokens + len(sequence.prompt) > self._max_queued_tokens:
            raise RateLimitError(
                f"The requests that wait for this model hold {self._queued_tokens} prompt tokens;"
                f" {len(sequence.prompt)} more would pass the limit of {self._max_queued_tokens}.",
                hint="Try again in a moment, or raise max_queued_tokens.",
            )
        self._waiting.append(sequence)
        self._queued_tokens += len(sequence.prompt)

    def next_batch(self) -> Batch | None:
        """What to run now, or None where nothing waits and nothing runs.

        The scheduler takes for granted that the batch is run: `computed` counts its tokens on return.
        """
        if self._decoding and (self._decode_is_due or not self._can_prefill()):
            self._decode_is_due = False
            return self._decode()
        if self._can_prefill():
            self._decode_is_due = True
            return self._prefill()
        return None

    def end(self, sequence: Sequence) -> None:
        """Take a sequence out, wherever it stands; its slot is free at once. Ending twice is allowed."""
        if sequence.phase is Phase.WAITING:
            self._waiting.remove(sequence)
            self._queued_tokens -= len(sequence.prompt)
        elif sequence.phase is Phase.PREFILL:
            self._prefilling = None
        elif sequence.phase is Phase.DECODE:
            self._decoding.remove(sequence)
        if sequence.slot is not None:
            self._owners[sequence.slot] = None
            sequence.slot = None
        sequence.phase = Phase.ENDED

    def _can_prefill(self) -> bool:
        return self._prefilling is not None or (bool(self._waiting) and None in self._owners)

    def _prefill(self) -> Prefill:
        sequence = self._prefilling or self._start_next()
        start = sequence.computed
        tokens = sequence.prompt[start : start + self._prefill_chunk]
        sequence.computed += len(tokens)
        last = sequence.computed == len(sequence.prompt)
        if last:
            sequence.phase = Phase.DECODE
            self._prefilling = None
            self._decoding.append(sequence)
        return Prefill(sequence, _slot_of(sequence), start, tokens, last)

    def _start_next(self) -> Sequence:
        sequence = self._waiting.popleft()
        self._queued_tokens -= len(sequence.prompt)
        slot = self._owners.index(None)
        self._owners[slot] = sequence
        sequence.slot = slot
        sequence.phase = Phase.PREFILL
        self._prefilling = sequence
        return sequence

    def _decode(self) -> Decode:
        moves = self._pack()
        rows = tuple(sorted(self._decoding, key=_slot_of))
        for sequence in rows:
            sequence.computed += 1
        return Decode(rows, moves)

    def _pack(self) -> tuple[Move, ...]:
        """Bring the decoding rows to the front, the highest into the lowest place that is not one of them."""
        count = len(self._decoding)
        beyond = sorted((s for s in self._decoding if _slot_of(s) >= count), key=_slot_of)
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


def _slot_of(sequence: Sequence) -> int:
    if sequence.slot is None:
        raise InternalError("A running sequence has no slot.")
    return sequence.slot
