"""Rows under a mask, and drafts verified: both against the plain way of doing it."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from prudent.errors import GrammarError, InternalError
from prudent.generation.constraint import Constraint
from prudent.generation.request import SamplingParams
from prudent.generation.sampler import Sample, Sampler, SequenceSampler

VOCAB = 5003  # no multiple of a mask's word
GREEDY = SamplingParams(temperature=0.0)


class Steps:
    """Allows the given tokens one step after the other; complete after the last."""

    def __init__(self, steps: Sequence[Sequence[int]]) -> None:
        self.steps = [list(step) for step in steps]
        self.accepted: list[int] = []

    @property
    def complete(self) -> bool:
        return len(self.accepted) == len(self.steps)

    def fill_mask(self, mask: NDArray[np.int32]) -> None:
        bits = np.zeros(mask.size * 32, np.uint8)
        bits[self.steps[len(self.accepted)]] = 1
        bits[VOCAB:] = 1
        mask[:] = np.packbits(bits, bitorder="little").view("<i4")

    def accept(self, token: int) -> None:
        assert token in self.steps[len(self.accepted)]
        self.accepted.append(token)

    def forced(self) -> tuple[int, ...]:
        return ()

    def allowed(self, tokens: Sequence[int]) -> int:
        return len(tokens)


class Broken(Steps):
    def fill_mask(self, mask: NDArray[np.int32]) -> None:
        raise GrammarError("too complex")


def rows(count: int, seed: int = 0) -> NDArray[np.float32]:
    return (np.random.default_rng(seed).standard_normal((count, VOCAB)) * 3).astype(np.float32)


def one(
    logits: NDArray[np.float32], state: SequenceSampler, constraint: Constraint | None
) -> Sample | Exception:
    return Sampler(VOCAB).sample(logits, [state], [constraint])[0]


some_params = st.builds(
    SamplingParams,
    temperature=st.sampled_from([0.0, 0.3, 1.0, 2.0]),
    top_p=st.sampled_from([1.0, 0.9, 0.3]),
    top_k=st.sampled_from([None, 1, 40]),
    min_p=st.sampled_from([0.0, 0.05]),
    frequency_penalty=st.sampled_from([0.0, 0.7]),
    repetition_penalty=st.sampled_from([1.0, 1.3]),
    logit_bias=st.sampled_from([{}, {5: 9.0, 4900: -3.0}]),
    seed=st.integers(0, 10_000),
)


@settings(deadline=None)
@given(some_params, st.sampled_from([1, 2, 30, 2000, 2100, 4990, VOCAB]), st.integers(0, 10_000))
def test_a_masked_row_is_the_row_without_the_tokens_that_are_not_allowed(
    params: SamplingParams, count: int, seed: int
) -> None:
    allowed = np.sort(np.random.default_rng(seed).choice(VOCAB, count, replace=False))
    logits = rows(1, seed)
    got = one(logits, SequenceSampler(params, (5, 9)), Steps([allowed.tolist()]))
    state = SequenceSampler(params, (5, 9))
    only = np.full_like(logits, -np.inf)
    only[0, allowed] = logits[0, allowed]
    assert got == one(only, state, None)
    assert isinstance(got, Sample)
    assert got.token in allowed


@pytest.mark.parametrize("count", [3, 4000])
def test_masked_draws_have_the_frequencies_of_what_is_left(count: int) -> None:
    allowed = np.arange(VOCAB - count, VOCAB)
    logits = np.full((1, VOCAB), 5.0, np.float32)
    logits[0, allowed] = -20.0
    logits[0, [VOCAB - 1, VOCAB - 3]] = [np.log(3.0), 0.0]
    state, sampler = SequenceSampler(SamplingParams(seed=3), ()), Sampler(VOCAB)
    draws = [sampler.sample(logits, [state], [Steps([allowed.tolist()])])[0] for _ in range(2000)]
    tokens = [draw.token for draw in draws if isinstance(draw, Sample)]
    assert set(tokens) == {VOCAB - 1, VOCAB - 3}
    assert tokens.count(VOCAB - 1) == pytest.approx(1500, abs=100)


def test_log_probabilities_under_a_mask_are_those_of_the_model() -> None:
    logits = rows(1)
    params = SamplingParams(temperature=0.0, top_logprobs=2)
    got = one(logits, SequenceSampler(params, ()), Steps([[17]]))
    exact = logits[0].astype(np.float64) - np.log(np.exp(logits[0].astype(np.float64)).sum())
    assert isinstance(got, Sample)
    assert got.logprob is not None
    assert (got.token, got.logprob.logprob) == (17, pytest.approx(exact[17], abs=1e-5))
    assert [token for token, _ in got.logprob.top] == np.argsort(-exact)[:2].tolist()


@pytest.mark.parametrize("params", [GREEDY, SamplingParams(seed=1)])
def test_what_goes_wrong_under_a_mask_is_its_own_rows_fault(params: SamplingParams) -> None:
    states = [SequenceSampler(params, ()) for _ in range(4)]
    constraints = [Steps([[]]), Broken([[1]]), Steps([[4, 5]]), None]
    nothing, broken, masked, free = Sampler(VOCAB).sample(rows(4), states, constraints)
    assert isinstance(nothing, InternalError), "the bits past the vocabulary allow nothing"
    assert isinstance(broken, GrammarError)
    assert isinstance(masked, Sample)
    assert masked.token in (4, 5)
    assert isinstance(free, Sample)


def model(prefix: tuple[int, ...]) -> NDArray[np.float32]:
    """Logits that depend on all that came before, and often favour one token."""
    generator = np.random.default_rng(zlib.crc32(repr(prefix).encode()))
    logits = generator.standard_normal(VOCAB).astype(np.float32)
    logits[generator.integers(0, VOCAB, 3)] += generator.uniform(0, 15, 3)
    return logits


def step_by_step(params: SamplingParams, constraint: Constraint | None, length: int) -> list[Sample]:
    state, sampler, taken = SequenceSampler(params, (1,)), Sampler(VOCAB), list[Sample]()
    while len(taken) < length and not (constraint is not None and constraint.complete):
        got = sampler.sample(model(tuple(s.token for s in taken))[None], [state], [constraint])[0]
        assert isinstance(got, Sample)
        taken.append(got)
        if constraint is not None:
            constraint.accept(got.token)
    return taken


@settings(max_examples=60, deadline=None)
@given(some_params, st.integers(0, 1000), st.booleans(), st.data())
def test_verified_drafts_give_the_tokens_of_sampling_one_by_one(
    params: SamplingParams, seed: int, constrained: bool, data: st.DataObject
) -> None:
    """Whatever the drafts are: a part that comes true, then a wrong token, or none of it."""
    sets = [
        np.random.default_rng([seed, place]).choice(VOCAB, 2500, replace=False).tolist() for place in range(8)
    ]
    length = len(sets)
    wanted = step_by_step(params, Steps(sets) if constrained else None, length)
    truth = [sample.token for sample in wanted]
    state, sampler, taken = SequenceSampler(params, (1,)), Sampler(VOCAB), list[Sample]()
    constraint = Steps(sets) if constrained else None
    while len(taken) < length:
        right = data.draw(st.integers(0, min(5, length - len(taken) - 1)))
        draft = truth[len(taken) : len(taken) + right]
        if len(draft) < length - len(taken) - 1 and data.draw(st.booleans()):
            draft.append((truth[len(taken) + right] + 1) % VOCAB)
        so_far = [sample.token for sample in taken]
        logits = np.stack([model((*so_far, *draft[:place])) for place in range(len(draft) + 1)])
        got = sampler.verify(logits, state, draft, constraint)
        assert len(got) == right + 1
        taken += got
        if constraint is not None:
            assert constraint.accepted == [sample.token for sample in taken[:-1]]
            constraint.accept(taken[-1].token)
    assert taken == wanted


def test_verifying_ends_where_the_constraint_is_complete() -> None:
    constraint = Steps([[3], [4]])
    logits = rows(4)
    got = Sampler(VOCAB).verify(logits, SequenceSampler(GREEDY, ()), [3, 4, 5], constraint)
    assert [sample.token for sample in got] == [3, 4]
    assert constraint.accepted == [3, 4]


def test_forced_tokens_count_for_the_penalties() -> None:
    logits = np.zeros((1, VOCAB), np.float32)
    logits[0, [4, 5]] = [2.0, 1.0]
    state = SequenceSampler(SamplingParams(temperature=0.0, presence_penalty=1.5), ())
    state.record(4)
    assert one(logits, state, None) == Sample(5)
