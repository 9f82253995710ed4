"""Remembers what checks found in texts that come again: a conversation's history costs next to nothing.

By keyed hash of the text, never by the text. What a check found is kept only where nothing but the text and
its source can have decided it: not where it looked at the parts around, at an image, or failed.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from time import perf_counter
from typing import overload

from prudent.types.safety import CheckState
from prudent_responsible_ai.check import Check, CheckContext
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.running import Budget, Outcome, Watch, run_checks

KEPT = 20_000
"""Outcomes of one check on one text that are remembered: some 20 MB at most."""
MOST_SPANS = 50
"""An outcome with more is not kept."""


class Memory:
    """The outcomes of one policy's checks. Safe in several threads."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)
        self._kept: OrderedDict[tuple[str, str, bytes], Outcome] = OrderedDict()
        self._lock = threading.Lock()

    def run(
        self, checks: Sequence[Check], context: CheckContext, budget: Budget, watch: Watch
    ) -> list[Outcome]:
        """Run the checks on a whole text as `run_checks` does, except those whose outcome is known."""
        if context.image is not None or context.reading.start:
            return run_checks(checks, context, budget, watch)
        began = perf_counter()
        digest = hashlib.blake2b(
            context.reading.text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16
        ).digest()
        found: list[Outcome] = []
        for check in checks:
            key = (check.id, context.source.value, digest)
            with self._lock:
                known = self._kept.get(key)
                if known is not None:
                    self._kept.move_to_end(key)
            if known is not None:
                took = (perf_counter() - began) * 1000
                found.append(replace(known, check=check, milliseconds=took))
            else:
                around = _Noticed(context.around)
                (outcome,) = run_checks([check], replace(context, around=around), budget, watch)
                found.append(outcome)
                if not around.noticed:
                    self._keep(key, outcome)
            began = perf_counter()
        return found

    def _keep(self, key: tuple[str, str, bytes], outcome: Outcome) -> None:
        spans = sum(len(finding.spans) + len(finding.because) for finding in outcome.findings)
        if outcome.state not in (CheckState.CHECKED, CheckState.UNVERIFIED) or spans > MOST_SPANS:
            return
        with self._lock:
            self._kept[key] = outcome
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)


class _Noticed(Sequence[Part]):
    """Parts that know whether anybody looked at them."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self.noticed = False

    @overload
    def __getitem__(self, index: int) -> Part: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Part]: ...
    def __getitem__(self, index: int | slice) -> Part | Sequence[Part]:
        self.noticed = True
        return self._parts[index]

    def __len__(self) -> int:
        self.noticed = True
        return len(self._parts)

    def __iter__(self) -> Iterator[Part]:
        self.noticed = True
        return iter(self._parts)
