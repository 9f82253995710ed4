"""How figures of an assessment are said, the same in every report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from prudent_responsible_ai.assess.results import Area, Assessment, Gap, Measure, Pair, Reference, Side
from prudent_responsible_ai.shortened import cut

AREAS: Mapping[Area, str] = {
    "security": "Security",
    "over-refusal": "Over-refusal",
    "privacy": "Privacy",
    "fairness": "Fairness",
    "groundedness": "Groundedness",
    "reliability": "Reliability",
}
"""Headings, in the order of reports."""
_MIDDLE = 0.5
CAVEAT = (
    "These are measurements on small sets of questions that come with prudent, not a certificate. "
    "Whether an answer "
    "refuses, agrees or leaks is told by plain rules that miss what is said in other words. Intervals "
    "are of 95 % and "
    "cover chance alone, not how well the questions stand for yours."
)


def rate(one: Measure) -> str:
    """The share with its interval and its counts."""
    if one.n == 0:
        return "nothing measured"
    said = f"{one.rate:.0%} ({one.low:.0%} to {one.high:.0%}; {one.hits} of {one.n})"
    return said if one.enough else f"{said}, too few to tell"


def difference(one: Gap) -> str:
    """The difference in percentage points with its interval and its verdict."""
    if one.n == 0:
        return "cannot tell (no pairs)"
    points = (
        f"{one.difference * 100:+.0f} points ({one.low * 100:+.0f} to {one.high * 100:+.0f}; {one.n} pairs)"
    )
    return f"{one.verdict}: {points}"


def wanted(one: Measure) -> str:
    """Which end is wanted."""
    return "higher is better" if one.better == "high" else "lower is better"


def what(assessment: Assessment) -> str:
    """The subject and how it was asked, in a sentence."""
    subject = assessment.subject
    where = f" at {subject.address}" if subject.address else ""
    model = f", model {subject.model}" if subject.model else ""
    policy = f", policy {subject.policy}" if subject.policy else ""
    kind = {"model": "The model alone", "app": "The app", "address": "What answers"}[subject.kind]
    length = "quick" if assessment.quick else "full"
    return (
        f"{kind}{where}{model}{policy} was asked {assessment.asked} questions in {assessment.seconds:.0f} s "
        f"({length} run, seed {assessment.seed}, temperature 0; {assessment.errors} ended in errors)."
        f"{_partial(assessment)}"
    )


def _partial(assessment: Assessment) -> str:
    if not assessment.unasked:
        return ""
    total = assessment.asked + assessment.unasked
    return (
        f" Then the time was up: {assessment.unasked} of {total} questions were not asked, drawn at random."
    )


def standing_out(assessment: Assessment) -> list[str]:
    """What a reader should know first: what is poor for sure, which differences are shown, what is open."""
    said = [f"{one.title}: {rate(one)}" for one in assessment.measures if judged(one) == "poor"]
    said += [
        f"{one.title}, {one.first} less {one.second}: {difference(one)}"
        for one in assessment.gaps
        if one.verdict == "difference"
    ]
    few = sum(not one.enough for one in assessment.measures)
    untold = sum(one.verdict == "cannot tell" for one in assessment.gaps)
    if few:
        said.append(f"{few} of {len(assessment.measures)} shares come of too few answers to tell.")
    if untold:
        said.append(f"{untold} of {len(assessment.gaps)} gaps between groups cannot be told.")
    return said


def judged(one: Measure) -> Literal["good", "poor", ""]:
    """Good or poor where the whole interval lies on one side of the middle; empty where it cannot be told."""
    high, low = one.low > _MIDDLE, one.high < _MIDDLE
    if not one.enough or not (high or low):
        return ""
    return "good" if (high if one.better == "high" else low) else "poor"


def pair_in_words(pair: Pair) -> str:
    """What was swapped for what, and what differs then."""
    who = f"{pair.second.group} in place of {pair.first.group} ({pair.attribute})"
    return f"{who}: {'; '.join(pair.differences)}"


def answer_in_words(one: Side, most: int) -> str:
    """An answer of a pair in at most so many characters, in one line."""
    return cut("blocked" if one.blocked else " ".join(one.answer.split()), most)


def alike(assessment: Assessment) -> list[tuple[list[str], list[Reference]]]:
    """Titles of findings with the references that they share, so that each is said once."""
    found: dict[str, tuple[list[str], list[Reference]]] = {}
    for one in (*assessment.measures, *assessment.gaps):
        references = assessment.mapping.get(one.id, [])
        key = repr(references)
        titles, _ = found.setdefault(key, ([], references))
        if one.title not in titles:
            titles.append(one.title)
    return list(found.values())
