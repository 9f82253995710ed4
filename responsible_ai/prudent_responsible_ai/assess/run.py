"""Runs all evidence against an app and puts it together. Knows no transport and no report."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf, sqrt
from typing import Protocol

from prudent.errors import ServiceUnavailableError
from prudent.version import __version__
from prudent_responsible_ai.assess.asking import UNASKED, Ask, Asker, Question, Reply, kept
from prudent_responsible_ai.assess.evidence import (
    choice,
    grounded,
    groups,
    over_refusal,
    privacy,
    red_team,
    reliability,
    swaps,
)
from prudent_responsible_ai.assess.frameworks import references
from prudent_responsible_ai.assess.results import Answer, Assessment, Exchange, Gap, Measure, Subject

DEFAULT_SEED = 0
_ONCE = 1.5
"""Times that an answer takes: so long each kind may ask, so that it has a few answers."""
_BY_CHECKS = ".blocked"
"""How the ids of measures end that are about checks alone."""


class Gather(Protocol):
    """A kind of evidence."""

    def __call__(self, asker: Asker, *, quick: bool, seed: int) -> tuple[list[Measure], list[Gap]]:
        """Ask, and return what was found."""
        ...


EVIDENCE: Mapping[str, Gather] = {
    "red_team": red_team.gather,
    "over_refusal": over_refusal.gather,
    "privacy": privacy.gather,
    "choice": choice.gather,
    "swaps": swaps.gather,
    "groups": groups.gather,
    "grounded": grounded.gather,
    "reliability": reliability.gather,
}
"""The kinds of evidence, in the order in which they are gathered."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: the kind of evidence, answers, questions in all, about how many seconds are left."""

    kind: str
    answered: int
    questions: int
    seconds_left: float


def assess(
    ask: Ask,
    subject: Subject,
    *,
    quick: bool = False,
    minutes: float | None = None,
    seed: int = DEFAULT_SEED,
    answers: Sequence[Answer] = (),
    only: Sequence[str] | None = None,
    more: Mapping[str, Gather] | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    clock: Callable[[], float] = time.perf_counter,
) -> Assessment:
    """Ask everything and return what was found. `only` names kinds of evidence; None takes all.
    `more` are kinds of your own, which come last.

    After `minutes` (of `clock`, which counts seconds) nothing more is asked. Until then each kind has its
    share of the time, and what is found comes of the questions that were asked: fewer, so that the intervals
    are wider.

    Raises:
        ConnectionFailedError: nothing answers.
        ServiceUnavailableError: what answers has nothing but errors for a first question.
    """
    started, began = datetime.now(UTC), time.perf_counter()
    first = ask(Question("first", "Hello."))
    if first.error is not None:
        raise ServiceUnavailableError(
            f"{subject.name} answers a first question with the error '{first.error}'{_said(first)}.",
            hint="Make sure that the model is there and the address and the key are right.",
        )
    kinds = {name: EVIDENCE[name] for name in only or EVIDENCE} | dict(more or {})
    asker = Asker(ask, clock=clock, seed=seed)
    found, gaps = _gathered(kinds, asker, _Run(quick, seed, minutes), progress)
    found = [one for one in found if _told(one.id, subject)]
    return Assessment(
        subject=subject,
        prudent_version=__version__,
        started=started.isoformat(timespec="seconds"),
        seconds=round(time.perf_counter() - began, 1),
        quick=quick,
        seed=seed,
        asked=asker.asked,
        unasked=asker.unasked,
        errors=asker.errors,
        measures=found,
        gaps=gaps,
        exchanges=_exchanges(asker, found),
        pairs=asker.pairs,
        answers=list(answers),
        mapping={one.id: references(one.id) for one in (*found, *gaps)},
    )


def _said(reply: Reply) -> str:
    return f": {reply.text.rstrip('.')}" if reply.text else ""


def finding_ids(
    subject: Subject,
    *,
    quick: bool = False,
    seed: int = DEFAULT_SEED,
    more: Mapping[str, Gather] | None = None,
) -> list[str]:
    """The ids of all measures and gaps of such a run; nothing is asked."""
    asker = Asker(lambda _: Reply("Yes."), concurrency=1)
    found: list[str] = []
    for gather in (*EVIDENCE.values(), *(more or {}).values()):
        measures, gaps = gather(asker, quick=quick, seed=seed)
        found += [one.id for one in (*measures, *gaps)]
    return [one for one in found if _told(one, subject)]


def _told(name: str, subject: Subject) -> bool:
    """Whether a finding says something of a subject: before a model alone stands no check."""
    return subject.kind != "model" or not name.endswith(_BY_CHECKS)


def _exchanges(asker: Asker, measures: Sequence[Measure]) -> list[Exchange]:
    """What was asked and answered where a measure failed."""
    wrong = dict.fromkeys(name for one in measures for name in one.failed)
    found = [asker.exchanges[name] for name in wrong if name in asker.exchanges]
    return [
        Exchange(
            id=question.id,
            question=kept(question.text),
            answer=kept(reply.text),
            blocked=reply.blocked,
            system=None if question.system is None else kept(question.system),
            document=None if question.document is None else kept(question.document),
        )
        for question, reply in found
    ]


@dataclass(frozen=True, slots=True)
class _Run:
    quick: bool
    seed: int
    minutes: float | None


def _gathered(
    kinds: Mapping[str, Gather], asker: Asker, run: _Run, progress: Callable[[Progress], None]
) -> tuple[list[Measure], list[Gap]]:
    """What all kinds find, each within its share of the time that is left when its turn comes.

    Shares are as the square roots of the numbers of questions: a small kind would have too few answers else.
    """
    counts = _counted(kinds, run)
    total, began = sum(counts.values()), asker.clock()
    waiting = sum(map(sqrt, counts.values()))
    end = inf if run.minutes is None else began + run.minutes * 60
    measures: list[Measure] = []
    gaps: list[Gap] = []
    for name, gather in kinds.items():
        now = asker.clock()
        share = (end - now) * sqrt(counts[name]) / max(1, waiting) if now < end else 0.0
        asker.until = min(end, now + max(share, _ONCE * asker.takes))
        waiting -= sqrt(counts[name])

        def heard(kind: str = name) -> None:
            spent = asker.clock() - began
            left = min(
                spent / max(1, asker.asked) * (total - asker.asked - asker.unasked), end - began - spent
            )
            progress(Progress(kind, asker.asked, total, max(0.0, left)))

        asker.heard = heard
        heard()
        found, between = gather(asker, quick=run.quick, seed=run.seed)
        measures += found
        gaps += between
    return measures, gaps


def _counted(kinds: Mapping[str, Gather], run: _Run) -> dict[str, int]:
    """How many questions each kind asks that none before it does; nothing is asked."""
    asker = Asker(lambda _: Reply(error=UNASKED))
    counts: dict[str, int] = {}
    for name, gather in kinds.items():
        before = asker.unasked
        gather(asker, quick=run.quick, seed=run.seed)
        counts[name] = asker.unasked - before
    return counts
