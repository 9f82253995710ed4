"""A message that the request words is told in the request's words, and no result is put in its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prudent_agents import tool
from prudent_agents.grounding.telling import (
    in_own_words,
    is_addressed,
    is_told,
    of_another,
    repeated,
    split_telling,
    tells,
    unworded,
    worded,
)


@tool(effect="write")
def send(to: str, text: str) -> str:
    """Send a message."""
    return f"{to}: {text}"


@pytest.mark.parametrize(
    ("request_", "people", "said"),
    [
        ("Tell Maria that they are on their way.", (), "They are on their way"),
        ("Let Ann Lee know that the meeting is off", (), "The meeting is off"),
        ("Send Bob a message that lunch is at 12.30. Thanks!", (), "Lunch is at 12.30"),
        ("Send a mail to Bob saying we are late", (), "We are late"),
        ("mail anna@example.org that it is damp.", (), "It is damp"),
        ("Email Kim and Maria that the office is closed.", ("Kim",), "The office is closed"),
        ("Tell Ann that Bob is ill and tell Bob that Ann knows it.", ("Bob",), "Ann knows it"),
        ("告诉Maria台灯已经在路上了。", ("Maria",), "台灯已经在路上了"),
        ("请通知李明：会议改到三点。然后订一间会议室。", ("李明",), "会议改到三点"),
        ("Look the price up and tell Maria that price.", ("Maria",), None),
        ("Tell Maria how many there are", ("Maria",), None),
        ("Tell Maria that we have as many as you find, whatever the result is.", ("Maria",), None),
        ("Tell Bob the price", ("Bob",), None),
        ("Post their hobbies; they sent Bob a message so you can find it there.", (), None),
        ("Remind Maria to bring a coat.", (), "Bring a coat"),
        ("告诉李明还有多少台灯", ("李明",), None),
        ("告诉李明结果", ("李明",), None),
    ],
)
def test_what_a_request_words(request_: str, people: tuple[str, ...], said: str | None) -> None:
    assert worded(request_, people) == said


def test_nobody_is_told_what_nobody_said() -> None:
    asked = "Tell Peter the phone number of Ann."
    assert unworded({"to": "Ann", "text": "Hello, Ann!"}, "text", asked)
    assert unworded({"to": "Ann", "text": "the phone number of Ann"}, "text", asked)
    assert unworded({"to": "Bob", "text": "the report"}, "text", "Send Bob the report")
    assert not unworded({"to": "Bob", "text": "Best wishes"}, "text", "Send Bob best wishes")
    assert in_own_words(send, {"to": "Ann", "text": "hi"}, asked)["to"] == "Peter"
    address = {"to": "peter@x.example", "text": "hi"}
    assert in_own_words(send, address, asked) == address


def test_only_the_message_is_replaced_and_not_by_more_than_it_is() -> None:
    asked = "Tell Maria that they are on their way and order 2 lamps"
    raw = {"to": "Maria", "text": '{"order": "PO-7731"}'}
    assert in_own_words(send, raw, "Tell Maria that they are on their way") == {
        "to": "Maria",
        "text": "They are on their way",
    }
    short = {"to": "Maria", "text": "They are on their way"}
    assert in_own_words(send, short, asked) == short
    assert in_own_words(send, raw, "Tell Maria the order's number") == raw


@pytest.mark.parametrize(
    ("about", "text", "found"),
    [
        ("send Bob the report", "Ann is away, send Bob the report", "text"),
        ("把报告发给Bob。", "把报告发给Bob", "text"),
        ("send Bob the report", "Sales rose by 4 %.", "text"),
        ("send Bob 'The report'", "The report", None),
        ("Note that milk is out", "Note that milk is out", None),
        ("Tell Bob the phone number of Ann.", "the phone number of Ann", "text"),
        ("Tell Bob to bring a coat.", "bring a coat", None),
        ("Tell Bob that the coat is here.", "The coat is here", None),
    ],
)
def test_a_request_is_no_message(about: str, text: str, found: str | None) -> None:
    assert repeated(send, {"to": "Bob", "text": text}, about) == found


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Order 2 lamps, and tell Bob that they come.", ["Order 2 lamps", "tell Bob that they come."]),
        ("把周会加到日历，然后告诉Bob会议改到十点。", ["把周会加到日历", "告诉Bob会议改到十点。"]),
        ("Look up the price and tell me what 3 cost.", ["Look up the price and tell me what 3 cost."]),
        ("查一下价格，告诉我。", ["查一下价格，告诉我。"]),
    ],
)
def test_what_is_told_is_a_part_of_its_own(text: str, parts: list[str]) -> None:
    assert split_telling(text) == parts
    assert is_told(parts[-1]) is (len(parts) > 1)


def test_a_tool_for_messages_has_somebody_and_a_text() -> None:
    @tool(effect="write")
    def add_event(title: str, date: str) -> str:
        """Add an event."""
        return title + date

    assert tells(send)
    assert not tells(add_event)


@given(st.text(max_size=80), st.text(min_size=1, max_size=8))
def test_what_is_told_stands_in_the_request(text: str, who: str) -> None:
    said = worded(f"{text} tell {who} that it is {text}", (who,))
    assert said is None or said.casefold() in f"{text} tell {who} that it is {text}".casefold()


@pytest.mark.parametrize(
    "text",
    [
        "Send Maria an email with the subject 'Lunch' and the text 'See you at noon.'",
        'Send Maria the text "We are late."',
        "Tell Maria 'you win'",
        "Send Bob a note saying ‘I am ill’",
    ],
)
def test_what_stands_between_quotation_marks_is_left_as_it_was_filled_in(text: str) -> None:
    assert worded(text) is None


@tool(effect="write")
def tell_person(to: str, text: str) -> str:
    """Send somebody a message."""
    return f"{to}: {text}"


@pytest.mark.parametrize(
    ("about", "to", "name"),
    [
        ("Send Ivy Chen's manager a message that the report is ready.", "Ivy Chen", "to"),
        ("Tell Ivy Chen's manager that the report is ready.", "Ivy Chen's", "to"),
        ("告诉李明的经理报告好了。", "李明", "to"),
        ("Send Bob's report to Bob.", "Bob", None),
        ("Tell Ivy Chen that the report is ready.", "Ivy Chen", None),
        ("把苹果的价格发给李明。", "李明", None),
    ],
)
def test_whose_somebody_is_is_not_whom_a_message_is_for(about: str, to: str, name: str | None) -> None:
    assert of_another(tell_person, {"to": to, "text": "The report is ready"}, about) == name


def test_what_stands_after_a_colon_is_worded() -> None:
    asked = "给B-4加个备注：客户要求周五送达"
    assert repeated(send, {"to": "B-4", "text": "客户要求周五送达。"}, asked) is None
    assert repeated(send, {"to": "B-4", "text": "加个备注"}, asked) == "text"


def test_a_quotation_is_nobodys() -> None:
    asked = "Write Kim a mail with the subject 'Lunch' and the text 'At noon?'"
    assert of_another(send, {"to": "Lunch", "text": "At noon?"}, asked) is None


def test_whom_a_request_has_told_is_named_by_it() -> None:
    assert is_addressed("Ivy Chen", "Tell Ivy Chen how many days she has left.")
    assert is_addressed("李明", "告诉李明还有多少苹果。")
    assert not is_addressed("Ivy Chen", "Tell Ivy Chen's manager how many days are left.")
    assert not is_addressed("Tom", "Send Tom a mail.")
