"""Parts of a request that are told apart without a model."""

from __future__ import annotations

import pytest

from prudent_agents.planning.splitting import apart, told_apart


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "What's Bob's e-mail address and what is on my calendar on 2026-12-03?",
            ["What's Bob's e-mail address?", "What is on my calendar on 2026-12-03?"],
        ),
        (
            "How much may a hotel cost, and how many days do I have to hand in receipts?",
            ["How much may a hotel cost?", "How many days do I have to hand in receipts?"],
        ),
        ("查一下从上海到北京的车次,再告诉我北京的天气。", ["查一下从上海到北京的车次", "告诉我北京的天气。"]),
        ("看看库存，然后查价格，并告诉我总价。", ["看看库存", "查价格", "告诉我总价。"]),
        (
            "Since when is Chen a customer, and does Chen have open invoices?",
            ["Since when is Chen a customer?", "Does Chen have open invoices?"],
        ),
        ("Who wrote Hamlet and when was it written?", None),
        ("How many oak tables and how many chairs?", None),
        ("Which is cheaper, a chair or a lamp?", None),
        ("Order 2 chairs and tell me how many are left.", None),
        ("告诉我北京的天气。", None),
    ],
)
def test_two_questions_are_two_parts(text: str, parts: list[str] | None) -> None:
    assert apart(text) == (parts or [text])


def test_what_somebody_is_told_is_a_part_of_its_own() -> None:
    parts = ["Look up the price and tell Bob that it is due."]
    assert told_apart(parts) == ["Look up the price", "tell Bob that it is due."]
    parts = ["Look up the train", "tell him that it is late."]
    assert told_apart(parts) == parts
    parts = ["Send the report to Ann", "tell Bob that it is sent"]
    assert told_apart(parts) == parts


def test_what_he_is_told_is_in_the_mail_to_him() -> None:
    parts = ["Send a mail to tom@example.org with the subject Heating", "tell him that the heating is off."]
    assert told_apart(parts) == [" and ".join(parts)]
