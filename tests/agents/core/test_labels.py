"""Labels form a lattice, and what joins them never becomes more trusted or less confidential."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from prudent_agents.labels import TRUSTED, Confidentiality, Integrity, Label, join

LABELS = st.builds(
    Label,
    integrity=st.sampled_from(Integrity),
    confidentiality=st.sampled_from(Confidentiality),
    sources=st.frozensets(st.sampled_from("abcd")),
)


@given(LABELS, LABELS, LABELS)
def test_join_is_a_semilattice(a: Label, b: Label, c: Label) -> None:
    """Associative, commutative, idempotent; the trusted public label is its bottom."""
    assert join([a, join([b, c])]) == join([join([a, b]), c]) == join([c, b, a])
    assert join([a, a]) == join([a]) == join([a, TRUSTED]) == a


@given(st.lists(LABELS), LABELS)
def test_a_join_is_no_better_than_any_of_its_parts(labels: list[Label], one: Label) -> None:
    """Untrusted stays untrusted, secret stays secret, no source is lost."""
    whole = join([*labels, one])
    assert whole.trusted <= one.trusted
    assert whole.confidentiality.rank >= one.confidentiality.rank
    assert whole.sources >= one.sources


def test_nothing_joins_to_trusted_and_public() -> None:
    """What is made of nothing is the developer's."""
    assert join([]) == TRUSTED


@given(LABELS)
def test_a_label_survives_json(label: Label) -> None:
    """It is kept in the journal."""
    assert Label.model_validate_json(label.model_dump_json()) == label
