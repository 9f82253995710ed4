"""The rules of the next token, against OpenAI's written out plainly, over a small vocabulary."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prudent.capabilities.whisper.rules import FIRST_TIME_LIMIT, Rules
from prudent.runtime.transcriber_artifact import AlignmentHead, SpecialTokens, TranscriberConfig

END, FIRST_TIME, VOCABULARY = 20, 28, 28 + 80
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
    vocab_size=VOCABULARY,
    special=SpecialTokens(
        end=END, start=21, translate=22, transcribe=23, previous=24, no_speech=25, no_times=27, first_time=28
    ),
    languages={},
    never=(3, 4, 21),
    never_first=(5, END),
    alignment_heads=(AlignmentHead(layer=0, head=0),),
)
RANDOM = np.random.default_rng(0)


def by_definition(logits, written, times):
    """whisper/decoding.py, filter by filter."""
    logits = logits.astype(np.float64).copy()
    if not written:
        logits[[5, END]] = -np.inf
    logits[[3, 4]] = -np.inf
    logits[END + 1 : FIRST_TIME] = -np.inf
    if not times:
        logits[FIRST_TIME:] = -np.inf
    else:
        last = len(written) >= 1 and written[-1] >= FIRST_TIME
        penultimate = len(written) < 2 or written[-2] >= FIRST_TIME
        if last:
            if penultimate:
                logits[FIRST_TIME:] = -np.inf
            else:
                logits[:END] = -np.inf
        stamps = [token for token in written if token >= FIRST_TIME]
        if stamps:
            least = stamps[-1] if last and not penultimate else stamps[-1] + 1
            logits[FIRST_TIME:least] = -np.inf
        if not written:
            logits[:FIRST_TIME] = -np.inf
            logits[FIRST_TIME + FIRST_TIME_LIMIT + 1 :] = -np.inf
        logprobs = logits - np.logaddexp.reduce(logits)
        if np.logaddexp.reduce(logprobs[FIRST_TIME:]) > logprobs[:FIRST_TIME].max():
            logits[:FIRST_TIME] = -np.inf
    return logits - np.logaddexp.reduce(logits)


WRITTEN = st.lists(st.one_of(st.integers(6, END - 1), st.integers(FIRST_TIME, FIRST_TIME + 60)), max_size=6)


@given(
    seed=st.integers(0, 2**32 - 1),
    spread=st.sampled_from([0.1, 2.0, 8.0]),
    written=WRITTEN,
    times=st.booleans(),
)
def test_choice_and_its_probability_are_openais(seed, spread, written, times):
    logits = np.random.default_rng(seed).normal(0, spread, VOCABULARY).astype(np.float32)
    expected = by_definition(logits, written, times)
    choice = Rules(CONFIG, times=times).choose(logits.copy(), written, 0.0, RANDOM)
    assert choice.token == int(expected.argmax())
    assert choice.logprob == pytest.approx(expected[choice.token], abs=2e-3)


def test_warm_samples_follow_the_distribution_and_never_what_is_forbidden():
    logits = np.full(VOCABULARY, -30.0, np.float32)
    logits[[3, 6, 7]] = (9.0, 2.0, 1.0)
    rules, random = Rules(CONFIG, times=False), np.random.default_rng(1)
    drawn = [rules.choose(logits.copy(), [6], 0.5, random).token for _ in range(2000)]
    assert set(drawn) == {6, 7}
    assert drawn.count(6) / len(drawn) == pytest.approx(1 / (1 + np.exp(-2)), abs=0.03)
