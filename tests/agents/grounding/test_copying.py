"""What a model copied badly from a request is put right, and what it copied well is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prudent_agents.grounding.copying import addressed, copied

TEXT_MESSAGE = "Text Igor Petrov 'Please bring the keys.'"


@pytest.mark.parametrize(
    ("value", "request_", "meant"),
    [
        ("filedelivery.txt", "文件delivery.txt里的密码是多少？", "delivery.txt"),
        ("Text Igor Petrov", TEXT_MESSAGE, "Igor Petrov"),
        (TEXT_MESSAGE, TEXT_MESSAGE, "Please bring the keys."),
        ("《红楼梦》", "《红楼梦》还有几本？", "红楼梦"),
        ("Team lunch", "Add 'Team lunch' to my calendar.", "Team lunch"),
        ("other.md", "Read plan.txt.", "other.md"),
        ("Ann Lee", "What is the number of Ann Lee?", "Ann Lee"),
        ("Call Ann", "Call Ann.", "Call Ann"),
        ("Roma", "How warm is it in Rome?", "Rome"),
        ("Paris", "How warm is it in Rome?", "Paris"),
    ],
)
def test_slips_are_put_right(value: str, request_: str, meant: str) -> None:
    assert copied(value, request_) == meant


@given(st.text(max_size=60), st.text(max_size=120))
def test_what_comes_out_stands_in_the_value_or_in_the_request(value: str, request_: str) -> None:
    meant = copied(value, request_)
    assert meant in value or meant in request_


def test_a_name_that_is_looked_up_is_without_the_verb_before_it() -> None:
    assert addressed("Mail Ann", "Mail Ann that the meeting is cancelled.") == "Ann"
    assert addressed("Mail Ann", "Please send the Mail Ann wrote.") == "Mail Ann"
    assert addressed("Ann Lee", "Ann Lee wants a chair.") == "Ann Lee"
    assert addressed("Call Centre Two", "Call Centre Two is busy.") == "Call Centre Two"
