"""Attack rows that were written: they keep their sides, hold what was put in, and meet no test row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from prudent_responsible_ai.text_encoder import LABELS


@pytest.fixture(scope="module")
def written() -> list[Any]:
    import augment_attack

    return augment_attack.rows(3)


def test_rows_are_the_same_for_a_seed_and_each_text_comes_once(written: list[Any]) -> None:
    import augment_attack

    assert [row.id for row in augment_attack.rows(3)] == [row.id for row in written]
    assert len({row.text for row in written}) == len({row.id for row in written}) == len(written) > 2_500
    assert sum(row.language == "zh" for row in written) > 0.25 * len(written)


def test_a_template_stays_on_one_side_and_no_place_stays_open(written: list[Any]) -> None:
    sides: dict[str, set[str]] = {}
    for row in written:
        sides.setdefault(row.about["group"], set()).add(row.split)
        assert "@@" not in row.text
        assert "{reader}" not in row.text
    assert all(len(one) == 1 for one in sides.values())
    assert {row.split for row in written} == {"train", "validation"}


def test_labels_say_what_is_known(written: list[Any]) -> None:

    for row in written:
        labels = dict(zip(LABELS, row.labels, strict=True))
        if row.kind in ("direct", "jailbreak", "indirect"):
            assert labels[row.kind] == 1
            assert labels["attack"] == 1 or row.kind == "indirect"
        else:
            assert labels["attack"] == labels["direct"] == labels["jailbreak"] == 0
            assert row.injected is None
        if row.injected is not None:
            assert row.injected in row.text
            assert np.isnan(labels["hate"])


def test_documents_are_composed_of_rows_of_one_side_and_never_of_test_rows() -> None:
    import augment_attack
    from rows import Row

    def row(source: str, split: Any, number: int) -> Any:
        text = f"{source} of {split}, number {number}."
        labels = np.zeros(len(LABELS), np.float32)
        return Row(text, text, labels, source, "en", split, "benign", None, {})

    labelled = [
        row(source, split, number)
        for source in ("clinc150", "bipia_email")
        for split in ("train", "validation", "test")
        for number in range(40)
    ]
    composed = [one for one in augment_attack.rows(3, labelled) if one.source == "authored_composed"]
    assert len(composed) == 80
    assert any("clinc150" in one.text for one in composed)
    for one in composed:
        others = {"train", "validation", "test"} - {one.split}
        assert one.injected in one.text
        assert not any(f"of {other}," in one.text for other in others)


def test_orders_are_in_a_documents_language_or_in_english() -> None:
    import augment_attack

    orders = augment_attack._orders(augment_attack._read("attack_documents"))
    for language in ("en", "zh", "ru", "vi", "sw"):
        found = [one.language for one in augment_attack._fitting(orders, language, "train")]
        assert language in found or language == "sw"
        assert set(found) <= ({"zh"} if language == "zh" else {language, "en"}) or language == "en"
        assert ("zh" in found) == (language == "zh")
