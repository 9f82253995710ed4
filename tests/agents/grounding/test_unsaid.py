"""What a call has that nobody said: facts, texts and choices that a model made up."""

from __future__ import annotations

from typing import Literal

import pytest

from prudent_agents import tool
from prudent_agents.function_tool import tool_of
from prudent_agents.grounding.unsaid import (
    lacking,
    leads_to,
    no_such,
    question,
    relative,
    unnamed,
    unsaid,
    unsaid_choice,
)
from prudent_agents.planning.proposing import WIDE, corrected
from prudent_agents.tool import Effect
from prudent_agents.values import JSON


def open_ticket(title: str, priority: Literal["low", "high"]) -> str:
    """Open a ticket at the service desk.

    Args:
        title: what it is about
        priority: how urgent it is
    """
    return title + priority


def add_event(title: str, date: str) -> str:
    """Add an event to the calendar.

    Args:
        title: title of the event
        date: the date as YYYY-MM-DD
    """
    return title + date


TICKET = tool_of(open_ticket, effect=Effect.WRITE)
EVENT = tool_of(add_event, effect=Effect.WRITE)
READ = tool_of(open_ticket)


@pytest.mark.parametrize(
    ("date", "text", "missing"),
    [
        ("2026-03-09", "Add the dentist on 2026-03-09.", None),
        ("2026-03-09", "Add the dentist today.", "date"),
        ("2026-03-09", "把牙医预约加到今天。", "date"),
        ("tomorrow", "Add the dentist tomorrow.", None),
    ],
)
def test_a_date_that_nobody_said_is_lacking(date: str, text: str, missing: str | None) -> None:
    assert lacking(EVENT, {"title": "dentist", "date": date}, text) == missing


@pytest.mark.parametrize(
    ("title", "text", "missing"),
    [
        ("Ticket", "Open a ticket.", "title"),
        ("New ticket", "Open a ticket, please.", "title"),
        ("Printer on fire", "Open a ticket.", "title"),
        ("Broken monitor", "Open a ticket: my monitor is broken.", None),
        ("Monitors flicker", "The monitor in B2 is flickering, open a ticket.", None),
        ("打印机坏了", "提交一张工单，标题是“打印机坏了”。", None),
        ("屏幕", "提交一张工单。", "title"),
    ],
)
def test_a_text_that_has_nothing_of_the_request_is_unsaid(title: str, text: str, missing: str | None) -> None:
    assert unsaid(TICKET, {"title": title, "priority": "low"}, text) == missing


def test_a_choice_whose_word_is_not_there_may_be_a_guess() -> None:
    call = {"title": "Broken monitor", "priority": "high"}
    assert unsaid_choice(TICKET, call, "Open a ticket for the broken monitor.") == "priority"
    assert unsaid_choice(TICKET, call, "Open a ticket with high priority.") is None


def test_what_only_reads_may_be_guessed() -> None:
    call = {"title": "Ticket", "priority": "low"}
    assert unsaid(READ, call, "Open a ticket.") is None
    assert unsaid_choice(READ, call, "Open a ticket.") is None


def test_the_question_is_in_the_language_of_the_goal() -> None:
    assert "how urgent it is (low, high)" in question(TICKET, "priority", "Open a ticket.")
    assert question(TICKET, "priority", "提交一张工单。").startswith("请告诉我")


def transfer(euros: float, member_id: str = "") -> str:
    """Move money.

    Args:
        euros: how much
        member_id: the member number
    """
    return f"{euros}{member_id}"


TRANSFER = tool_of(transfer, effect=Effect.WRITE)


def calculate(expression: str) -> float:
    """Work out an expression, for example (2 + 3) * 4."""
    return float(len(expression))


def test_a_sum_of_numbers_that_nobody_said_is_made_up() -> None:
    """Small models copy the example of a tool's card."""
    sums = tool_of(calculate)
    assert lacking(sums, {"expression": "(2 + 3) * 4"}, "What do they owe together?") == "expression"
    assert lacking(sums, {"expression": "3 * 12.5"}, "What do three at 12.5 cost?") is None


@pytest.mark.parametrize(
    ("value", "missing"), [("Nina Kovacs", "member_id"), ("M-204", None), ("nina@example.org", None)]
)
def test_a_name_is_no_number_of_what_it_names(value: str, missing: str | None) -> None:
    assert lacking(TRANSFER, {"member_id": value}, f"Move it for {value}.") == missing


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Raise the limit by 250.", "euros"),
        ("Move half of it.", "euros"),
        ("把额度增加250", "euros"),
        ("Move 250 euros.", None),
    ],
)
def test_an_amount_may_be_said_in_proportion(text: str, expected: str | None) -> None:
    assert relative(TRANSFER, {"euros": 250.0}, text) == expected
    assert relative(tool_of(transfer), {"euros": 250.0}, text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Extend Lena's loan of Emma by 14 days.", None),
        ("Extend it by 10%", "days"),
        ("Extend it by 10 percent.", "days"),
        ("Extend it by half.", "days"),
        ("Raise it by 10.", "days"),
    ],
)
def test_a_tool_that_takes_the_change_itself_needs_not_know_what_there_is(
    text: str, expected: str | None
) -> None:
    def extend_loan(days: int) -> str:
        """Extend a loan."""
        return str(days)

    arguments: dict[str, JSON] = {"days": 14 if "14" in text else 10}
    assert relative(tool_of(extend_loan, effect=Effect.WRITE), arguments, text) == expected


def test_a_fact_is_found_out_where_the_request_has_words_for_it() -> None:
    def today() -> str:
        """Today's date."""
        return ""

    source = tool_of(today)
    assert leads_to(source, {}, EVENT, "Add the dentist today.")
    assert not leads_to(source, {}, EVENT, "Add an event, please.")


def test_what_a_call_has_from_the_request_leads_to_nothing_else() -> None:
    def stock(item: Literal["chair", "lamp"]) -> int:
        """How many of an item there are."""
        return len(item)

    def order(item: Literal["chair", "lamp"], quantity: int) -> str:
        """Order an item."""
        return item * quantity

    source, tool = tool_of(stock), tool_of(order, effect=Effect.WRITE)
    given: dict[str, object] = {"item": "chair"}
    assert not leads_to(source, given, tool, "Order some chairs.", lacks="quantity", used=given)
    assert leads_to(source, given, tool, "Order as many chairs as there are lamps.", used=given)


def test_a_thing_that_a_reading_tool_does_not_know_may_be_a_guess() -> None:
    def price(item: Literal["oak table", "lamp"]) -> float:
        """The price of an item."""
        return float(len(item))

    tool = tool_of(price)
    assert unsaid_choice(tool, {"item": "lamp"}, "What is the price of a sofa?") == "item"
    assert unsaid_choice(tool, {"item": "lamp"}, "What is the price of a lamp?") is None
    assert unsaid_choice(tool, {"item": "oak table"}, "What do two tables cost?") is None
    assert unsaid_choice(tool, {"item": "lamp"}, "沙发多少钱？") is None


def test_a_name_that_the_request_has_no_word_of_was_made_up() -> None:
    assert unnamed(READ, {"title": "John Doe"}, "Reserve a book for me.") == "title"
    assert unnamed(READ, {"title": "the book"}, "Reserve a book for me.") is None
    assert unnamed(READ, {"title": "Beijing"}, "北京现在多少度？") is None


def test_how_much_is_to_be_read_at_most_is_no_fact_and_is_set_wide() -> None:
    def latest(limit: int, account: int) -> list[str]:
        """The most recent transactions."""
        return [f"{account}"] * limit

    recent = tool_of(latest)
    goal = "What did I spend from account 7?"
    assert lacking(recent, {"limit": 5, "account": 7}, goal) is None
    assert lacking(recent, {"limit": 5, "account": 8}, goal) == "account"
    assert corrected(recent, {"limit": 5, "account": 7}, goal, goal) == {"limit": WIDE, "account": 7}
    assert corrected(recent, {"limit": 1, "account": 7}, goal, goal)["limit"] == 1
    said = "What were the last 5 payments from account 7?"
    assert corrected(recent, {"limit": 5, "account": 7}, said, said)["limit"] == 5


def test_a_source_that_speaks_chinese_leads_where_the_request_has_signs_of_it() -> None:
    @tool(name="stock")
    def stock(item: str) -> int:
        """查询商品的库存数量。"""
        return len(item)

    @tool(name="price")
    def price(item: str) -> float:
        """查询商品的单价。"""
        return float(len(item))

    @tool(name="order", effect="write")
    def order(item: str, count: int) -> str:
        """订购商品。"""
        return f"{item} {count}"

    assert not leads_to(stock, {"item": "香蕉"}, order, "订一些香蕉。", lacks="count")
    assert leads_to(price, {"item": "苹果"}, order, "把苹果的价格发给李明。")
    assert leads_to(stock, {"item": "香蕉"}, order, "库存里有多少香蕉就订多少。", lacks="count")


def test_the_subject_of_a_message_need_not_be_said() -> None:
    @tool(effect="write")
    def email(to: str, subject: str, body: str) -> str:
        """Send an e-mail."""
        return to + subject + body

    @tool(effect="write")
    def paper(subject: str) -> str:
        """Write a paper."""
        return subject

    given: dict[str, JSON] = {"to": "Kim", "subject": "Illness report", "body": "She is out"}
    assert unsaid(email, given, "Email Kim that she is out.") is None
    assert unsaid(email, {**given, "to": "Bob"}, "Email Kim that she is out.") == "to"
    assert unsaid(paper, {"subject": "Illness report"}, "Write it, please.") == "subject"


def test_a_number_is_no_day() -> None:
    @tool
    def absences(day: str) -> list[str]:
        """Who is away on a day."""
        return [day]

    @tool
    def balance(employee: str) -> int:
        """Days that are left."""
        return len(employee)

    @tool
    def birthday(employee: str) -> str:
        """When somebody was born."""
        return employee

    assert no_such(balance, absences, "day")
    assert not no_such(birthday, absences, "day")
