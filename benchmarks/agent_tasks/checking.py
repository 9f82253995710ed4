"""Checks an answer against what is expected: numbers, words, sets, a state, a refusal. Knows no agent."""

from __future__ import annotations

import math
import re
import string
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from agent_tasks.task import Outcome

_NUMBER = re.compile(r"(?<![A-Za-z0-9_.])-?\$?\d[\d,]*(?:\.\d+)?")
_DECLINES = re.compile(
    r"\?|？|cannot|can't|can not|unable|not able|don't have|do not have|no tool|not possible|not available"
    r"|please (?:provide|specify|tell|give)|need (?:to know|more)|sorry|not support|couldn't"
    r"|could not|read-only|no information|not allowed|which "
    r"|无法|不能|没有|抱歉|对不起|请提供|请告诉|请问|哪",
    re.IGNORECASE,
)


def numbers(text: str) -> list[float]:
    """Every number in a text, thousands separators read as such."""
    found = (match.replace(",", "").replace("$", "") for match in _NUMBER.findall(text))
    return [float(one) for one in found if one not in ("-", "")]


def has_number(text: str, value: float, tolerance: float = 0.006) -> bool:
    """Whether a text names this number, give or take `tolerance` (rounded to cents)."""
    return any(abs(one - value) <= tolerance for one in numbers(text))


def last_number(text: str, expected: str) -> bool:
    """GSM8K's rule: the last number of the answer is the expected one."""
    found = numbers(text)
    return bool(found) and math.isclose(found[-1], float(expected.replace(",", "")), rel_tol=1e-6)


def normal(text: str) -> str:
    """SQuAD's normal form: lower case, no punctuation, no articles, single spaces."""
    text = unicodedata.normalize("NFKC", text).lower()
    text = "".join(" " if one in string.punctuation else one for one in text)
    return " ".join(re.sub(r"\b(?:a|an|the)\b", " ", text).split())


def holds(answer: str, expected: str) -> bool:
    """Whether the normal form of the expected words stands in that of the answer, as whole words."""
    return f" {normal(expected)} " in f" {normal(answer)} "


def declines(outcome: Outcome) -> bool:
    """Whether the agent asked, or said that it cannot."""
    return outcome.declined or bool(_DECLINES.search(outcome.answer))


def expected_holds(
    expected: Mapping[str, Any], outcome: Outcome, before: Mapping[str, Any], after: Mapping[str, Any]
) -> bool:
    """Whether an outcome is what a task of our own expects.

    `numbers` and `words` must be in the answer; a list in `words` is a choice. `state` is what differs from
    the state before, and nothing else may differ. `declines`: it must ask or say that it cannot.
    """
    if after != _changed(before, expected.get("state", {})):
        return False
    if expected.get("declines"):
        return declines(outcome)
    answer = outcome.answer
    words: Sequence[str | list[str]] = expected.get("words", ())
    choices = [one if isinstance(one, list) else [one] for one in words]
    folded = answer.casefold().replace(",", "")
    return all(any(word.casefold() in folded for word in choice) for choice in choices) and all(
        has_number(answer, value) for value in expected.get("numbers", ())
    )


def _changed(state: Any, changes: Any) -> Any:
    """The state with the changes in it: records are merged, lists appended to, None takes away."""
    if isinstance(state, Mapping) and isinstance(changes, Mapping):
        merged = dict(state)
        for key, change in changes.items():
            if change is None:
                merged.pop(key, None)
            else:
                merged[key] = _changed(merged[key], change) if key in merged else change
        return merged
    if isinstance(state, list) and isinstance(changes, list):
        return [*state, *changes]
    return changes
