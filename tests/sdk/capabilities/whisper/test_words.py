"""Tokens to segments and words: nothing is lost, marks stay with their words, times stay in the window."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prudent.capabilities.whisper.segments import split_spans
from prudent.capabilities.whisper.words import split_words, time_words
from prudent.runtime.transcriber_artifact import AlignmentHead, SpecialTokens, TranscriberConfig

FIRST_TIME = 28
CONFIG = TranscriberConfig(
    family="whisper",
    mels=80,
    encoder_layers=1,
    decoder_layers=1,
    heads=1,
    head_dim=8,
    hidden_size=8,
    positions=1500,
    max_tokens=448,
    vocab_size=FIRST_TIME + 80,
    special=SpecialTokens(
        end=20, start=21, translate=22, transcribe=23, previous=24, no_speech=25, no_times=27, first_time=28
    ),
    languages={},
    never=(),
    never_first=(),
    alignment_heads=(AlignmentHead(layer=0, head=0),),
)
PIECES = {
    1: b" Hel",
    2: b"lo",
    3: b",",
    4: b" wor",
    5: b"ld",
    6: b".",
    7: "é".encode()[:1],
    8: "é".encode()[1:],
}
PIECES |= {9: "中文".encode(), 10: "字".encode(), 11: b' "', 12: b" Yes"}


def words_of(tokens, language="en", step=10):
    pieces = split_words(tokens, language, PIECES.__getitem__)
    positions = np.arange(len(tokens) + 1) * step
    return time_words(pieces, positions, [-0.5] * len(tokens), 1e9)


def test_words_begin_at_spaces_and_keep_their_marks():
    words = words_of([1, 2, 3, 4, 5, 6])
    assert [word.text for word in words] == [" Hello,", " world."]
    assert [(word.start, word.end) for word in words] == [(0.0, 0.4), (0.6, 1.0)]
    assert words[0].probability == pytest.approx(np.exp(-0.5))


def test_characters_over_several_tokens_and_opening_marks_are_whole():
    assert [word.text for word in words_of([1, 2, 7, 8])] == [" Helloé"]
    assert [word.text for word in words_of([11, 12, 6])] == [' "Yes.']


def test_a_language_without_spaces_is_cut_at_characters():
    assert [word.text for word in words_of([9, 10], "zh")] == ["中文", "字"]


@given(tokens=st.lists(st.sampled_from(sorted(PIECES)), min_size=1, max_size=30))
def test_words_together_are_the_text_and_never_go_back(tokens):
    words = words_of(tokens)
    raw = b"".join(PIECES[token] for token in tokens).decode("utf-8", errors="replace")
    assert "".join("".join(word.text for word in words).split()) == "".join(raw.split())
    assert all(word.start <= word.end for word in words)


@given(
    tokens=st.lists(st.one_of(st.integers(1, 12), st.integers(FIRST_TIME, FIRST_TIME + 79)), max_size=30),
    seconds=st.floats(0.1, 30.0),
)
def test_spans_hold_all_text_within_the_window(tokens, seconds):
    spans = split_spans(tokens, CONFIG, seconds)
    assert [token for span in spans for token in span.text] == [t for t in tokens if t < FIRST_TIME]
    assert all(0 <= span.start <= seconds and span.end <= seconds for span in spans)


def test_times_cut_a_window_into_segments():
    spans = split_spans([FIRST_TIME, 1, 2, FIRST_TIME + 50, FIRST_TIME + 60, 4, 5], CONFIG, 2.0)
    assert [(span.start, span.end, span.text) for span in spans] == [(0.0, 1.0, (1, 2)), (1.2, 2.0, (4, 5))]
