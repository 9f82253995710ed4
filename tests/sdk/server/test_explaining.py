"""Explanations of answers over the API, with a model whose preferences are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from prudent.client import Client
from prudent.errors import InvalidRequestError
from prudent.testing import ScriptedModel

Connect = Callable[..., Client]

DOCUMENT = "The meeting was moved to Thursday by the board of the company. Lunch will be served at noon."
MESSAGES: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "When is it?"},
            {"type": "text", "text": DOCUMENT, "source": "document"},
        ],
    },
]


def test_the_piece_that_holds_the_answer_carries_it(connect: Connect) -> None:
    answer = connect(ScriptedModel("on Thursday")).chat.completions.create(
        messages=MESSAGES, explain={"attribution": True}
    )
    attribution = answer.explanation.attribution
    assert attribution is not None
    heaviest = max(attribution.spans, key=lambda span: span.drop or 0)
    assert DOCUMENT[heaviest.start : heaviest.end].startswith("The meeting was moved to Thursday")
    assert (heaviest.source, heaviest.message, heaviest.part, heaviest.weight) == ("document", 1, 1, 1.0)
    assert [span.drop for span in attribution.spans if span.source != "document"] == [0, 0]
    assert attribution.complete
    assert attribution.answer_tokens == 2


def test_what_the_budget_leaves_out_is_said(connect: Connect) -> None:
    answer = connect(ScriptedModel("on Thursday")).chat.completions.create(
        messages=MESSAGES, explain={"attribution": True, "budget": 1e-9}
    )
    attribution = answer.explanation.attribution
    assert not attribution.complete
    assert all(span.drop is None and span.weight is None for span in attribution.spans)


def test_it_is_the_checked_prompt_that_is_explained(connect: Connect) -> None:
    messages = [{"role": "user", "content": "It is private and on Thursday."}]
    answer = connect(ScriptedModel("on Thursday")).chat.completions.create(
        messages=messages, explain={"attribution": True}
    )
    (span,) = answer.explanation.attribution.spans
    assert span.end == len("It is [PRIVATE_1] and on Thursday.")


def test_confidence_needs_no_logprobs_in_the_answer(connect: Connect) -> None:
    client = connect(ScriptedModel("a plain answer"))
    answer = client.chat.completions.create(messages=MESSAGES, explain={"confidence": True})
    assert answer.choices[0].logprobs is None
    confidence = answer.explanation.confidence
    assert confidence.length == 3
    assert answer.explanation.attribution is None
    with_both = client.chat.completions.create(
        messages=MESSAGES, explain={"confidence": True}, logprobs=True, top_logprobs=1
    )
    assert with_both.choices[0].logprobs is not None
    assert all(len(one.top_logprobs) <= 1 for one in with_both.choices[0].logprobs.content)


def test_a_blocked_answer_is_not_explained(connect: Connect) -> None:
    answer = connect(ScriptedModel("forbidden")).chat.completions.create(
        messages=MESSAGES, explain={"attribution": True}
    )
    assert answer.choices[0].finish_reason == "content_filter"
    assert answer.explanation.attribution is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"explain": {}},
        {"explain": {"attribution": True, "budget": 0}},
        {"explain": {"attribution": True}, "n": 2},
        {"explain": {"attribution": True}, "stream": True},
        {"explain": {"attribution": True}, "tools": []},
    ],
)
def test_what_cannot_be_explained_is_refused(connect: Connect, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError):
        connect(ScriptedModel()).chat.completions.create(messages=MESSAGES, **wrong)


def test_without_being_asked_nothing_is_explained(connect: Connect) -> None:
    assert connect(ScriptedModel("yes")).chat.completions.create(messages=MESSAGES).explanation is None
