"""A scheduler with a simulated engine around it: what sits in each slot and block is kept as lists of tokens.

It does what the stepper does, and checks at every run that the row's content is the sequence's own tokens.
"""

from __future__ import annotations

from dataclasses import dataclass

from prudent.generation.prefix_cache import BLOCK_TOKENS, PrefixCache
from prudent.generation.scheduler import (
    LARGEST_CROWD,
    SCORED_CHUNK,
    Decode,
    Extend,
    FirstPrompts,
    Scheduler,
    Step,
)
from prudent.generation.sequence import Phase, Sequence
from prudent.generation.step_costs import StepCosts
from prudent.generation.waiting import WaitingLine

CHUNK = 48
BUDGET = 2.0
DECODE_S, TOKEN_S = 0.01, 0.001
JUNK = -1


@dataclass
class Answering:
    """What a simulated model and grammar do next: how much of a draft comes true, how much is forced."""

    accepted: int = 0
    forced: int = 0
    drafted: int = 0


class World:
    """An engine of plain lists. A cell holds what its key and value depend on: the text up to there."""

    def __init__(self, slots: int = 4, *, blocks: int = 64, chunk: int = CHUNK, queue: int = 1000) -> None:
        self.now = 0.0
        self.costs = StepCosts()
        self.prefixes = PrefixCache(budget_bytes=blocks, block_bytes=1)
        self.line = WaitingLine(max_sequences=queue, max_tokens=10**6)
        self.scheduler = Scheduler(
            self.line, self.prefixes, self.costs, slots=slots, prefill_chunk=chunk, prefill_budget=BUDGET
        )
        self.cells = [[JUNK] * 400 for _ in range(slots)]
        self.blocks: dict[int, list[int]] = {}
        self.held: dict[Sequence, int] = {}
        self.truth: dict[Sequence, list[int]] = {}
        self.admitted: list[Sequence] = []
        self.ended: list[Sequence] = []
        self.last_was_no_decode_beside: set[Sequence] = set()

    def admit(self, sequence: Sequence) -> Sequence:
        sequence.arrived = self.now
        self.scheduler.admit(sequence)
        self.admitted.append(sequence)
        self.held[sequence] = 0
        return sequence

    def end(self, sequence: Sequence, *, keep: bool = True) -> None:
        if keep and sequence.slot is not None:
            self._store(sequence, sequence.slot, sequence.computed)
        self.scheduler.end(sequence, self.now)
        self.ended.append(sequence)

    def step(self, answering: Answering | None = None) -> Step | None:
        """One turn as the engine and the stepper do it."""
        answering = answering or Answering()
        lone = self.scheduler.lone
        if lone is not None and lone.pending == 1:
            room = lone.max_tokens - len(lone.generated) - 1
            lone.draft = tuple(range(500, 500 + max(0, min(answering.drafted, room))))
        decoding = {s for s in self.scheduler.running if s.phase is Phase.DECODE}
        one_by_one = {s for s in decoding if s.pending == 1 and not s.draft}
        prompts = self.scheduler.queued + sum(s.phase is Phase.PREFILL for s in self.scheduler.running)
        self.crowd = max(1, min(prompts, LARGEST_CROWD))
        step = self.scheduler.next_step(self.now)
        if step is None:
            return None
        for slot, sequence, tokens in step.stores:
            self.held[sequence] = 0
            self._store(sequence, slot, tokens)
        for slot, match in step.loads:
            for place, block in enumerate(match.blocks):
                start = place * BLOCK_TOKENS
                self.cells[slot][start : start + BLOCK_TOKENS] = self.blocks[block]
            self.prefixes.release(match)
            owner = next(s for s in self.scheduler.running if s.slot == slot)
            assert owner.computed >= min(match.tokens, owner.length - 2)
            self.held[owner] = max(0, min(match.tokens, owner.length - 2))
        self._check_waits(step, decoding, one_by_one)
        match step.batch:
            case FirstPrompts():
                self._first_prompts(step.batch)
            case Extend():
                self._extend(step.batch, answering)
            case Decode():
                self._decode(step.batch)
        for sequence in [s for s in self.running if s.pending == 0]:
            self._tokens(sequence, (7,), answering)
        return step

    def drain(self, most: int = 20_000) -> None:
        for _ in range(most):
            if self.step() is None:
                return
        raise AssertionError("it never ends")

    @property
    def running(self) -> list[Sequence]:
        return self.scheduler.running

    def _check_waits(self, step: Step, decoding: set[Sequence], one_by_one: set[Sequence]) -> None:
        """Who decodes waits for one run of somebody else's at a time, and that one is short."""
        batch = step.batch
        if isinstance(batch, Decode):
            self.last_was_no_decode_beside = set()
            return
        ran = {batch.sequence} if isinstance(batch, Extend) else set(batch.sequences)
        gave_way = {sequence for _, sequence, _ in step.stores}
        waits = one_by_one - ran - gave_way
        assert not waits & self.last_was_no_decode_beside
        self.last_was_no_decode_beside = waits
        if decoding - ran - gave_way:
            assert self._size(batch) <= self.costs.chunk(self.crowd * BUDGET, CHUNK)

    @staticmethod
    def _size(batch: Extend | FirstPrompts) -> int:
        if isinstance(batch, Extend):
            return len(batch.tokens)
        return len(batch.sequences) * max(s.length for s in batch.sequences)

    def _first_prompts(self, batch: FirstPrompts) -> None:
        longest = max(s.length for s in batch.sequences)
        for place, sequence in enumerate(batch.sequences):
            assert sequence.slot == batch.first_slot + place
            assert not sequence.scored
            assert self.held[sequence] == 0
            self._write(sequence, sequence.slot, 0, sequence.tokens(0, sequence.length))
            self.cells[sequence.slot][sequence.length : longest] = [JUNK] * (longest - sequence.length)
        self._took(sum(s.length for s in batch.sequences))

    def _extend(self, batch: Extend, answering: Answering) -> None:
        sequence = batch.sequence
        assert sequence.slot == batch.slot
        if sequence.length > 1 and sequence.phase is Phase.PREFILL:
            assert len(batch.tokens) > 1
        assert 0 < len(batch.tokens) <= CHUNK + len(sequence.draft)
        self._write(sequence, batch.slot, batch.start, batch.tokens)
        self._took(len(batch.tokens))
        self.held[sequence] = sequence.computed
        if sequence.scored and batch.start < len(sequence.prompt):
            assert batch.logits == len(batch.tokens) <= SCORED_CHUNK
        elif sequence.pending > 0:
            assert batch.logits == 0
        else:
            assert batch.logits == 1 + len(sequence.draft)
        if sequence.draft and sequence.pending == 0:
            accepted = sequence.draft[: answering.accepted]
            sequence.computed += len(accepted)
            self.held[sequence] = sequence.computed
            sequence.draft = ()
            self._tokens(sequence, (*accepted, 7), answering)

    def _decode(self, batch: Decode) -> None:
        for move in batch.moves:
            source, target = self.cells[move.source], self.cells[move.target]
            displaced = target[: move.displaced]
            target[: move.tokens] = source[: move.tokens]
            source[: move.displaced] = displaced
        assert [s.slot for s in batch.sequences] == list(range(len(batch.sequences)))
        assert set(batch.sequences) == {s for s in self.running if s.phase is Phase.DECODE}
        for sequence, token in zip(batch.sequences, batch.tokens, strict=True):
            self._write(sequence, sequence.slot or 0, sequence.computed - 1, (token,))
        self.costs.decoded(DECODE_S)

    def _took(self, tokens: int) -> None:
        self.costs.prefilled(tokens, tokens * TOKEN_S)

    def _write(self, sequence: Sequence, slot: int, start: int, tokens: tuple[int, ...]) -> None:
        """Compute tokens: the row must hold all before them, and nothing of it is computed again."""
        assert start == self.held[sequence]
        text = sequence.tokens(0, sequence.length) + sequence.draft
        assert tokens == text[start : start + len(tokens)]
        truth = self.truth.setdefault(sequence, [])
        truth += chained(truth[-1] if truth else hash(sequence.isolation), text[len(truth) : start])
        row = self.cells[slot]
        assert row[:start] == truth[:start]
        row[start : start + len(tokens)] = chained(
            row[start - 1] if start else hash(sequence.isolation), tokens
        )
        self.held[sequence] = start + len(tokens)

    def _tokens(self, sequence: Sequence, tokens: tuple[int, ...], answering: Answering) -> None:
        if sequence.computed >= len(sequence.prompt) and not sequence.generated:
            assert sequence.slot is not None
            self._store(sequence, sequence.slot, sequence.computed)
        for token in (*tokens, *range(800, 800 + answering.forced)):
            if len(sequence.generated) < sequence.max_tokens:
                sequence.generated.append(token)
        if len(sequence.generated) >= sequence.max_tokens:
            self.end(sequence)

    def _store(self, sequence: Sequence, slot: int, computed: int) -> None:
        text = sequence.tokens(0, sequence.length)
        for new in self.prefixes.insert(sequence.isolation, text, computed):
            self.blocks[new.block_id] = self.cells[slot][new.start : new.start + BLOCK_TOKENS]


def chained(state: int, tokens: tuple[int, ...]) -> list[int]:
    """The cells of tokens after a cell: each depends on everything up to it."""
    cells: list[int] = []
    for token in tokens:
        state = hash((state, token))
        cells.append(state)
    return cells


def sequence(prompt: int, answer: int = 3, *, first: int = 0, **fields: object) -> Sequence:
    """`first` tells texts apart that shall have nothing in common."""
    return Sequence(tuple(range(first, first + prompt)), answer, **fields)  # type: ignore[arg-type]
