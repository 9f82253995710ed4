"""Lets a streamed answer through piece by piece, each piece after its check.

In `hold` mode no character goes out before it is known not to belong to something that is to be redacted or
blocked. What is held: at most `segments.LONGEST_UNIT` characters, usually the word that is being written; and
where checks that judge sentences may act, up to `sentences.LONGEST_SENTENCE` more, usually the sentence.
The same answer gives the same released text and the same verdicts, however it was cut into chunks.
It knows no transport and no model.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter

from prudent.types.content import Source
from prudent.types.safety import Action, ContentFilterResults
from prudent_responsible_ai.check import LOOK_BACK, CheckContext, Finding, Span, Unit
from prudent_responsible_ai.judging import OutputRules, SentenceJudge
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.placeholders import Placeholders
from prudent_responsible_ai.policy import StreamingMode
from prudent_responsible_ai.redaction import Piece, Redactor, Removal
from prudent_responsible_ai.restoring import Restorer
from prudent_responsible_ai.running import Outcome, run_checks
from prudent_responsible_ai.segments import Cut, next_cut
from prudent_responsible_ai.shadow import Shadowed, ShadowRecord
from prudent_responsible_ai.text_view import Reading, canonical
from prudent_responsible_ai.verdict import (
    REPLACING,
    Decision,
    Record,
    ReportedSpan,
    block_reason,
    decide,
    failure_action,
    overall,
)


@dataclass(frozen=True, slots=True)
class Release:
    """What may go out now. After `blocked`, nothing more ever comes.

    `consumed` counts the characters of the answer whose fate this release decides, `altered` says whether
    any of them were redacted; `pieces` say it stretch by stretch, so that log-probabilities can be lined up.
    """

    text: str
    blocked: bool
    consumed: int
    altered: bool
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class _Window:
    """The text that is checked at a step; `base` is where it begins in the answer."""

    text: str
    base: int
    complete: bool

    @property
    def end(self) -> int:
        return self.base + len(self.text)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A decision, with the check it came from and where its text began in the answer."""

    decision: Decision
    check_id: str
    base: int

    @property
    def action(self) -> Action:
        return self.decision.action

    @property
    def start(self) -> int | None:
        spans = self.decision.finding.spans
        return self.base + spans[0].start if spans else None

    @property
    def end(self) -> int | None:
        spans = self.decision.finding.spans
        return self.base + spans[-1].end if spans else None


@dataclass(slots=True)
class _Open:
    """A finding whose end may not be known yet: it goes on while `continues` matches from `end` on.

    `known` is where it ends at least, however the answer was cut into chunks.
    """

    check_id: str
    continues: re.Pattern[str]
    end: int
    known: int
    redacts: bool
    reported: Sequence[ReportedSpan]


class OutputGate:
    """The gate of one answer. Not for several threads at once. Positions count in the whole answer."""

    def __init__(
        self,
        rules: OutputRules,
        placeholders: Placeholders,
        around: Sequence[Part] = (),
        *,
        restored: Mapping[str, str] | None = None,
        as_json: bool = False,
    ) -> None:
        """`around` are the parts of the request that is answered. `restored` are its values by placeholder
        that are put back into what goes out; `as_json` says that the text is JSON.
        """
        self._rules = rules
        self._restored: Mapping[str, str] = {} if restored is None else restored
        self._restorer = Restorer(self._restored, as_json=as_json)
        self._placeholders = placeholders
        self._around = around
        self._record = Record(rules.checks)
        self._shadow = None if rules.shadow is None else ShadowRecord(rules.shadow)
        self._judge = SentenceJudge(rules, self._record, self._shadow, placeholders, around)
        self._words = rules.of_unit(Unit.WORD)
        self._extra = rules.shadow_extra(Unit.WORD)
        self._judged: list[Removal] = []  # what the judge takes out of text that is not decided yet
        self._redactor = Redactor()
        self._open: list[_Open] = []
        self._buffer = ""  # from LOOK_BACK characters before `_at` on
        self._canonical = ""
        self._offset = 0  # position of the buffer's first character
        self._at = 0  # up to here all is decided
        self._seconds = 0.0
        self._failed = False
        self._digest = hashlib.sha256()
        self.blocked = False
        self.released = 0
        """Characters that went out so far."""

    def sibling(self, *, as_json: bool = False) -> OutputGate:
        """A gate for another text of the same answer: a value has the same placeholder in both."""
        return OutputGate(
            self._rules, self._placeholders, self._around, restored=self._restored, as_json=as_json
        )

    @property
    def digest(self) -> str:
        """SHA-256 of what went out so far, for the audit."""
        return self._digest.hexdigest()

    @property
    def results(self) -> ContentFilterResults:
        """The verdicts so far; final after `finish`, or once blocked."""
        return self._record.results

    @property
    def shadowed(self) -> list[Shadowed]:
        """What the shadow policy would have done so far; empty where there is none."""
        if self._shadow is None:
            return []
        return [Shadowed(Source.ASSISTANT, self.results, self._shadow.results)]

    @property
    def action(self) -> Action:
        """The sternest action taken so far."""
        return overall(self.results)

    @property
    def reason(self) -> str | None:
        """Why the answer was blocked."""
        return block_reason(self.results)

    @property
    def milliseconds(self) -> float:
        """Time spent in the gate so far."""
        return self._seconds * 1000

    def feed(self, text: str) -> Release:
        """Take the next chunk of the answer, of any size, and return what may go out now."""
        return self._advance(text, final=False)

    def finish(self) -> Release:
        """Say that the answer is complete, and return the rest of it."""
        return self._advance("", final=True)

    def conclude(self, outcome: Outcome) -> None:
        """Take what a check found in the whole answer. A finding of severity 0 says what was looked at.

        Where it blocks, nothing of the answer counts as released: whoever holds the answer back drops it.
        """
        if self._shadow is not None:
            self._shadow.add([outcome], lambda _finding, _span: False)
        if outcome.check.id not in (check.id for check in self._rules.checks):
            return
        failure = self._rules.softened(failure_action(outcome, self._rules.rules))
        self._record.note(outcome, failure)
        for finding in (one for one in outcome.findings if one.severity == 0):
            self._record.remark(finding.category, finding.reason)
        found = replace(outcome, findings=tuple(one for one in outcome.findings if one.severity > 0))
        decisions = decide(found, self._rules.rules, lambda _finding, _span: False)
        actions = [failure, *(self._rules.softened(one.action) for one in decisions)]
        for decision, action in zip(decisions, actions[1:], strict=True):
            self._record.add(replace(decision, action=action))
        if Action.BLOCK in actions:
            self.withdraw()

    def withdraw(self) -> None:
        """Nothing of the text goes out after all."""
        self.blocked = True
        self.released = 0
        self._digest = hashlib.sha256()

    def _advance(self, text: str, *, final: bool) -> Release:
        if self.blocked:
            return Release("", blocked=True, consumed=0, altered=False)
        started = perf_counter()
        pieces = self._passed(text, final=final)
        if self._rules.mode is StreamingMode.OFF:
            pieces = _as_is(text)
        pieces = self._restorer.feed(pieces, final=final or self.blocked)
        self._seconds += perf_counter() - started
        released = "".join(piece.text for piece in pieces)
        self.released += len(released)
        self._digest.update(released.encode("utf-8", "surrogatepass"))
        return Release(
            text=released,
            blocked=self.blocked,
            consumed=sum(piece.consumed for piece in pieces),
            altered=any(piece.altered for piece in pieces),
            pieces=tuple(pieces),
        )

    def _passed(self, text: str, *, final: bool) -> list[Piece]:
        """Through the judge of sentences, then through the checks of words."""
        judged = self._judge.feed(text, final=final)
        self._judged += judged.removals
        if not self._words and not self._extra and self._judge.idle:
            return _as_is(judged.text)
        pieces = self._checked(judged.text, final=final or judged.blocked)
        self.blocked = self.blocked or judged.blocked
        return pieces

    def _checked(self, text: str, *, final: bool) -> list[Piece]:
        self._buffer += text
        self._canonical += canonical(text)
        pieces: list[Piece] = []
        while not self.blocked:
            cut = next_cut(self._canonical, self._at - self._offset, final=final)
            if cut is None:
                break
            pieces += self._decide(cut)
        kept = max(0, self._at - self._offset - LOOK_BACK)
        if self.blocked:
            kept = len(self._buffer)
        self._buffer, self._canonical = self._buffer[kept:], self._canonical[kept:]
        self._offset += kept
        return pieces

    def _decide(self, cut: Cut) -> list[Piece]:
        """Check the text up to the cut and return what becomes of it."""
        begin = max(0, self._at - self._offset - LOOK_BACK)
        window = _Window(self._buffer[begin : cut.visible], self._offset + begin, cut.end == cut.visible)
        end = self._offset + cut.end
        decisions = self._within(self._decisions(window, end), end, self._follow_open(window.end))
        blocks = [self._begin(one) for one in decisions if one.action is Action.BLOCK]
        if self._failed:
            blocks.append(self._at)
        if blocks:
            end = min(blocks)
            self.blocked = True
        removals = [
            removal
            for one in decisions
            if self._begin(one) <= end
            for removal in self._take(one, window)
            if removal.start < end or not blocks
        ]
        removals += [one for one in self._judged if one.start < end]
        self._judged = [one for one in self._judged if one.start >= end]
        if blocks:
            self._close_open(end)
        self._open = [one for one in self._open if one.end >= window.end]
        pieces = self._redactor.render(self._buffer, self._offset, end, removals)
        self._at = end
        return pieces

    def _decisions(self, window: _Window, end: int) -> list[_Placed]:
        context = CheckContext(
            Source.ASSISTANT, Reading(window.text, self._at - window.base, window.complete), self._around
        )
        placed: list[_Placed] = []
        given = partial(self._is_given, window.text)
        budget = self._rules.budget()
        outcomes = run_checks(self._words, context, budget, self._rules.watch)
        if self._shadow is not None:
            beside = [*outcomes, *run_checks(self._extra, context, budget, self._rules.watch)]
            self._shadow.add(beside, given, lambda finding: _begins_before(finding, end - window.base))
        for outcome in outcomes:
            failure = self._rules.softened(failure_action(outcome, self._rules.rules))
            self._failed = self._failed or failure is Action.BLOCK
            self._record.note(outcome, failure)
            for decision in decide(outcome, self._rules.rules, given):
                softened = replace(decision, action=self._rules.softened(decision.action))
                placed.append(_Placed(softened, outcome.check.id, window.base))
        return placed

    def _within(self, decisions: Sequence[_Placed], end: int, reached: dict[str, int]) -> list[_Placed]:
        """Keep what begins before the cut and does not lie within a finding of its check that began earlier.

        What begins beyond the cut will be found again, with more of its end in sight.
        """
        return [
            one
            for one in decisions
            if self._begin(one) < end and (one.end is None or one.end > reached.get(one.check_id, 0))
        ]

    def _take(self, placed: _Placed, window: _Window) -> list[Removal]:
        """Record a decision, and return what it removes from the answer."""
        finding, redacts = placed.decision.finding, placed.action in REPLACING
        reported = self._record.add(placed.decision, window.base)
        if finding.continues is not None and placed.start is not None and placed.end is not None:
            value = window.text[placed.start - window.base : placed.end - window.base]
            known = placed.start + len(finding.known(value))
            self._open.append(_Open(placed.check_id, finding.continues, placed.end, known, redacts, reported))
        if not redacts:
            return []
        return [
            Removal(
                window.base + span.start,
                window.base + span.end,
                partial(self._placeholders.replacement, finding, span, window.text[span.start : span.end]),
            )
            for span in finding.spans
        ]

    def _follow_open(self, visible: int) -> dict[str, int]:
        """Let findings whose end was not known go on up to `visible`; return how far they reach, by check."""
        reached: dict[str, int] = {}
        for one in self._open:
            before = one.end
            if before < visible:
                found = one.continues.match(self._canonical, before - self._offset, visible - self._offset)
                one.end = self._offset + found.end() if found else before
            if one.redacts:
                self._redactor.hide(one.end)
            if one.reported:
                one.reported[-1].end = one.end
            reached[one.check_id] = max(reached.get(one.check_id, 0), one.end)
        return reached

    def _close_open(self, blocked_at: int) -> None:
        """Report of unfinished findings what is certain: how much more was seen is chance once blocked."""
        for one in self._open:
            if one.reported and one.end > blocked_at:
                one.reported[-1].end = max(one.known, blocked_at)

    def _is_given(self, window: str, finding: Finding, span: Span) -> bool:
        return self._placeholders.given(finding, span, window[span.start : span.end])

    def _begin(self, placed: _Placed) -> int:
        return self._at if placed.start is None else placed.start


def _begins_before(finding: Finding, end: int) -> bool:
    return not finding.spans or finding.spans[0].start < end


def _as_is(text: str) -> list[Piece]:
    return [Piece(text, len(text), altered=False)] if text else []
