"""Whole rows through the sampler: greedy, penalties, bias, log-probabilities, seeds, faults."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from prudent.errors import InternalError
from prudent.generation.penalties import Penalties
from prudent.generation.request import SamplingParams, TokenLogprob
from prudent.generation.sampler import Sample, Sampler, SequenceSampler

VOCAB = 300
GREEDY = SamplingParams(temperature=0.0)


def rows(count: int, seed: int = 0) -> NDArray[np.float32]:
    return (np.random.default_rng(seed).standard_normal((count, VOCAB)) * 3).astype(np.float32)


def sampler(params: SamplingParams, prompt: tuple[int, ...] = (1,)) -> SequenceSampler:
    return SequenceSampler(params, prompt)


def tokens(results: list[Sample | Exception]) -> list[int]:
    assert all(isinstance(result, Sample) for result in results), results
    return [result.token for result in results if isinstance(result, Sample)]


def sample(logits: NDArray[np.float32], *samplers: SequenceSampler) -> list[Sample | Exception]:
    return Sampler(VOCAB).sample(logits, samplers, [None] * len(samplers))


def logprob(result: Sample | Exception) -> TokenLogprob:
    assert isinstance(result, Sample)
    assert result.logprob is not None
    return result.logprob


def test_greedy_is_the_most_likely_token_and_the_first_of_equals() -> None:
    logits = rows(5)
    logits[2, [7, 9]] = 99.0
    assert tokens(sample(logits, *[sampler(GREEDY)] * 5)) == logits.argmax(axis=1).tolist()
    assert tokens(sample(logits, *[sampler(GREEDY)] * 5))[2] == 7


def test_a_seed_gives_the_same_tokens_whoever_shares_the_batch() -> None:
    steps = [rows(1, seed=step) for step in range(30)]
    params = SamplingParams(temperature=1.3, top_p=0.95, seed=11)
    alone, among = sampler(params), sampler(params)
    others = [sampler(SamplingParams(temperature=0.9, top_k=3)), sampler(GREEDY)]
    first = [tokens(sample(step, alone))[0] for step in steps]
    second = [
        tokens(sample(np.concatenate([rows(1, 99), step, rows(1, 98)]), others[0], among, others[1]))[1]
        for step in steps
    ]
    assert first == second
    assert len(set(first)) > 5


@pytest.mark.parametrize("seed", [-1, -(2**63), 2**63 - 1, 0])
def test_every_seed_of_the_api_works(seed: int) -> None:
    results = [tokens(sample(rows(1), sampler(SamplingParams(seed=seed)))) for _ in range(2)]
    assert results[0] == results[1]


def test_without_a_seed_answers_differ() -> None:
    drawn = {
        tokens(sample(np.zeros((1, VOCAB), np.float32), sampler(SamplingParams())))[0] for _ in range(40)
    }
    assert len(drawn) > 10


def test_bias_repetition_frequency_and_presence_follow_their_formulas_in_order() -> None:
    params = SamplingParams(
        logit_bias={3: 2.0, 5: -1.0}, repetition_penalty=1.5, frequency_penalty=0.5, presence_penalty=0.25
    )
    penalties = Penalties(params, prompt=(3, 4))
    for token in (5, 5, 6):
        penalties.record(token)
    logits = np.zeros(10, np.float32)
    logits[[3, 4, 5, 6, 7]] = [1.0, -2.0, 4.0, 3.0, 5.0]
    got = penalties.apply(logits, np.empty_like(logits))
    assert got[3] == pytest.approx((1.0 + 2.0) / 1.5)
    assert got[4] == pytest.approx(-2.0 * 1.5)
    assert got[5] == pytest.approx((4.0 - 1.0) / 1.5 - 2 * 0.5 - 0.25)
    assert got[6] == pytest.approx(3.0 / 1.5 - 0.5 - 0.25)
    assert got[7] == 5.0
    assert logits[3] == 1.0, "the model's own logits stay as they are"


def test_penalties_count_more_different_tokens_than_they_began_with_room_for() -> None:
    penalties = Penalties(SamplingParams(presence_penalty=1.0), prompt=())
    for token in [*range(200), *range(200)]:
        penalties.record(token)
    scores = penalties.apply(np.zeros(VOCAB, np.float32), np.empty(VOCAB, np.float32))
    assert scores.tolist() == [-1.0] * 200 + [0.0] * 100


def test_a_presence_penalty_turns_greedy_to_the_next_token() -> None:
    logits = np.zeros((1, VOCAB), np.float32)
    logits[0, [4, 5]] = [2.0, 1.0]
    state = sampler(SamplingParams(temperature=0.0, presence_penalty=1.5))
    assert [tokens(sample(logits, state))[0] for _ in range(3)] == [4, 5, 4]


def test_log_probabilities_are_the_models_own_and_sorted() -> None:
    logits = rows(1)
    exact = logits[0].astype(np.float64) - np.log(np.exp(logits[0].astype(np.float64)).sum())
    state = sampler(SamplingParams(temperature=0.0, top_logprobs=5, logit_bias={17: 100.0}))
    got = logprob(sample(logits, state)[0])
    best = np.argsort(-exact)[:5]
    assert (got.token, got.logprob) == (17, pytest.approx(exact[17], abs=1e-5))
    assert [token for token, _ in got.top] == best.tolist()
    assert [value for _, value in got.top] == pytest.approx(exact[best].tolist(), abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 20), st.sampled_from([900, 1024, 5000]), st.booleans())
def test_the_most_likely_tokens_are_those_of_a_whole_sort(
    seed: int, wanted: int, size: int, ties: bool
) -> None:
    logits = (np.random.default_rng(seed).standard_normal((1, size)) * 3).astype(np.float32)
    if ties:
        logits = np.round(logits)
    exact = logits[0].astype(np.float64) - np.log(np.exp(logits[0].astype(np.float64)).sum())
    (got,) = Sampler(size).logprobs(logits, [7], wanted)
    best = np.argsort(-logits[0], kind="stable")[:wanted]
    assert [token for token, _ in got.top] == best.tolist()
    assert [value for _, value in got.top] == pytest.approx(exact[best].tolist(), abs=1e-5)
    assert got.logprob == pytest.approx(exact[7], abs=1e-5)


def test_log_probabilities_of_numbers_gone_wrong_are_a_fault() -> None:
    with pytest.raises(InternalError):
        Sampler(VOCAB).logprobs(np.full((1, VOCAB), np.nan, np.float32), [3], 0)


def test_only_asked_for_log_probabilities_are_computed() -> None:
    none, own = sample(rows(2), sampler(GREEDY), sampler(SamplingParams(top_logprobs=0, seed=1)))
    assert isinstance(none, Sample)
    assert none.logprob is None
    assert logprob(own).top == ()


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
@pytest.mark.parametrize("params", [GREEDY, SamplingParams(seed=1), SamplingParams(presence_penalty=1.0)])
def test_numbers_gone_wrong_in_one_row_fail_that_row_alone(wrong: float, params: SamplingParams) -> None:
    logits = rows(3)
    logits[1, 100] = wrong
    first, second, third = sample(logits, sampler(GREEDY), sampler(params), sampler(GREEDY))
    assert isinstance(second, InternalError)
    assert isinstance(first, Sample)
    assert isinstance(third, Sample)


def test_a_row_of_minus_infinity_is_a_fault_not_a_token() -> None:
    assert isinstance(sample(np.full((1, VOCAB), -np.inf, np.float32), sampler(GREEDY))[0], InternalError)
