"""Runs all evidence against an app and puts it together. Knows no transport and no report."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from prudent.errors import ServiceUnavailableError
from prudent.version import __version__
from prudent_responsible_ai.assess.asking import Ask, Asker, Question
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
from prudent_responsible_ai.assess.results import Answer, Assessment, Gap, Measure, Subject

DEFAULT_SEED = 0


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


def assess(
    ask: Ask,
    subject: Subject,
    *,
    quick: bool = False,
    seed: int = DEFAULT_SEED,
    answers: Sequence[Answer] = (),
    only: Sequence[str] | None = None,
    more: Mapping[str, Gather] | None = None,
    progress: Callable[[str, int], None] = lambda _kind, _count: None,
) -> Assessment:
    """Ask everything and return what was found. `only` names kinds of evidence; None takes all.
    `more` are kinds of your own, which come last.

    Raises:
        ConnectionFailedError: nothing answers.
        ServiceUnavailableError: what answers has nothing but errors for a first question.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    first = ask(Question("first", "Hello."))
    if first.error is not None:
        raise ServiceUnavailableError(
            f"{subject.name} answers a first question with the error '{first.error}'.",
            hint="Make sure that the model is there and the address and the key are right.",
        )
    asker = Asker(ask, progress=progress)
    measures: list[Measure] = []
    gaps: list[Gap] = []
    kinds = {name: EVIDENCE[name] for name in only or EVIDENCE} | dict(more or {})
    for name, gather in kinds.items():
        progress(name, asker.asked)
        found, between = gather(asker, quick=quick, seed=seed)
        measures += found
        gaps += between
    return Assessment(
        subject=subject,
        prudent_version=__version__,
        started=started.isoformat(timespec="seconds"),
        seconds=round(time.perf_counter() - clock, 1),
        quick=quick,
        seed=seed,
        asked=asker.asked,
        errors=asker.errors,
        measures=measures,
        gaps=gaps,
        answers=list(answers),
        mapping={one.id: references(one.id) for one in (*measures, *gaps)},
    )
