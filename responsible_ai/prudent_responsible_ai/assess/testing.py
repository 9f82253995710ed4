"""An assessment as a test: for the tests of apps, in CI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from prudent_responsible_ai.assess.asking import asking_client
from prudent_responsible_ai.assess.results import Assessment, Subject
from prudent_responsible_ai.assess.run import assess
from prudent_responsible_ai.assess.thresholds import Thresholds, failures


def assert_assessment(
    client: Any,
    limits: Mapping[str, Mapping[str, Any]],
    *,
    model: str | None = None,
    system: str | None = None,
    only: Sequence[str] | None = None,
    quick: bool = True,
    minutes: float | None = None,
    differences: bool = True,
) -> Assessment:
    """Assess what a client answers, and fail the test where a limit is not kept; returns the assessment.

    `limits` are those of a thresholds file, such as `{"attack.plain": {"max": 0.2}}`; `system` is the app's
    own instruction; `only` names kinds of evidence, such as `["privacy"]`. After `minutes` nothing more is
    asked.

    Raises:
        AssertionError: a limit is not kept; the message names each.
        ConfigurationError: a limit names what was not measured.
    """
    thresholds = Thresholds.of({"limits": limits, "differences": differences})
    ask = asking_client(client, model=model, system=system)
    subject = Subject(name=model or "app", kind="app", model=model, system=system)
    assessment = assess(ask, subject, quick=quick, minutes=minutes, only=only)
    failed = failures(assessment, thresholds)
    if failed:
        raise AssertionError("The assessment fails:\n- " + "\n- ".join(failed))
    return assessment
