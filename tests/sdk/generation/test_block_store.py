"""Keys and values on their way from a slot into blocks and back."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent.generation.block_store import BlockStore
from prudent.generation.kv_cache import KVCache
from prudent.generation.prefix_cache import BLOCK_TOKENS, NewBlock, PrefixCache
from prudent.runtime.artifact import DecoderConfig

CONFIG = DecoderConfig(
    family="x", layers=3, heads=4, kv_heads=2, head_dim=8, hidden_size=32, vocab_size=9, context_length=256
)
LENGTH = 101  # no multiple of a block


def filled(slots: int = 3, seed: int = 0) -> KVCache:
    cache = KVCache(CONFIG, slots=slots, length=LENGTH)
    generator = np.random.default_rng(seed)
    for layer in cache.layers:
        for buffer in (layer.keys, layer.values):
            buffer[:] = generator.standard_normal(buffer.shape)
    return cache


def slot_bytes(cache: KVCache, slot: int, start: int, end: int) -> list[bytes]:
    return [b[slot, :, start:end].tobytes() for layer in cache.layers for b in (layer.keys, layer.values)]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 3), st.integers(0, 3), st.permutations(range(7)))
def test_what_is_loaded_is_bit_for_bit_what_was_stored(first: int, more: int, ids: list[int]) -> None:
    """In two parts, as a prompt and then its answer are kept, and into whatever blocks."""
    cache = filled()
    store = BlockStore(cache, 7)
    new = [NewBlock(block_id, place * BLOCK_TOKENS) for place, block_id in enumerate(ids[: first + more])]
    end = BLOCK_TOKENS * len(new)
    store.store(1, new[:first])
    store.store(1, new[first:])
    beyond = slot_bytes(cache, 2, end, LENGTH)
    others = slot_bytes(cache, 0, 0, LENGTH)
    store.load(2, [block.block_id for block in new])
    assert slot_bytes(cache, 2, 0, end) == slot_bytes(cache, 1, 0, end)
    assert slot_bytes(cache, 2, end, LENGTH) == beyond
    assert slot_bytes(cache, 0, 0, LENGTH) == others


def test_the_memory_of_evicted_blocks_serves_the_next_text() -> None:
    cache = filled()
    prefixes = PrefixCache(
        budget_bytes=2 * BLOCK_TOKENS * cache.token_bytes, block_bytes=BLOCK_TOKENS * cache.token_bytes
    )
    store = BlockStore(cache, prefixes.capacity)
    for slot, tokens in ((0, tuple(range(40))), (1, tuple(range(100, 140)))):
        store.store(slot, prefixes.insert("", tokens, 40))
    found = prefixes.match("", tuple(range(100, 140)))
    store.load(2, found.blocks)
    assert found.tokens == 32
    assert slot_bytes(cache, 2, 0, 32) == slot_bytes(cache, 1, 0, 32)


def test_a_token_takes_its_keys_and_values_in_every_layer() -> None:
    assert KVCache(CONFIG, slots=2, length=5).token_bytes == 3 * 2 * 2 * 8 * 4


def test_room_for_no_block_is_allowed() -> None:
    cache = filled()
    store = BlockStore(cache, 0)
    store.store(0, ())
    store.load(0, ())
