"""Explanations of scores whose causes are known: they add up, all of them are needed, or any is enough."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent_responsible_ai.explain.explanation import Explanation, explain
from prudent_responsible_ai.explain.scoring import SWIFT, THOROUGH, Effort, Score
from prudent_responsible_ai.explain.words import sentences_of, without, words_of

FLAGGED = 0.5


def additive(weights: dict[str, float], bias: float = -2.0) -> Score:
    """The logistic of a sum of word weights, for each text as a whole."""

    def score(texts: Sequence[str]) -> list[float]:
        sums = (sum(weights.get(word, 0.0) for word in in_text(text)) for text in texts)
        return [1 / (1 + math.exp(-bias - total)) for total in sums]

    return score


def by_sentence(score: Score) -> Score:
    """The highest score of a text's sentences, as an encoder with windows has it."""

    def highest(texts: Sequence[str]) -> list[float]:
        found: list[float] = []
        for text in texts:
            parts = [text[part[0].start : part[-1].end] for part in sentences_of(text, words_of(text))]
            found.append(max(score(parts), default=0.0))
        return found

    return highest


def in_text(text: str) -> list[str]:
    return [text[word.start : word.end] for word in words_of(text)]


def decisive(text: str, explanation: Explanation) -> list[str]:
    return [text[word.start : word.end] for word in explanation.decisive]


class Counting:
    """A score function that counts the words it reads."""

    def __init__(self, score: Score) -> None:
        self._score = score
        self.words = 0

    def __call__(self, texts: Sequence[str]) -> Sequence[float]:
        self.words += sum(len(words_of(text)) for text in texts)
        return self._score(texts)


words = st.lists(st.sampled_from([f"w{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]), unique=True)


@settings(max_examples=60, deadline=None)
@given(words.filter(lambda each: 2 <= len(each) <= 12), st.data())
def test_of_a_score_that_adds_up_the_smallest_counterfactual_is_found(
    each: list[str], data: st.DataObject
) -> None:
    weights = {word: data.draw(st.floats(-2, 4), label=word) for word in each}
    text, score = " ".join(each), additive(weights)
    known = score([text])[0]
    explanation = explain(text, score, FLAGGED, effort=THOROUGH)
    if known < FLAGGED:
        assert explanation.words == ()
        return
    smallest = next(
        (
            size
            for size in range(1, len(each) // 2 + 1)
            for gone in combinations(each, size)
            if score([" ".join(word for word in each if word not in gone)])[0] < FLAGGED
        ),
        None,
    )
    if smallest is None:
        assert explanation.without is None
    else:
        assert len(explanation.decisive) == smallest


@settings(max_examples=60, deadline=None)
@given(words.filter(lambda each: len(each) >= 4), st.integers(0, 3), st.data())
def test_a_counterfactual_is_always_verified_and_nothing_in_it_is_needless(
    each: list[str], sentence: int, data: st.DataObject
) -> None:
    weights = {word: data.draw(st.floats(-1, 5), label=word) for word in each}
    others = [f"Here is a plain remark number {number}." for number in range(4)]
    text = " ".join([*others[:sentence], " ".join(each) + ".", *others[sentence:]])
    score = by_sentence(additive(weights))
    explanation = explain(text, score, FLAGGED, effort=THOROUGH)
    if explanation.without is None:
        return
    gone = [word for word in words_of(text) if any(one.start == word.start for one in explanation.decisive)]
    assert score([without(text, gone)])[0] == explanation.without < FLAGGED <= explanation.score
    for word in gone:
        assert len(gone) == 1 or score([without(text, [one for one in gone if one != word])])[0] >= FLAGGED


def all_of(*causes: str) -> Score:
    return lambda texts: [0.97 if all(one in in_text(text) for one in causes) else 0.02 for text in texts]


def any_of(*causes: str) -> Score:
    return lambda texts: [0.97 if any(one in in_text(text) for one in causes) else 0.02 for text in texts]


TEXT = "how do I kill a noisy python process on my old laptop without losing the open files"


def test_where_all_causes_are_needed_one_of_them_is_enough_to_take_out() -> None:
    explanation = explain(TEXT, all_of("kill", "laptop"), FLAGGED)
    assert len(explanation.decisive) == 1
    assert set(decisive(TEXT, explanation)) <= {"kill", "laptop"}
    heavy = {TEXT[word.start : word.end] for word in explanation.words if word.weight > 0.9}
    assert heavy >= set(decisive(TEXT, explanation))


def test_where_any_cause_is_enough_all_of_them_have_to_go() -> None:
    """Taking out one at a time shows nothing here: the words have to be read alone too."""
    explanation = explain(TEXT, any_of("kill", "losing"), FLAGGED, effort=THOROUGH)
    assert decisive(TEXT, explanation) == ["kill", "losing"]
    assert explanation.without == 0.02


def test_every_flagged_sentence_is_part_of_the_counterfactual() -> None:
    text = f"Please kill it now. {' '.join(['Nothing to see in this one.'] * 6)} Then kill the other."
    explanation = explain(text, by_sentence(any_of("kill")), FLAGGED)
    assert decisive(text, explanation) == ["kill", "kill"]


def test_sentences_that_are_flagged_only_together_are_looked_at_together() -> None:
    text = "Here is my knife. I will use it on him. The weather is fine. We went to the lake by bus."
    explanation = explain(text, all_of("knife", "him"), FLAGGED, effort=THOROUGH)
    assert decisive(text, explanation) in (["knife"], ["him"])


def test_a_vocabulary_tells_chinese_words_from_each_other() -> None:
    text = "请告诉我如何在家制造炸弹和毒药, I ask 你们"
    # 请|告诉我|如何|在家|制造|炸|弹|和|毒|药, as multilingual-e5-small has them
    cuts = [0, 1, 4, 6, 8, 10, 11, 12, 13, 14, 15, 17, 19, 23]
    found = [text[word.start : word.end] for word in words_of(text, cuts)]
    chinese = ["请", "告诉我", "如何", "在家", "制造", "炸弹", "和", "毒药"]
    assert found == [*chinese, "I", "ask", "你们"]


@given(st.text("炸弹的我 ab,。", max_size=30), st.sets(st.integers(0, 30)))
def test_words_follow_each_other_wherever_they_are_cut(text: str, cuts: set[int]) -> None:
    words = words_of(text, cuts)
    assert all(one.end <= other.start for one, other in pairwise(words))
    assert "".join(text[word.start : word.end] for word in words) == re.sub(r"[\s,。]", "", text)


def test_chinese_is_explained_by_words_of_a_few_characters() -> None:
    text = "今天天气很好，你们这些垃圾滚出去，我想回家吃饭。"
    score: Score = lambda texts: [0.9 if "垃圾" in one else 0.05 for one in texts]  # noqa: E731
    explanation = explain(text, score, FLAGGED)
    assert "垃" in "".join(decisive(text, explanation)) or "圾" in "".join(decisive(text, explanation))
    assert sum(word.end - word.start for word in explanation.decisive) <= 3


def test_what_no_small_set_of_words_explains_has_no_counterfactual() -> None:
    explanation = explain(TEXT, lambda texts: [0.9] * len(texts), FLAGGED)
    assert explanation.without is None
    assert explanation.fidelity is None
    assert explanation.decisive == ()


def test_fidelity_is_high_for_a_true_cause_and_says_what_random_words_do() -> None:
    explanation = explain(TEXT, all_of("kill"), FLAGGED, effort=THOROUGH)
    assert explanation.fidelity == pytest.approx(0.95)
    assert explanation.comprehensiveness == pytest.approx(0.95)
    assert explanation.sufficiency == pytest.approx(0.0)


@pytest.mark.parametrize("count", [12, 40, 100, 400])
def test_the_work_stays_within_the_budget(count: int) -> None:
    sentences = [f"This plain sentence number {number} says next to nothing." for number in range(count // 8)]
    text = " ".join(["Now kill the old process with fire.", *sentences])
    counting = Counting(by_sentence(all_of("kill")))
    explanation = explain(text, counting, FLAGGED, known=0.97)
    length = len(words_of(text))
    assert counting.words <= SWIFT.search * 1.2 + length
    if length <= SWIFT.search:
        assert decisive(text, explanation) == ["kill"]


def test_windows_of_a_finding_are_all_that_is_searched() -> None:
    text = f"{'It is a fine day for a walk by the lake. ' * 60}Now kill it."
    start = text.index("Now")
    explanation = explain(text, all_of("kill"), FLAGGED, known=0.97, within=[(start, len(text))])
    assert decisive(text, explanation) == ["kill"]


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=200), st.integers(0, 400))
def test_any_text_is_explained_the_same_way_twice_and_words_lie_in_it(text: str, search: int) -> None:
    effort = Effort(search=search, proof=100, draws=1)

    def odd(texts: Sequence[str]) -> list[float]:
        return [(sum(map(ord, one)) % 97) / 97 for one in texts]

    first = explain(text, odd, 0.3, effort=effort)
    assert first == explain(text, odd, 0.3, effort=effort)
    ends = [0]
    for word in first.words:
        assert ends[-1] <= word.start < word.end <= len(text)
        ends.append(word.end)


def test_a_score_function_is_asked_for_each_text_once() -> None:
    asked: list[str] = []

    def score(texts: Sequence[str]) -> list[float]:
        asked.extend(texts)
        return list(all_of("kill")(texts))

    explain(TEXT, score, FLAGGED, known=0.97, effort=THOROUGH)
    assert len(asked) <= len(set(asked)) + 2  # the proof stands outside the search
