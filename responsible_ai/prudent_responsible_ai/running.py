"""Runs checks on a text so that a failing one never breaks the request. Decides nothing about findings."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from prudent.types.safety import CheckState
from prudent_responsible_ai.check import Check, CheckContext, Finding

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one check on one text. `state` is `skipped` where the budget was spent."""

    check: Check
    findings: tuple[Finding, ...]
    state: CheckState
    milliseconds: float


class Budget:
    """Time that the checks of one request may take together; None means no limit."""

    def __init__(self, milliseconds: float | None) -> None:
        self._left = milliseconds

    @property
    def spent(self) -> bool:
        """Whether nothing is left."""
        return self._left is not None and self._left <= 0

    def take(self, milliseconds: float) -> None:
        """Subtract time that was used."""
        if self._left is not None:
            self._left -= milliseconds


def run_checks(checks: Sequence[Check], context: CheckContext, budget: Budget) -> list[Outcome]:
    """Run the checks in their order; essential ones always, the others while the budget lasts."""
    return [_run(check, context, budget) for check in checks]


def _run(check: Check, context: CheckContext, budget: Budget) -> Outcome:
    if budget.spent and not check.essential:
        return Outcome(check, (), CheckState.SKIPPED, 0.0)
    started = perf_counter()
    findings: tuple[Finding, ...] = ()
    state = CheckState.CHECKED
    try:
        findings = tuple(check.check(context.reading.text, context))
    except Exception as error:  # noqa: BLE001 - any failure of a check is the policy's to decide on
        # The class alone: the message of an exception may quote the text.
        _log.error("The check '%s' failed: %s.", check.id, type(error).__name__)
        state = CheckState.ERROR
    if any(finding.state is CheckState.UNVERIFIED for finding in findings):
        state = CheckState.UNVERIFIED
    milliseconds = (perf_counter() - started) * 1000
    budget.take(milliseconds)
    return Outcome(check, findings, state, milliseconds)
