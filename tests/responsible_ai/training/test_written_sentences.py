"""Texts written one by one: what their labels mean, and that none is nearly a text of a test."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from prudent_responsible_ai.text_encoder import LABELS


def test_what_is_nearly_a_test_text_is_left_out() -> None:
    import written_sentences
    from rows import Row

    every = written_sentences.rows([])
    assert {one.split for one in every} == {"train", "validation"}
    first = every[0]
    near = Row("x", f"{first.text} Please", first.labels, "notinject", "en", "test", "benign_hard", None, {})
    assert [one.text for one in written_sentences.rows([near])] == [one.text for one in every[1:]]


def test_no_text_is_written_twice_and_orders_stand_in_their_documents() -> None:
    import written_sentences

    every = written_sentences.rows([])
    assert [text for text, count in Counter(one.text for one in every).items() if count > 1] == []
    assert all(one.injected is None or one.injected in one.text for one in every)
    attacked = [one for one in every if one.kind == "indirect"]
    assert all(one.injected for one in attacked)


@pytest.mark.parametrize(
    ("named", "kind", "ones", "zeros"),
    [
        ("-", "benign_hard", "", "hate self_harm harmful_request unsafe attack direct jailbreak"),
        ("document", "benign", "", "hate unsafe attack direct indirect"),
        ("self_harm", "safety", "self_harm unsafe", "attack direct jailbreak sexual"),
        ("hate,violence", "safety", "hate violence offensive unsafe", "self_harm attack"),
        ("harmful_request", "safety", "harmful_request unsafe", "self_harm jailbreak"),
        ("jailbreak", "jailbreak", "jailbreak attack", ""),
        ("indirect", "indirect", "indirect attack", ""),
    ],
)
def test_labels_mean_what_they_say(named: str, kind: str, ones: str, zeros: str) -> None:
    import written_sentences

    found, labels = written_sentences._labels(named)
    assert found == kind
    assert {name for name, value in zip(LABELS, labels, strict=True) if value == 1} == set(ones.split())
    assert set(zeros.split()) <= {name for name, value in zip(LABELS, labels, strict=True) if value == 0}


def test_a_label_that_there_is_not_is_an_error() -> None:
    import written_sentences

    with pytest.raises(ValueError, match="rude"):
        written_sentences._labels("rude")


def test_a_state_survives_the_names_it_is_shipped_under() -> None:
    import stored

    drawn = np.random.default_rng(1)
    state = {
        name: drawn.normal(size=(3, 4)).astype(np.float32)
        for name in ("layers.0.ao_w", "layers.2.oln_b", "queries.weight", "whole.weight")
    }
    packed = stored.shipped(state, frozen=3)
    assert set(packed) == {"l3.ao.w", "l5.oln.b", "queries.weight", "whole.weight"}
    back = stored.trained(packed, frozen=3)
    assert set(back) == set(state)
    assert all(np.allclose(back[name], state[name], rtol=1e-3) for name in state)
    assert np.array_equal(back["whole.weight"], state["whole.weight"])
    assert all(np.array_equal(stored.trained(back, frozen=3)[name], back[name]) for name in back)
