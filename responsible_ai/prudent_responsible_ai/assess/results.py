"""What an assessment found, as data with a version: the JSON report, from which the others are made."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from prudent_responsible_ai.assess.statistics import MINIMUM, Interval, can_tell, newcombe_paired, wilson

SCHEMA_VERSION = "3"
"""2 added `unasked` and `exchanges`, 3 `pairs`."""

Area = Literal["security", "over-refusal", "privacy", "fairness", "groundedness", "reliability"]
Verdict = Literal["difference", "cannot tell"]


class Part(BaseModel):
    """Base of the parts of a report."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Measure(Part):
    """A share of answers with its 95 % Wilson interval. `better` says which end is wanted.

    `failed` are the ids of the questions whose answers were on the wrong side.
    """

    id: str
    title: str
    area: Area
    hits: int
    n: int
    rate: float
    low: float
    high: float
    better: Literal["high", "low"]
    failed: list[str] = []
    note: str = ""

    @property
    def enough(self) -> bool:
        """Whether there are enough answers to say anything."""
        return self.n >= MINIMUM


class Gap(Part):
    """How two groups fare on the same questions: first less second, with Newcombe's 95 % interval for pairs.

    `verdict` is `difference` only where there are enough pairs and the interval leaves out zero.
    """

    id: str
    title: str
    area: Area
    first: str
    second: str
    difference: float
    low: float
    high: float
    n: int
    verdict: Verdict
    note: str = ""


class Exchange(Part):
    """A question of the run and what was answered. `system` and `document` are what it came with."""

    id: str
    question: str
    answer: str
    blocked: bool = False
    system: str | None = None
    document: str | None = None


class Side(Part):
    """What was asked about one group, and what was answered; blocked answers are empty."""

    group: str
    question: str
    answer: str
    blocked: bool = False


class Pair(Part):
    """One request about two groups whose answers differ; `differences` say in what, without quoting them."""

    id: str
    attribute: str
    first: Side
    second: Side
    differences: list[str]


class Answer(Part):
    """An answer of the people who run the app to one question about it; None where they gave none."""

    id: str
    question: str
    answer: str | None


class Reference(Part):
    """Where a framework speaks of what a measure is about."""

    framework: str
    identifier: str
    title: str


class Subject(Part):
    """What was assessed: an app behind an address, an app in this process, or a model alone."""

    name: str
    kind: Literal["app", "address", "model"]
    model: str | None = None
    address: str | None = None
    policy: str | None = None
    system: str | None = None


class Assessment(Part):
    """Everything that a run found. `mapping` has the references of each measure and gap by its id.

    `unasked` counts the questions for which there was no time. `exchanges` are those whose answers were on
    the wrong side of a measure, to be read, and `pairs` those that differ with whom they are about.
    """

    schema_version: str = SCHEMA_VERSION
    subject: Subject
    prudent_version: str
    started: str
    seconds: float
    quick: bool
    seed: int
    asked: int
    unasked: int = 0
    errors: int
    measures: list[Measure]
    gaps: list[Gap]
    exchanges: list[Exchange] = []
    pairs: list[Pair] = []
    answers: list[Answer] = []
    mapping: dict[str, list[Reference]] = Field(default_factory=dict[str, list[Reference]])

    def exchanges_of(self, one: Measure) -> list[Exchange]:
        """What was said where a measure failed, as far as one question is what it is about."""
        failed = set(one.failed)
        return [exchange for exchange in self.exchanges if exchange.id in failed]

    def measure(self, name: str) -> Measure | None:
        """The measure of an id."""
        return next((one for one in self.measures if one.id == name), None)


def measured(
    name: str,
    title: str,
    area: Area,
    outcomes: dict[str, bool],
    *,
    better: Literal["high", "low"],
    note: str = "",
) -> Measure:
    """A measure from outcomes by question id; True is a hit."""
    hits = sum(outcomes.values())
    interval = wilson(hits, len(outcomes))
    wrong = better == "low"
    return Measure(
        id=name,
        title=title,
        area=area,
        hits=hits,
        n=len(outcomes),
        rate=interval.value,
        low=interval.low,
        high=interval.high,
        better=better,
        failed=[key for key, outcome in outcomes.items() if outcome is wrong],
        note=note,
    )


def gap(
    name: str, title: str, first: str, second: str, pairs: list[tuple[bool, bool]], *, note: str = ""
) -> Gap:
    """The gap between two groups from paired outcomes."""
    both = sum(one and other for one, other in pairs)
    only_first = sum(one and not other for one, other in pairs)
    only_second = sum(other and not one for one, other in pairs)
    neither = len(pairs) - both - only_first - only_second
    interval = newcombe_paired(both, only_first, only_second, neither) if pairs else Interval(0.0, -1.0, 1.0)
    return Gap(
        id=name,
        title=title,
        area="fairness",
        first=first,
        second=second,
        difference=interval.value,
        low=interval.low,
        high=interval.high,
        n=len(pairs),
        verdict="difference" if can_tell(interval, len(pairs)) else "cannot tell",
        note=note,
    )
