"""What is proposed for the other items of a list, and which tool may know what another one does not."""

from __future__ import annotations

import pytest

from prudent_agents import tool
from prudent_agents.plan import Given, Step
from prudent_agents.planning.proposing import corrected, is_question, like, may_know, misplaced, spelt
from prudent_agents.values import JSON


@tool(effect="write")
def reserve(title: str, member: str) -> str:
    """Reserve a book for a member."""
    return title + member


@tool
def find_book(title: str) -> str:
    """Whether a book is on the shelf."""
    return title


@tool
def member_loans(member: str) -> str:
    """Loans of a member."""
    return member


def _step(about: str, **values: str) -> Step:
    given = {name: Given(value=value, origin="request") for name, value in values.items()}
    return Step(id="step1", tool="reserve", about=about, arguments=given)


@pytest.mark.parametrize(
    ("about", "title", "member", "others"),
    [
        ("Reserve Dune and Ulysses for Tom.", "Dune", "Tom", [("Ulysses", "Tom")]),
        ("Please reserve the Dune and Ulysses for Tom.", "Ulysses", "Tom", [("Dune", "Tom")]),
        ("Reserve Dune for each of Ann and Tom.", "Dune", "Ann", [("Dune", "Tom")]),
        ("给小李和王芳各预约一本三体。", "三体", "小李", [("三体", "王芳")]),
        ("Put Dune aside for M-17 and M-4.", "Dune", "M-17", [("Dune", "M-4")]),
        ("Reserve a table for Ann and Tom.", "table", "Ann", []),
        ("给小李和王芳预约三体。", "三体", "小李", []),
    ],
)
def test_something_is_done_for_each_item_where_the_request_says_so(
    about: str, title: str, member: str, others: list[tuple[str, str]]
) -> None:
    made = like(_step(about, title=title, member=member), reserve, about, 1)
    given = [(step.arguments["title"], step.arguments["member"]) for step in made]
    assert given == [tuple(Given(value=value, origin="request") for value in both) for both in others]


def test_what_a_tool_does_not_know_by_a_chinese_name_the_next_one_may_know() -> None:
    assert may_know(find_book, member_loans, "三体还有吗？")
    assert not may_know(find_book, member_loans, "Does Tom owe anything?")


def test_another_spelling_of_a_name_that_the_model_made_is_still_the_models() -> None:
    failed = Step(id="a", tool="find_book", arguments={"title": Given(value="three body", origin="model")})
    (step,) = spelt(failed, "title", "三体还有吗？", find_book.properties)
    assert step.arguments["title"] == Given(value="Three Body", origin="model")


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("24 December 2026", "2026-12-24"),
        ("2026年12月24日", "2026-12-24"),
        ("2026-12-24", "2026-12-24"),
        ("Friday", "Friday"),
    ],
)
def test_a_date_is_written_as_the_tool_takes_it(day: str, expected: str) -> None:
    @tool
    def absences(day: str) -> str:
        """Who is away on a day (YYYY-MM-DD)."""
        return day

    asked = f"Who is away on {day}?"
    assert corrected(absences, {"day": day}, asked, asked) == {"day": expected}


def test_a_question_in_quotation_marks_is_not_the_users() -> None:
    assert not is_question("Write Kim an email with the text 'At noon in the canteen?'")
    assert not is_question("给小李发消息“几点吃饭？”")
    assert is_question("What does 'at noon' mean?")


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({"customer": "A-17"}, True),
        ({"country": "A-17", "kilograms": 2.0}, True),
        ({"order": "A-17"}, False),
        ({"customer": "Ann"}, False),
        ({"customer": "4711"}, False),
        ({"customer": "B-4"}, False),
    ],
)
def test_a_code_of_the_request_is_no_person_and_no_place(arguments: dict[str, JSON], found: bool) -> None:
    assert misplaced(arguments, "What is the total of A-17 for customer 4711?") is found
