"""Joining by rank is accepted only where it does what the list of merges says."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Peer
from tokenizers import models

from prudent.errors import ModelFileError, UnsupportedModelError
from prudent.tokenizer.merges import MergeTable

LETTERS = "abc"


@st.composite
def merge_lists(draw):
    """A list of merges in which every pair joins tokens that exist by then, as training makes it or not."""
    tokens, pairs = list(LETTERS), []
    for _ in range(draw(st.integers(1, 14))):
        pair = draw(st.sampled_from(tokens)), draw(st.sampled_from(tokens))
        if len("".join(pair)) > 6 or pair in pairs:
            continue
        pairs.append(pair)
        if "".join(pair) not in tokens:
            tokens.append("".join(pair))
    return tokens, pairs


def by_list(tokens, pairs, text, **options):
    peer = Peer(models.BPE({token: i for i, token in enumerate(tokens)}, pairs, **options))
    return peer.encode(text).ids


def by_rank(order, tokens, text):
    """Plain joining by rank of the whole, as tiktoken does it."""
    ranks = {tokens[i]: rank for rank, i in enumerate(order)}
    parts = list(text)
    while True:
        candidates = [
            (ranks[left + right], place)
            for place, (left, right) in enumerate(itertools.pairwise(parts))
            if left + right in ranks
        ]
        if not candidates:
            return [tokens.index(part) for part in parts]
        _, place = min(candidates)
        parts[place : place + 2] = [parts[place] + parts[place + 1]]


def table(tokens, pairs, **options):
    ids = {token: i for i, token in enumerate(tokens)}
    return MergeTable(ids, [" ".join(pair) for pair in pairs], **options)


@settings(deadline=None)
@given(merges=merge_lists(), texts=st.lists(st.text(LETTERS, max_size=24), min_size=4, max_size=4))
def test_what_is_accepted_is_equal_on_every_text(merges, texts):
    tokens, pairs = merges
    try:
        order = table(tokens, pairs).order
    except UnsupportedModelError:
        reject()
    assert [by_rank(order, tokens, text) for text in texts] == [
        by_list(tokens, pairs, text) for text in texts
    ]


@settings(deadline=None)
@given(merges=merge_lists())
def test_a_list_in_order_is_never_refused(merges):
    tokens, pairs = merges
    wholes = ["".join(pair) for pair in pairs]
    assume(len(set(wholes)) == len(wholes))
    table(tokens, pairs)


@settings(deadline=None)
@given(
    merges=merge_lists(),
    extra=st.text(LETTERS, min_size=2, max_size=5),
    words=st.lists(st.text(LETTERS, min_size=1, max_size=8), max_size=8),
)
def test_with_whole_words_what_is_accepted_is_equal(merges, extra, words):
    tokens, pairs = merges
    tokens = [*tokens, *({extra} - set(tokens))]
    try:
        order = table(tokens, pairs, whole_words=True).order
    except UnsupportedModelError:
        reject()
    for word in words:
        whole = [tokens.index(word)] if word in tokens else by_rank(order, tokens, word)
        assert whole == by_list(tokens, pairs, word, ignore_merges=True)


def test_a_token_whose_parts_never_meet_is_left_out():
    # "ab" comes first in "abc", so "bc" never forms there; joining "ab" and "c" by rank would be wrong.
    made = table(["a", "b", "c", "ab", "bc", "abc"], [("a", "b"), ("b", "c"), ("a", "bc")])
    assert made.order == [3, 4]
    assert not made.complete


def test_such_a_token_is_refused_where_every_token_needs_a_rank():
    with pytest.raises(UnsupportedModelError, match="'abc'"):
        table(["a", "b", "c", "ab", "bc", "abc"], [("a", "b"), ("b", "c"), ("a", "bc")], whole_words=True)


def test_a_token_without_parts_is_whole_or_nothing():
    tokens, pairs = ["a", "b", "c", "ab", "cba"], [("a", "b")]
    assert table(tokens, pairs).order == [3]
    assert table(tokens, pairs, whole_words=True).order == [3, 4]


def test_all_splits_listed_is_accepted():
    pairs = [("a", "b"), ("b", "c"), ("ab", "c"), ("a", "bc")]
    assert table(["a", "b", "c", "ab", "bc", "abc"], pairs).order == [3, 4, 5]


@pytest.mark.parametrize("line", ["", "a", " b", "a ", "a b c", "a  b", "a x"])
def test_a_malformed_merge_names_its_line(line):
    with pytest.raises(ModelFileError, match="Merge 1 "):
        MergeTable({"a": 0, "b": 1, "ab": 2}, ["a b", line])


def test_merges_out_of_order_are_refused():
    with pytest.raises(UnsupportedModelError, match="before its parts"):
        table(["a", "b", "c", "ab", "abc"], [("ab", "c"), ("a", "b")])
    with pytest.raises(UnsupportedModelError, match="stand together"):
        table(["a", "b", "c", "ab", "bc", "abc"], [("a", "b"), ("ab", "c"), ("b", "c"), ("a", "bc")])
