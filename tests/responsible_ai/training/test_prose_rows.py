"""Texts made of labelled rows: they keep sides and labels apart, and take nothing from test rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from prudent_responsible_ai.text_encoder import LABELS


def row(text: str, split: str, wrong: str | None = None, source: str = "wikipedia_sentences") -> Any:
    from rows import Row

    labels = np.zeros(len(LABELS), np.float32)
    if wrong is not None:
        labels[[LABELS.index(wrong), LABELS.index("unsafe")]] = 1
    return Row(text, text, labels, source, "en", split, "safety", None, {})  # pyright: ignore


def labelled() -> list[Any]:
    made = [
        row(f"The {split} market number {n} opens early", split)
        for split in ("train", "validation", "test")
        for n in range(12)
    ]
    return [
        *made,
        *(row(f"I will hurt you {n}, {s}", s, "violence") for s in ("train", "test") for n in (1, 2)),
    ]


def test_prose_is_of_one_side_and_wrong_only_where_a_part_is() -> None:
    import augment_prose

    made = augment_prose.rows(5, labelled())
    assert {one.split for one in made} == {"train", "validation"}
    cut = [one for one in made if one.source == "authored_prose_cut"]
    assert len(cut) > 100
    assert not any((one.labels == 1).any() or len(one.text.split()) > 24 for one in cut)
    for one in (one for one in made if one.source != "authored_prose_cut"):
        assert one.text.count("market number") >= 1
        assert "test" not in one.text
        assert ("validation" in one.text) == (one.split == "validation")
        assert one.labels[LABELS.index("violence")] == float("hurt" in one.text)
        assert np.isnan(one.labels[LABELS.index("indirect")])
    assert sum("hurt" in one.text for one in made) > 20


def test_a_copy_names_another_group_and_keeps_labels_and_side() -> None:
    import augment_swapped

    found = augment_swapped.rows(
        5, [row("All Muslims are filthy", "train", "hate"), row("Muslims read", "test")]
    )
    assert len(found) == augment_swapped.COPIES
    for one in found:
        assert one.split == "train"
        assert one.labels[LABELS.index("hate")] == 1
        assert one.text.startswith("All ")
        assert one.text.endswith(" are filthy")
        assert "Muslims" not in one.text
