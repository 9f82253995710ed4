"""Sums that a request asks for: the model writes them down, and they are done exactly. Knows no answer.

Small models do sums in their heads and get them wrong (program-aided, PAL, arXiv 2211.10435). A sum counts
only where every number in it is known: from the request, from a result, or what a unit of time is made of.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, cast

from prudent.errors import PrudentError
from prudent.types.content import Source
from prudent_agents.grounding.arithmetic import ArithmeticSyntaxError, evaluate, number
from prudent_agents.grounding.facts import numbers
from prudent_agents.labels import join
from prudent_agents.models import prompts
from prudent_agents.running.work import Work
from prudent_agents.values import JSON, Value, canonical

Known = tuple[str, Value, Source]
_MOST_NUMBERS = 60
_MOST_TERMS = 7
_COUNTED = {0.0, 1.0}
"""Numbers that any sentence may have."""
_UNITS = (
    (re.compile(r"year|年", re.IGNORECASE), (12.0, 52.0, 365.0)),
    (re.compile(r"week|周|星期", re.IGNORECASE), (7.0,)),
    (re.compile(r"percent|%", re.IGNORECASE), (100.0,)),
    (re.compile(r"day|hour|minute|second|天|小时|分钟|秒", re.IGNORECASE), (24.0, 60.0)),
    (re.compile(r"half|一半", re.IGNORECASE), (2.0, 0.5)),
    (re.compile(r"quarter", re.IGNORECASE), (4.0, 0.25)),
    (re.compile(r"third", re.IGNORECASE), (3.0,)),
)
_NUMBER = re.compile(r"(?<![A-Za-z\d.])\d+(?:[.,]\d+)*")
_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b|\d{4}年\d{1,2}月\d{1,2}[日号]")
"""A day is nothing to reckon with."""
_OPERATOR = re.compile(r"[-+*/%]")


def made_up(text: str, sources: Sequence[str]) -> bool:
    """Whether a text has a number that is in none of the sources."""
    held = {number for source in sources for number in _held(source)} | _COUNTED
    return any(held.isdisjoint(_forms(written)) for written in _NUMBER.findall(text))


def in_units(request: str) -> bool:
    """Whether a request speaks of a share, or of a time that is so many others."""
    return any(pattern.search(request) for pattern, _ in _UNITS)


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum as it was written and what it comes to."""

    written: str
    value: float

    def known(self, of: Sequence[Known]) -> Known:
        """It as something that is known, from where its numbers are."""
        label = join(one.label for _, one, _ in of)
        return f"{self.written} comes to", Value(data=self.value, label=label), Source.TOOL


async def summed(
    work: Work,
    request: str,
    known: Sequence[Known],
    step: str | None = None,
    *,
    uses_known: bool = False,
    operands: AbstractSet[float] = frozenset(),
) -> Sum | None:
    """The sum that a request asks for; None where it is none of known numbers.

    `uses_known`: a number of a result must be in it. A sum of the request's numbers alone is then asked for
    again, and has to begin with one of a result. `operands` are numbers that must mean something: where the
    model writes one number alone it is asked again, and one of them has to be in the sum.
    """
    results = [canonical(one.data) for _, one, _ in known]
    units = [f"{one:g}" for pattern, ones in _UNITS if pattern.search(request) for one in ones]
    asked = (_DATE.sub(" ", one) for one in (request, work.state.goal))
    sources = [*asked, *results, *units]
    from_results = {number for result in results for number in _digits(result)}
    written = await _written(work, request, known, step, _schema(sources, set()))
    alone = bool(operands) and not _OPERATOR.search(written)
    if uses_known and (alone or from_results.isdisjoint(_digits(written))):
        written = await _written(work, request, known, step, _schema(sources, from_results))
        used = _digits(written) | {float(len(_NUMBER.findall(written)))}  # `4 + 4 + 4` is of three
        if from_results.isdisjoint(used) or (alone and operands.isdisjoint(used)):
            return None
    if not _OPERATOR.search(written) or made_up(written, sources):
        return None
    try:
        return Sum(written, number(evaluate(written)))
    except (ArithmeticSyntaxError, ZeroDivisionError, OverflowError):
        return None


async def _written(
    work: Work, request: str, known: Sequence[Known], step: str | None, schema: Mapping[str, Any]
) -> str:
    try:
        reply = await work.asked("fill", work.model.fill(prompts.sum_of(request, known), schema), step=step)
    except PrudentError:
        return ""
    record: JSON = reply.data
    return str(cast("dict[str, Any]", record).get("sum", "")) if isinstance(record, dict) else ""


def _schema(sources: Sequence[str], first: set[float]) -> dict[str, Any]:
    """The form of a sum: where they are not too many, of numbers in the sources and no other.

    It begins with one of `first`, where there is one, and is then more than that number.
    """
    every = {number for source in sources for number in _held(source)}
    if not every or len(every) > _MOST_NUMBERS:
        return prompts.SUM_SCHEMA
    least = 1 if first else 0
    rest = rf"( (\+|-|\*|/|//) \(?({_alternatives(every)})\)?){{{least},{_MOST_TERMS}}}"
    pattern = rf"^\(?({_alternatives(first or every)})\)?{rest}$"
    return prompts.SUM_SCHEMA | {"properties": {"sum": {"type": "string", "pattern": pattern}}}


def _alternatives(found: set[float]) -> str:
    return "|".join(re.escape(f"{number:g}") for number in sorted(found) if "e" not in f"{number:g}")


def _held(text: str) -> set[float]:
    """The numbers in a text, those that words say among them."""
    return _digits(text) | {number for written in numbers(text) for number in _forms(written)}


def _digits(text: str) -> set[float]:
    return {number for written in _NUMBER.findall(text) for number in _forms(written)}


def _forms(written: str) -> set[float]:
    """What a number may mean: a comma stands before thousands or before decimals."""
    found: set[float] = set()
    for form in (written.replace(",", ""), written.replace(",", ".")):
        try:
            found.add(abs(float(form)))
        except ValueError:
            continue
    return found
