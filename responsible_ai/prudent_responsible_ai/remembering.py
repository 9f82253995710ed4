"""Remembers what checks found in texts that come again: a conversation's history costs next to nothing.

By keyed hash of the text, never by the text. What a check found is kept where nothing but the text and its
source can have decided it, or these and the parts around that it looked at: not where it looked at an image,
or failed.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import astuple, replace
from time import perf_counter
from typing import overload

from prudent.types.safety import CheckState
from prudent_responsible_ai.check import Check, CheckContext
from prudent_responsible_ai.kept import Kept
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
        self._kept: Kept[tuple[str, str, bytes, bytes], Outcome] = Kept(KEPT)
        self._look_around: set[str] = set()
        """Checks that have looked at the parts around some text."""

    def run(
        self, checks: Sequence[Check], context: CheckContext, budget: Budget, watch: Watch
    ) -> list[Outcome]:
        """Run the checks on a whole text as `run_checks` does, except those whose outcome is known."""
        if context.image is not None or context.reading.start:
            return run_checks(checks, context, budget, watch)
        began = perf_counter()
        around = context.around
        parts = around if isinstance(around, Surroundings) else Surroundings(around)
        digest = _digest(self._key, context.reading.text)
        found: list[Outcome] = []
        for check in checks:
            key = (check.id, context.source.value, digest)
            known = self._kept.get((*key, b""))
            if known is None and check.id in self._look_around:
                known = self._kept.get((*key, parts.digest(self._key)))
            if known is not None:
                took = (perf_counter() - began) * 1000
                found.append(replace(known, check=check, milliseconds=took))
            else:
                noticed = _Noticed(parts)
                (outcome,) = run_checks([check], replace(context, around=noticed), budget, watch)
                found.append(outcome)
                if noticed.noticed:
                    self._look_around.add(check.id)
                self._keep((*key, parts.digest(self._key) if noticed.noticed else b""), outcome)
            began = perf_counter()
        return found

    def _keep(self, key: tuple[str, str, bytes, bytes], outcome: Outcome) -> None:
        spans = sum(len(finding.spans) + len(finding.because) for finding in outcome.findings)
        lasting = all(finding.lasting for finding in outcome.findings)
        if outcome.state not in (CheckState.CHECKED, CheckState.UNVERIFIED) or spans > MOST_SPANS:
            return
        if lasting:
            self._kept.put({key: outcome})


class Surroundings(Sequence[Part]):
    """The parts of one request, with a hash of them that is made once, when somebody needs it."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._digest: bytes | None = None

    def digest(self, key: bytes) -> bytes:
        """A keyed hash of all that checks may look at in the parts."""
        if self._digest is None:
            self._digest = _digest(key, repr([astuple(part) for part in self._parts]))
        return self._digest

    @overload
    def __getitem__(self, index: int) -> Part: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Part]: ...
    def __getitem__(self, index: int | slice) -> Part | Sequence[Part]:
        return self._parts[index]

    def __len__(self) -> int:
        return len(self._parts)


def _digest(key: bytes, text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=key, digest_size=16).digest()


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
