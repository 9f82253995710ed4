"""Exact arrays of each kind of batch, and rows carried between slots."""

from __future__ import annotations

import numpy as np

from prudent.generation.feeds import feeds_of
from prudent.generation.kv_cache import KVCache
from prudent.generation.scheduler import Decode, Extend, FirstPrompts, Move
from prudent.generation.sequence import Sequence
from prudent.runtime.artifact import DecoderConfig

CONFIG = DecoderConfig(
    family="x", layers=2, heads=4, kv_heads=2, head_dim=4, hidden_size=16, vocab_size=9, context_length=64
)


def test_a_first_chunk_asks_for_no_logits() -> None:
    feeds = feeds_of(Extend(Sequence((5, 6, 7, 8), 1), slot=3, start=0, tokens=(5, 6), logits=0))
    assert feeds.first_slot == 3
    assert feeds.input_ids.tolist() == [[5, 6]]
    assert feeds.seqlens_k.tolist() == [1]
    assert feeds.total_length.tolist() == [2]
    assert feeds.logit_rows.tolist() == []


def test_a_last_chunk_asks_for_its_last_row_only() -> None:
    feeds = feeds_of(Extend(Sequence((5, 6, 7, 8), 1), slot=0, start=2, tokens=(7, 8), logits=1))
    assert feeds.seqlens_k.tolist() == [3]
    assert feeds.total_length.tolist() == [4]
    assert feeds.logit_rows.tolist() == [1]


def test_a_draft_asks_for_the_logits_before_it_and_after_each_of_its_tokens() -> None:
    feeds = feeds_of(Extend(Sequence((5, 6, 7), 9), slot=0, start=1, tokens=(6, 7, 3, 4), logits=3))
    assert feeds.input_ids.tolist() == [[6, 7, 3, 4]]
    assert feeds.total_length.tolist() == [5]
    assert feeds.logit_rows.tolist() == [1, 2, 3]


def test_first_prompts_are_padded_to_the_longest_and_each_asks_for_its_own_last_row() -> None:
    returning = Sequence((1, 2), 9, generated=[3])
    feeds = feeds_of(FirstPrompts((Sequence((5, 6, 7, 8), 1), Sequence((1, 2), 1), returning), first_slot=2))
    assert feeds.first_slot == 2
    assert feeds.input_ids.tolist() == [[5, 6, 7, 8], [1, 2, 0, 0], [1, 2, 3, 0]]
    assert feeds.seqlens_k.tolist() == [3, 1, 2]
    assert feeds.total_length.tolist() == [4]
    assert feeds.logit_rows.tolist() == [3, 5, 10]


def test_a_decode_step_feeds_the_next_token_of_every_row() -> None:
    one = Sequence((1, 2, 3), 9, generated=[4], computed=4)
    two = Sequence((1,), 9, generated=[7, 8], computed=3)
    feeds = feeds_of(Decode((one, two), tokens=(4, 8), moves=()))
    assert feeds.input_ids.tolist() == [[4], [8]]
    assert feeds.seqlens_k.tolist() == [3, 2]
    assert feeds.total_length.tolist() == [4]
    assert feeds.logit_rows.tolist() == [0, 1]
    assert [a.dtype for a in (feeds.input_ids, feeds.seqlens_k, feeds.total_length, feeds.logit_rows)] == [
        np.int64,
        np.int32,
        np.int32,
        np.int64,
    ]


def test_a_move_carries_the_used_positions_of_every_layer() -> None:
    cache = KVCache(CONFIG, slots=3, length=8)
    for number, layer in enumerate(cache.layers):
        layer.keys[2] = number + 1
        layer.values[2] = -number - 1
    cache.move(Move(source=2, target=0, tokens=5))
    for number, layer in enumerate(cache.layers):
        assert (layer.keys[0, :, :5] == number + 1).all()
        assert (layer.values[0, :, :5] == -number - 1).all()
        assert not layer.keys[0, :, 5:].any()


def test_an_exchange_swaps_rows_of_different_length() -> None:
    cache = KVCache(CONFIG, slots=2, length=8)
    cache.layers[0].keys[0, :, :3] = 1
    cache.layers[0].keys[1, :, :6] = 2
    cache.move(Move(source=1, target=0, tokens=6, displaced=3))
    assert (cache.layers[0].keys[0, :, :6] == 2).all()
    assert (cache.layers[0].keys[1, :, :3] == 1).all()


def test_each_row_of_a_layer_can_be_bound_in_place() -> None:
    layer = KVCache(CONFIG, slots=3, length=8).layers[0]
    assert layer.keys[1:3].flags.c_contiguous
    assert np.shares_memory(layer.keys[1:3], layer.keys)
