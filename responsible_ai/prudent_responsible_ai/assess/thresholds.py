"""Holds an assessment against thresholds: which are failed, in words. Asks nothing."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from prudent.errors import ConfigurationError
from prudent_responsible_ai.assess.app_file import read_document
from prudent_responsible_ai.assess.results import Assessment, Gap, Measure

Share = Annotated[float, Field(ge=0, le=1)]


class Limit(BaseModel):
    """The least and the most that a figure may be. Of a gap only `max`: its size, whoever fares worse.

    `sure` holds the worse end of the interval to the limit in place of the estimate, so that few questions
    cannot pass it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    min: Share | None = None
    max: Share | None = None
    sure: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> Limit:
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both")
        return self


class Thresholds(BaseModel):
    """Limits by the id of a measure or gap. `differences` False fails where any gap is shown."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limits: dict[str, Limit] = {}
    differences: bool = True

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Thresholds:
        """Thresholds from plain data. Raises ConfigurationError: it is wrong."""
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise ConfigurationError(f"The thresholds are wrong at '{where}': {first['msg']}.") from None


def read_thresholds(path: Path) -> Thresholds:
    """Thresholds from a YAML file. Raises ConfigurationError: there is none, or it is wrong."""
    return Thresholds.of(read_document(path).data)


def check_names(thresholds: Thresholds, known: Sequence[str]) -> None:
    """Return where every limit is of a known measure or gap. Raises ConfigurationError: one is not."""
    wrong = next((name for name in thresholds.limits if name not in known), None)
    if wrong is not None:
        near = difflib.get_close_matches(wrong, known, 1)
        meant = f"Did you mean '{near[0]}'? " if near else ""
        raise ConfigurationError(
            f"The thresholds name '{wrong}', which is not measured.",
            hint=f"{meant}There are {', '.join(known)}.",
        )


def failures(assessment: Assessment, thresholds: Thresholds) -> list[str]:
    """What an assessment fails, one sentence each; empty where it passes.

    Raises:
        ConfigurationError: a limit names what was not measured.
    """
    known: dict[str, Measure | Gap] = {one.id: one for one in (*assessment.measures, *assessment.gaps)}
    check_names(thresholds, list(known))
    found: list[str] = []
    for name, limit in thresholds.limits.items():
        one = known[name]
        found += _failed_measure(one, limit) if isinstance(one, Measure) else _failed_gap(one, limit)
    if not thresholds.differences:
        found += [
            f"{one.id}: {one.title}: a difference of {one.difference:+.0%} is shown"
            for one in assessment.gaps
            if one.verdict == "difference"
        ]
    return found


def _failed_measure(one: Measure, limit: Limit) -> Iterator[str]:
    low, high = (one.low, one.high) if limit.sure else (one.rate, one.rate)
    said = f"{one.id}: {one.title}: {one.rate:.0%} ({one.hits} of {one.n}, {one.low:.0%} to {one.high:.0%})"
    sure = " for sure" if limit.sure else ""
    if one.n == 0:
        yield f"{one.id}: {one.title}: nothing was measured"
    elif limit.min is not None and low < limit.min:
        yield f"{said}, must be at least {limit.min:.0%}{sure}"
    elif limit.max is not None and high > limit.max:
        yield f"{said}, must be at most {limit.max:.0%}{sure}"


def _failed_gap(one: Gap, limit: Limit) -> Iterator[str]:
    size = max(abs(one.low), abs(one.high)) if limit.sure else abs(one.difference)
    if one.n == 0:
        yield f"{one.id}: {one.title}: nothing was measured"
    elif limit.max is not None and size > limit.max:
        yield (
            f"{one.id}: {one.title}: {one.difference:+.0%} ({one.low:+.0%} to {one.high:+.0%}, {one.n} "
            f"pairs), "
            f"must be at most {limit.max:.0%}"
        )
