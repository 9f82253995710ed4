"""What is left out before training, and what is refused."""

from __future__ import annotations

import pytest

from prudent.capabilities.classifiers.cleaning import RawExample, clean, comparison_key
from prudent.errors import InvalidRequestError


def _examples(*pairs: tuple[str | bytes, str]) -> list[RawExample]:
    return [RawExample(content, label, None, place) for place, (content, label) in enumerate(pairs, 1)]


ENOUGH = [(f"{label} number {n}", label) for label in ("red", "blue") for n in range(5)]


def test_empty_repeated_and_contradicting_rows_are_left_out_and_named():
    cleaned = clean(
        _examples(
            *ENOUGH,
            ("  ", "red"),
            ("green", ""),
            ("red number 1", "red"),
            ("Same text!", "red"),
            ("same text", "blue"),
        )
    )
    assert cleaned.skipped == {"empty": [11], "no_label": [12], "duplicate": [13], "conflicting": [14, 15]}
    assert cleaned.labels == ["blue", "red"]
    assert [example.place for example in cleaned.kept] == list(range(1, 11))


def test_texts_that_differ_only_in_form_are_duplicates_of_each_other():
    cleaned = clean(
        _examples(*ENOUGH, ("Red Number 1?", "red"), ("我要退款！", "blue"), ("我要退款", "blue"))
    )
    assert cleaned.duplicates[1] == cleaned.duplicates[10]
    assert cleaned.duplicates[11] == cleaned.duplicates[12]
    assert len(set(cleaned.duplicates)) == 11


def test_texts_without_letters_are_not_all_one():
    assert comparison_key("👍") != comparison_key("👎")
    assert comparison_key("ＡＢＣ") == comparison_key("a b c")
    assert comparison_key(b"a") != comparison_key(b"b")


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([(f"text {n}", "only") for n in range(9)], "1 class with usable examples .'only'.; .* at least 2"),
        ([], "0 classes"),
        ([*ENOUGH, ("lonely", "rare")], "'rare' has 1; each class needs at least 5"),
        ([*ENOUGH, *[(f"Same {'!' * n}", "rare") for n in range(7)]], "'rare' has 1"),
    ],
)
def test_too_few_examples_are_an_error_that_counts_them(pairs, words):
    with pytest.raises(InvalidRequestError, match=words):
        clean(_examples(*pairs))


def test_rare_classes_can_be_left_out():
    cleaned = clean(_examples(*ENOUGH, ("lonely", "rare")), drop_rare=True)
    assert (cleaned.labels, cleaned.skipped) == (["blue", "red"], {"rare_class": [11]})
