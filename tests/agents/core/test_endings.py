"""A request that wants something done is not answered in words where no tool does it."""

from __future__ import annotations

import pytest

from prudent_agents.models.ending_prompts import acts


@pytest.mark.parametrize(
    ("goal", "does"),
    [
        ("Order me a pizza with mushrooms.", True),
        ("Please book a table for two.", True),
        ("Could you turn off the lamp?", True),
        ("帮我订一张去杭州的火车票", True),
        ("请取消我的订单。", True),
        ("Order these words by length: ox, elephant.", False),
        ("Book titles need capitals, don't they?", False),
        ("Turn this sentence into French: good day", False),
        ("Call me Bob.", False),
        ("Write an e-mail to my landlord.", False),
        ("写一首关于春天的诗。", False),
        ("Who wrote Hamlet?", False),
    ],
)
def test_what_no_words_can_do(goal: str, does: bool) -> None:
    assert acts(goal) is does
