"""A written form and how it is said, as data. Knows no form of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """What matches `pattern` is replaced by what `say` makes of the match; None leaves it as it is.

    A pattern must take time linear in the text: no part of it may match a string in several ways.
    """

    pattern: re.Pattern[str]
    say: Callable[[re.Match[str]], str | None]


def apply(rules: Iterable[Rule], text: str) -> str:
    """The text with the rules applied one after the other."""
    for rule in rules:
        text = rule.pattern.sub(lambda match, say=rule.say: _said(match, say), text)
    return text


def _said(match: re.Match[str], say: Callable[[re.Match[str]], str | None]) -> str:
    made = say(match)
    return match[0] if made is None else made
