"""Citations that the runtime adds: only passages that hold what the answer says are named."""

from __future__ import annotations

from prudent_agents.grounding.citing import cited

PASSAGES = [
    {"number": 1, "text": "Lunch is paid up to 20 euros. Dinner is paid up to 35 euros a day."},
    {"number": 2, "text": "Book the second class. 晚餐每天最多报销35欧元。"},
]


def test_the_passage_that_holds_the_answer_is_named() -> None:
    assert cited("35 euros a day", [PASSAGES]) == "35 euros a day [1]"
    assert cited("You may spend up to 35 euros a day on dinner.", [PASSAGES]).endswith("dinner. [1]")
    assert cited("每天最多35欧元", [PASSAGES]) == "每天最多35欧元 [2]"


def test_what_stands_nowhere_is_not_cited() -> None:
    assert cited("90 dollars each week", [PASSAGES]) == "90 dollars each week"
    assert (
        cited("Dinner is paid up to 350 euros a day.", [PASSAGES]) == "Dinner is paid up to 350 euros a day."
    )
    assert cited("", [PASSAGES]) == ""
    assert cited("35 euros", [[1, 2], {"text": "35 euros"}, None]) == "35 euros"


def test_a_citation_of_the_models_own_stays_alone() -> None:
    assert cited("35 euros a day [2]", [PASSAGES]) == "35 euros a day [2]"
