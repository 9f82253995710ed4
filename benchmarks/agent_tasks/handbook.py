"""A company handbook as a backend: search over passages, a sum, tickets. Knows no task."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

from agent_tasks.sums import calculator
from agent_tasks.task import World
from prudent_agents.function_tool import tool_of
from prudent_agents.tool import Effect

_PASSAGES = (
    "Leave. Employees have 27 days of paid leave a year. Of unused days at most 5 may be carried over; they "
    "must be used by March 31.",
    "Travel. A hotel is paid up to 140 euros per night, meals with 45 euros per day. Trips by own car are "
    "paid with 0.35 euros per km.",
    "Service desk. The service desk is in room B214, phone extension 5120. It is open from 8 to 17.",
    "Passwords. A password has at least 14 characters and is never sent by mail.",
    "Equipment. Laptops are replaced every 4 years. A monitor may cost up to 300 euros.",
    "Training. Every employee has a course budget of 900 euros a year.",
    "Parental leave. Parents have 16 weeks of parental leave with full pay.",
    "差旅报销。差旅报销须在出差结束后20天内提交，由财务部的陈静审批。",
    "食堂。食堂午餐时间为11:30至13:00，公司每餐补贴15元。",
    "停车。停车位在地下二层，每月停车费为260元。",
)
_WORD = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff]")
_K1, _B = 1.2, 0.75
MOST = 2


class Passages:
    """Passages found by BM25 over words, and over pairs of characters in Chinese."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = list(texts)
        self._counts = [Counter(_terms(text)) for text in self._texts]
        self._lengths = [sum(one.values()) for one in self._counts]
        self._average = sum(self._lengths) / len(self._lengths)
        self._with = Counter(term for one in self._counts for term in one)

    def search(self, query: str, most: int = MOST) -> list[str]:
        """The passages that fit best, the best first; none where no word is shared."""
        terms = set(_terms(query))
        scores = [(self._score(at, terms), at) for at in range(len(self._texts))]
        best = sorted((one for one in scores if one[0] > 0), reverse=True)[:most]
        return [self._texts[at] for _, at in best]

    def _score(self, at: int, terms: set[str]) -> float:
        total = 0.0
        for term in terms & self._counts[at].keys():
            count, found = self._counts[at][term], self._with[term]
            idf = math.log(1 + (len(self._texts) - found + 0.5) / (found + 0.5))
            length = _K1 * (1 - _B + _B * self._lengths[at] / self._average)
            total += idf * count * (_K1 + 1) / (count + length)
        return total


def _terms(text: str) -> list[str]:
    words = _WORD.findall(text.lower())
    chinese = [one for one in words if not one.isascii()]
    plain = [one.removesuffix("s") for one in words if one.isascii()]
    return [*plain, *("".join(pair) for pair in itertools.pairwise(chinese))]


def handbook() -> World:
    """A fresh service desk."""
    passages = Passages(_PASSAGES)
    tickets: list[dict[str, Any]] = []

    def search_handbook(query: str) -> list[str]:
        """Search the company handbook: leave, travel, equipment, service desk, training, canteen.

        Args:
            query: what to look for, in a few words
        """
        return passages.search(query)

    def create_ticket(title: str, priority: Literal["low", "normal", "high"]) -> str:
        """Open a ticket at the service desk.

        Args:
            title: what it is about
            priority: how urgent it is
        """
        tickets.append({"title": title, "priority": priority})
        return f"Ticket {len(tickets)} is open: {title}."

    reads = [tool_of(one) for one in (search_handbook, calculator)]
    return World([*reads, tool_of(create_ticket, effect=Effect.WRITE)], {"tickets": tickets})
