"""The prefix cache against a plain model of it: every kept beginning in a dictionary."""

from __future__ import annotations

import itertools
import time

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from prudent.generation.prefix_cache import Match, PrefixCache

BLOCK = 4
CAPACITY = 6
BLOCK_BYTES = 100

# Few different tokens and whole blocks of one, so that texts often share a beginning and then part.
pieces = st.lists(st.sampled_from([(0, 0, 0, 0), (0, 0, 0, 1), (1, 1, 1, 1)]), max_size=9)
texts = st.builds(
    lambda whole, rest: tuple(itertools.chain(*whole, rest)),
    pieces,
    st.lists(st.integers(0, 1), max_size=BLOCK - 1),
)
keys = st.sampled_from(["", "a", "b"])


def beginnings(tokens: tuple[int, ...], count: int) -> list[tuple[int, ...]]:
    return [tokens[: BLOCK * (place + 1)] for place in range(count)]


class Machine(RuleBasedStateMachine):
    """`kept` is what the cache must hold: (isolation, beginning) -> block, and when it was last used."""

    matches: Bundle[tuple[str, tuple[int, ...], Match]] = Bundle("matches")

    def __init__(self) -> None:
        super().__init__()
        self.cache = PrefixCache(
            budget_bytes=CAPACITY * BLOCK_BYTES + 99, block_bytes=BLOCK_BYTES, block_tokens=BLOCK
        )
        self.kept: dict[tuple[str, tuple[int, ...]], int] = {}
        self.last_use: dict[tuple[str, tuple[int, ...]], int] = {}
        self.pins: list[tuple[str, tuple[int, ...]]] = []
        self.clock = itertools.count()

    def touch(self, isolation: str, path: list[tuple[int, ...]]) -> None:
        now = next(self.clock)
        for beginning in path:
            self.last_use[isolation, beginning] = now

    def known(self, isolation: str, tokens: tuple[int, ...], at_most: int) -> list[tuple[int, ...]]:
        return list(itertools.takewhile(lambda b: (isolation, b) in self.kept, beginnings(tokens, at_most)))

    def evictable(self, protected: list[tuple[str, tuple[int, ...]]]) -> list[tuple[str, tuple[int, ...]]]:
        """Leaves that nobody has pinned, least recently used first."""
        parents = {(isolation, beginning[:-BLOCK]) for isolation, beginning in self.kept}
        held = {*self.pins, *protected}
        leaves = [entry for entry in self.kept if entry not in parents and entry not in held]
        return sorted(leaves, key=lambda entry: self.last_use[entry])

    @rule(target=matches, isolation=keys, tokens=texts)
    def match(self, isolation: str, tokens: tuple[int, ...]) -> tuple[str, tuple[int, ...], Match]:
        before = self.cache.stats()
        kept_tokens = self.cache.kept_tokens(isolation, tokens)
        assert self.cache.stats() == before
        found = self.cache.match(isolation, tokens)
        path = self.known(isolation, tokens, (len(tokens) - 1) // BLOCK)
        assert found.blocks == tuple(self.kept[isolation, beginning] for beginning in path)
        assert found.tokens == kept_tokens == BLOCK * len(path)
        assert found.tokens < max(1, len(tokens)), "at least one token is left to compute"
        self.pins += [(isolation, beginning) for beginning in path]
        self.touch(isolation, path)
        return isolation, tokens, found

    @rule(held=consumes(matches), twice=st.booleans())
    def release(self, held: tuple[str, tuple[int, ...], Match], twice: bool) -> None:
        isolation, tokens, found = held
        path = beginnings(tokens, len(found.blocks))
        assert [self.kept[isolation, b] for b in path] == list(found.blocks), "a pinned block is still there"
        for beginning in path:
            self.pins.remove((isolation, beginning))
        self.touch(isolation, path)
        self.cache.release(found)
        if twice:
            self.cache.release(found)

    @rule(isolation=keys, tokens=texts, uncomputed=st.integers(0, 6))
    def insert(self, isolation: str, tokens: tuple[int, ...], uncomputed: int) -> None:
        computed = max(0, len(tokens) - uncomputed)
        new = self.cache.insert(isolation, tokens, computed)
        wanted = beginnings(tokens, computed // BLOCK)
        path = self.known(isolation, tokens, len(wanted))
        assert [b.start for b in new] == [BLOCK * (len(path) + i) for i in range(len(new))]
        for block in new:
            beginning = wanted[len(path)]
            if len(self.kept) == CAPACITY:
                # The least recently used of the leaves; several may have been used at the same time.
                candidates = self.evictable([(isolation, b) for b in path])
                oldest = self.last_use[candidates[0]]
                gone = [e for e in candidates if self.kept[e] == block.block_id]
                assert gone, "only a leaf that nobody has pinned may go"
                assert self.last_use[gone[0]] == oldest
                del self.kept[gone[0]]
            assert block.block_id not in self.kept.values(), "no block has two owners"
            self.kept[isolation, beginning] = block.block_id
            path.append(beginning)
        if len(path) < len(wanted):
            assert len(self.kept) == CAPACITY
            assert not self.evictable([(isolation, b) for b in path]), "there was room for more"
        self.touch(isolation, path)

    @invariant()
    def the_budget_holds_and_every_block_is_one_of_it(self) -> None:
        stats = self.cache.stats()
        assert stats.blocks == len(self.kept) <= CAPACITY
        assert stats.bytes == len(self.kept) * BLOCK_BYTES
        assert set(self.kept.values()) <= set(range(CAPACITY))


TestAgainstAPlainModel = Machine.TestCase
TestAgainstAPlainModel.settings = settings(
    max_examples=settings().max_examples // 2, stateful_step_count=40, deadline=None
)


def cache(blocks: int) -> PrefixCache:
    return PrefixCache(budget_bytes=blocks * BLOCK_BYTES, block_bytes=BLOCK_BYTES)


def test_a_text_kept_after_its_prompt_and_after_its_answer_gives_each_block_once() -> None:
    kept = cache(10)
    text = tuple(range(70))
    assert [b.start for b in kept.insert("", text[:40], 40)] == [0, 16]
    assert [b.start for b in kept.insert("", text, 69)] == [32, 48]
    assert kept.insert("", text, 69) == ()
    assert kept.match("", (*text[:64], 99, 98)).tokens == 64


def test_a_prompt_longer_than_the_budget_keeps_its_beginning() -> None:
    kept = cache(3)
    kept.insert("", tuple(range(1000, 1048)), 48)
    assert [b.start for b in kept.insert("", tuple(range(200)), 200)] == [0, 16, 32]
    assert kept.match("", tuple(range(200))).tokens == 48
    assert kept.stats().evictions == 3


def test_without_a_budget_nothing_is_kept_and_nothing_fails() -> None:
    kept = cache(0)
    assert kept.insert("", tuple(range(100)), 100) == ()
    assert kept.match("", tuple(range(100))).tokens == 0


def test_equal_texts_of_different_keys_share_nothing() -> None:
    kept = cache(10)
    text = tuple(range(32))
    ours = kept.insert("ours", text, 32)
    assert kept.match("theirs", text).tokens == 0
    theirs = kept.insert("theirs", text, 32)
    assert {b.block_id for b in ours}.isdisjoint(b.block_id for b in theirs)


def test_keys_that_lost_their_last_block_take_no_memory() -> None:
    kept = cache(2)
    for number in range(500):
        kept.insert(f"key {number}", tuple(range(32)), 32)
    assert len(kept._roots) == 1


def test_a_system_prompt_outlives_the_questions_that_were_asked_under_it() -> None:
    kept = cache(8)
    system = tuple(range(64))
    for question in range(50):
        text = system + tuple(1000 + question * 32 + i for i in range(32))
        kept.release(kept.match("", text))
        kept.insert("", text, len(text))
    assert kept.match("", (*system, 5)).tokens == 64


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 12))
def test_hits_are_counted_in_tokens(blocks: int) -> None:
    kept = cache(20)
    text = tuple(range(16 * blocks + 3))
    kept.insert("", text, len(text))
    kept.release(kept.match("", text))
    stats = kept.stats()
    assert (stats.looked_up_tokens, stats.hit_tokens) == (len(text), 16 * blocks)


def test_a_long_prompt_among_many_is_found_and_added_in_milliseconds() -> None:
    """Neither recursion nor a scan over all that is kept: 8,192 tokens and 4,000 blocks."""
    kept = cache(4000)
    texts_of_8192 = [tuple(range(start, start + 8192)) for start in range(0, 200_000, 8192)]
    for text in texts_of_8192:
        kept.insert("", text, 8192)
    started = time.perf_counter()
    for text in texts_of_8192:
        kept.release(kept.match("", text))
        kept.insert("", text, 8192)
    assert time.perf_counter() - started < 0.05 * len(texts_of_8192)
