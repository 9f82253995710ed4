"""Texts of all requests run together: each once, with its like, and none waits for a long job's end."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent.capabilities.embedding_queue import MOST_TOKENS, EmbeddingQueue, Job

LENGTHS = st.lists(st.integers(2, 512), min_size=1, max_size=40)


def job(lengths, mark=0):
    return Job([np.full(length, mark, np.int32) for length in lengths], 1)


def answer(batch):
    """Give each text its own length as its vector."""
    for owner, index in batch.places:
        owner.deliver(index, np.array([len(owner.rows[index])], np.float32))


@settings(deadline=None)
@given(st.lists(LENGTHS, min_size=1, max_size=6), st.integers(1, 8))
def test_every_text_runs_once_with_texts_of_like_length(requests, workers):
    queue, jobs = EmbeddingQueue(workers), [job(lengths) for lengths in requests]
    for one in jobs:
        queue.add(one)
    seen = []
    while (batch := queue.next_batch()) is not None:
        lengths = [len(row) for row in batch.rows]
        longest = max(lengths)
        assert longest == lengths[0]
        assert len(lengths) == 1 or longest * len(lengths) <= MOST_TOKENS
        assert min(lengths) >= longest - max(4, longest // 4)
        seen += [(id(owner), index) for owner, index in batch.places]
        answer(batch)
    assert len(seen) == len(set(seen)) == sum(map(len, requests))
    for one, lengths in zip(jobs, requests, strict=True):
        assert one.done.result(0)[:, 0].tolist() == lengths


@settings(deadline=None)
@given(st.lists(st.integers(2, 512), min_size=50, max_size=200), st.integers(2, 512))
def test_a_short_request_waits_for_one_run_of_a_long_one(long, short):
    queue, bulk, question = EmbeddingQueue(2), job(long), job([short])
    queue.add(bulk)
    queue.next_batch()
    queue.add(question)
    for _ in range(2):
        batch = queue.next_batch()
        if batch is not None:
            answer(batch)
    assert question.done.done()


def test_texts_of_different_requests_share_a_run():
    queue = EmbeddingQueue(1)
    for mark in range(6):
        queue.add(job([10, 10], mark))
    batch = queue.next_batch()
    assert batch is not None
    assert {int(row[0]) for row in batch.rows} == set(range(6))
    assert queue.next_batch() is None


def test_few_texts_are_dealt_out_among_the_workers():
    queue = EmbeddingQueue(2)
    queue.add(job([10] * 16))
    sizes = []
    while (batch := queue.next_batch()) is not None:
        sizes.append(len(batch.places))
    assert sizes[0] == 8
    assert sizes == sorted(sizes, reverse=True)


def test_what_is_removed_does_not_run_and_harms_no_one():
    queue, gone, stays = EmbeddingQueue(1), job([10, 300]), job([10])
    queue.add(gone)
    queue.add(stays)
    queue.remove(gone)
    queue.remove(gone)
    batch = queue.next_batch()
    assert batch is not None
    assert batch.places == ((stays, 0),)
    assert queue.next_batch() is None


def test_failing_twice_keeps_the_first_error():
    one = job([5])
    one.fail(KeyError("first"))
    one.fail(KeyError("second"))
    one.deliver(0, np.zeros(1, np.float32))
    assert str(one.done.exception(0)) == "'first'"
