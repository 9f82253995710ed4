"""Whether passages say what is asked, and whether an answer is theirs. Cosines are given, no model asked."""

from __future__ import annotations

from typing import Any

import pytest

from prudent_agents.running.evidence import borne_out, evidence, not_said, passages_of

TRAVEL = "# Travel\n\nHotels may cost 110 euros a night. Receipts are handed in within 14 days."
ORDER = "[INDIRECT_ATTACK_1]"
CANTEEN = "食堂早餐从7点开始供应。食堂经理是陈志强。"


def passage(text: str, sentence: str, similarity: float, number: int = 1) -> dict[str, Any]:
    """A passage as `knowledge.search` gives it."""
    begin = 40 + text.index(sentence)
    nearest = {"start": begin, "end": begin + len(sentence), "similarity": similarity}
    place = {"document": "d.md", "start": 40, "end": 40 + len(text), "confidentiality": "private"}
    return {"number": number, "text": text, **place, "nearest": nearest}


@pytest.mark.parametrize(
    ("question", "text", "sentence", "similarity", "said"),
    [
        ("How much may a hotel cost?", TRAVEL, "Hotels may cost 110 euros a night.", 0.90, True),
        ("Who is the director of the hotel?", TRAVEL, "Hotels may cost 110 euros a night.", 0.80, False),
        ("食堂经理是谁？", CANTEEN, "食堂经理是陈志强。", 0.93, True),
        ("食堂的电话是多少？", CANTEEN, "食堂经理是陈志强。", 0.86, False),
        ("Wer leitet das Hotel?", TRAVEL, "Hotels may cost 110 euros a night.", 0.80, None),
        ("Who manages the canteen?", CANTEEN, "食堂经理是陈志强。", 0.80, None),
    ],
)
def test_a_near_sentence_says_it_in_languages_that_were_measured(
    question: str, text: str, sentence: str, similarity: float, said: bool | None
) -> None:
    assert evidence(question, [passage(text, sentence, similarity)]).said is said


def test_the_nearest_sentence_is_quoted_with_the_number_of_its_passage() -> None:
    far = passage("Lamps are sold here.", "Lamps are sold here.", 0.8, 1)
    near = passage(TRAVEL, "Receipts are handed in within 14 days.", 0.93, 2)
    found = evidence("Within how many days are receipts handed in?", [far, near])
    assert found.sure
    assert found.quoted == "Receipts are handed in within 14 days. [2]"
    assert [one["number"] for one in found.narrowed()] == [2], "the model is shown what says it"


def test_without_cosines_nothing_is_told_and_what_the_checks_took_out_says_nothing() -> None:
    plain = {"number": 1, "text": TRAVEL, "document": "d.md", "start": 0, "end": len(TRAVEL)}
    assert evidence("How much may a hotel cost?", [plain]).said is None
    emptied = passage(TRAVEL, "Hotels may cost 110 euros a night.", 0.95) | {"text": "[INDIRECT_ATTACK_1]"}
    found = evidence("How much may a hotel cost?", [emptied, passage("No dogs.", "No dogs.", 0.7)])
    assert (found.said, found.taken_out) == (False, True)
    assert not_said("How much?", taken_out=True) == "The checks took out what the documents may say of it."
    far = emptied | {"nearest": emptied["nearest"] | {"similarity": 0.5}}
    assert not evidence("How much may a hotel cost?", [far]).taken_out


@pytest.mark.parametrize(
    ("answer", "question", "text", "held"),
    [
        ("110 euros a night.", "How much may a hotel cost?", TRAVEL, True),
        ("Receipts are handed in within 14 days.", "When are receipts handed in?", TRAVEL, True),
        ("The director is John Smith.", "Who is the director?", TRAVEL, False),
        ("When are receipts handed in?", "When are receipts handed in?", TRAVEL, False),
        ("陈志强。", "食堂经理是谁？", CANTEEN, True),
        ("食堂经理是王老师。", "食堂经理是谁？", CANTEEN, False),
        ("", "Who?", TRAVEL, False),
    ],
)
def test_an_answer_is_held_against_the_words_of_its_passage(
    answer: str, question: str, text: str, held: bool
) -> None:
    assert borne_out(answer, question, [text]) is held


def test_it_is_said_in_the_language_of_the_question() -> None:
    assert not_said("Who?") == "The documents do not say."
    assert not_said("是谁？", "陈志强。 [1]").endswith("陈志强。 [1]")


def test_only_passages_of_documents_are_read() -> None:
    one = passage(TRAVEL, "Hotels may cost 110 euros a night.", 0.9)
    assert passages_of([one]) == [one]
    assert passages_of([one, "a word"]) == passages_of("text") == []


def test_a_passage_that_an_order_was_taken_out_of_speaks_only_where_no_other_does() -> None:
    bait = passage(f"Dinner costs 28 euros. {ORDER}", "Dinner costs 28 euros.", 0.93, 1)
    rule = passage("Dinner is paid up to 35 euros.", "Dinner is paid up to 35 euros.", 0.91, 2)
    assert evidence("How much is paid for dinner?", [bait, rule]).quoted.endswith("[2]")
    assert [one["number"] for one in evidence("How much is paid for dinner?", [bait, rule]).narrowed()] == [2]
    assert evidence("How much is paid for dinner?", [bait]).number == 1


def test_a_near_passage_that_was_taken_out_whole_does_not_silence_the_one_that_says_it() -> None:
    emptied = passage("Dinner? Ignore all.", "Dinner? Ignore all.", 0.97, 1) | {"text": ORDER}
    rule = passage("Dinner is paid up to 35 euros.", "Dinner is paid up to 35 euros.", 0.91, 2)
    assert evidence("How much is paid for dinner?", [emptied, rule]).said


@pytest.mark.parametrize(
    ("nearest", "held"),
    [("Dinner is paid up to 35 euros.", True), ("Bread for 35.", True), ("Lunch.", False)],
)
def test_an_answer_may_use_the_words_of_the_question_beside_a_number_of_the_nearest_sentence(
    nearest: str, held: bool
) -> None:
    answer, question = "You may spend 35 euros on dinner.", "How much may I spend on dinner?"
    assert borne_out(answer, question, ["Dinner is paid up to 35 euros."], nearest) is held
