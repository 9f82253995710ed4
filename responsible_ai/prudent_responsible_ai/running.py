"""Runs checks on a text so that a failing one never breaks the request. Decides nothing about findings.

Checks of sentences run under a watch: one that hangs counts as failed, and its thread is left behind. So many
threads are left at most; then such checks fail at once until one of them comes back. Checks of words are
patterns whose time is linear in the text, and run where they are called.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import perf_counter
from typing import Generic, TypeVar

from prudent.errors import PrudentError
from prudent.types.safety import CheckState
from prudent_responsible_ai.check import Check, CheckContext, Finding, Unit
from prudent_responsible_ai.kept_threads import KeptThreads

MOST_HANGING = 8
ResultT = TypeVar("ResultT")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one check on one text. `state` is `skipped` where the budget was spent."""

    check: Check
    findings: tuple[Finding, ...]
    state: CheckState
    milliseconds: float


class Budget:
    """Time that the checks of one request may take together; None means no limit.

    Once it is spent, checks that are not essential are skipped, and those that are named in `degrade`. Those
    in `needed` are not: a text that they have not seen would be blocked, and nobody would save time.
    """

    def __init__(
        self, milliseconds: float | None, degrade: Collection[str] = (), needed: Collection[str] = ()
    ) -> None:
        self._left = milliseconds
        self._degrade = degrade
        self._needed = needed

    def skips(self, check: Check) -> bool:
        """Whether there is no time left for a check."""
        spent = self._left is not None and self._left <= 0
        can_wait = not check.essential and check.id not in self._needed
        return spent and (can_wait or check.id in self._degrade)

    def take(self, milliseconds: float) -> None:
        """Subtract time that was used."""
        if self._left is not None:
            self._left -= milliseconds


@dataclass(frozen=True, slots=True)
class _Did(Generic[ResultT]):
    """What came of it, which may be nothing."""

    result: ResultT


class Watch:
    """Lets checks run, and waits no longer than `milliseconds` for one. Safe in several threads."""

    def __init__(self, milliseconds: float) -> None:
        self._seconds = milliseconds / 1000
        self._threads = KeptThreads("prudent-check")
        self._lock = threading.Lock()
        self._hanging = 0
        self._loaded: set[str] = set()

    def load(self, check: Check) -> None:
        """Have a check load what it needs, once. What cannot be loaded fails where the check runs.

        Raises:
            TimeoutError: it took too long, or too many hang already.
        """
        if check.id in self._loaded:
            return
        with suppress(PrudentError):
            if check.unit is Unit.WORD:
                check.warm_up()
            else:
                self._waited(check.warm_up)
        self._loaded.add(check.id)

    def run(self, check: Check, context: CheckContext) -> tuple[Finding, ...]:
        """The findings of a check.

        Raises:
            TimeoutError: it took too long, or too many hang already.
            Exception: what the check raises.
        """
        if check.unit is Unit.WORD:
            return tuple(check.check(context.reading.text, context))
        return self._waited(lambda: tuple(check.check(context.reading.text, context)))

    def _waited(self, do: Callable[[], ResultT]) -> ResultT:
        with self._lock:
            if self._hanging >= MOST_HANGING:
                raise TimeoutError
        answer: SimpleQueue[_Did[ResultT] | BaseException] = SimpleQueue()
        ended, left = threading.Event(), threading.Event()

        def work() -> None:
            try:
                answer.put(_Did(do()))
            except BaseException as error:  # noqa: BLE001 raised where it is waited for
                answer.put(error)
            with self._lock:
                ended.set()
                self._hanging -= left.is_set()

        self._threads.start(work)
        try:
            found = answer.get(timeout=self._seconds)
        except Empty:
            with self._lock:
                # It may have ended since: only who is still at work will count itself out.
                if not ended.is_set():
                    left.set()
                    self._hanging += 1
            raise TimeoutError from None
        if isinstance(found, _Did):
            return found.result
        raise found if isinstance(found, Exception) else RuntimeError(type(found).__name__) from found


def run_checks(checks: Sequence[Check], context: CheckContext, budget: Budget, watch: Watch) -> list[Outcome]:
    """Run the checks in their order, as far as the budget goes."""
    return [_run(check, context, budget, watch) for check in checks]


def _run(check: Check, context: CheckContext, budget: Budget, watch: Watch) -> Outcome:
    if budget.skips(check):
        return Outcome(check, (), CheckState.SKIPPED, 0.0)
    findings: tuple[Finding, ...] = ()
    state = CheckState.CHECKED
    started = perf_counter()
    try:
        watch.load(check)
        # What is loaded once takes no time from the checks of this text.
        started = perf_counter()
        findings = watch.run(check, context)
    except Exception as error:  # noqa: BLE001 - any failure of a check is the policy's to decide on
        # The class alone: the message of an exception may quote the text.
        _log.error("The check '%s' failed: %s.", check.id, type(error).__name__)
        state = CheckState.ERROR
    if any(finding.state is CheckState.UNVERIFIED for finding in findings):
        state = CheckState.UNVERIFIED
    milliseconds = (perf_counter() - started) * 1000
    budget.take(milliseconds)
    return Outcome(check, findings, state, milliseconds)
