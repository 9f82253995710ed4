"""Reads an answer sentence by sentence for the checks that judge what is said; holds it where they may act.

It stands before the gate of words: a sentence goes on to it once it is judged. Where no rule of these checks
could redact or block, nothing is held, and they only report. It knows no transport and no model.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from prudent.types.content import Source
from prudent.types.safety import Action
from prudent_responsible_ai.check import Check, CheckContext, Finding, Span, Unit
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.placeholders import Placeholders
from prudent_responsible_ai.policy import OnFailure, OnUnverified, StreamingMode
from prudent_responsible_ai.redaction import Removal
from prudent_responsible_ai.running import Budget, Watch, run_checks
from prudent_responsible_ai.sentences import LATER_SHORTEST, SHORTEST, sentence_end
from prudent_responsible_ai.shadow import ShadowRecord, ShadowRules
from prudent_responsible_ai.text_view import Reading
from prudent_responsible_ai.verdict import REPLACING, Decision, NamedRule, Record, decide, failure_action

LOOK_BACK = 300
"""Characters of whole sentences before a sentence that are read with it."""


@dataclass(frozen=True)
class OutputRules:
    """What the policy says about answers: mode, time for one portion, rules, and the checks they name."""

    mode: StreamingMode
    budget_ms: float | None
    degrade: Sequence[str]
    needed: Collection[str]
    rules: Sequence[NamedRule]
    checks: Sequence[Check]
    watch: Watch
    shadow: ShadowRules | None = None

    def budget(self) -> Budget:
        """A new budget for one portion."""
        return Budget(self.budget_ms, self.degrade, self.needed)

    def of_unit(self, unit: Unit) -> list[Check]:
        """The checks that see so much at once."""
        return [check for check in self.checks if check.unit is unit]

    def shadow_extra(self, unit: Unit) -> list[Check]:
        """Checks that only the shadow names."""
        return [] if self.shadow is None else [one for one in self.shadow.extra if one.unit is unit]

    def softened(self, action: Action) -> Action:
        """Without holding, nothing can be taken back: the verdict only reports."""
        if self.mode is StreamingMode.OFF and action.rank > Action.ANNOTATE.rank:
            return Action.ANNOTATE
        return action


@dataclass(frozen=True)
class Judged:
    """What goes on to the gate of words, and what is to be taken out of it. After `blocked` nothing comes."""

    text: str
    removals: list[Removal] = field(default_factory=list[Removal])
    blocked: bool = False


class SentenceJudge:
    """The judge of one text. Positions count in the whole text."""

    def __init__(
        self,
        rules: OutputRules,
        record: Record,
        shadow: ShadowRecord | None,
        placeholders: Placeholders,
        around: Sequence[Part],
    ) -> None:
        self._rules = rules
        self._checks = rules.of_unit(Unit.SENTENCE)
        self._extra = rules.shadow_extra(Unit.SENTENCE)
        self._record = record
        self._shadow = shadow
        self._placeholders = placeholders
        self._around = around
        self._holds = rules.mode is StreamingMode.HOLD and any(map(_may_act, self._own_rules()))
        self._buffer = ""
        self._offset = 0  # position of the buffer's first character
        self._starts: list[int] = []  # of sentences that may be read again
        self._at = 0  # up to here all is judged
        self._spent: dict[str, float] = {}  # seconds of checks' own

    @property
    def idle(self) -> bool:
        """Whether there is nothing to judge by."""
        return not self._checks and not self._extra

    def feed(self, text: str, *, final: bool) -> Judged:
        """Take more of the text; return what may go on."""
        if self.idle:
            return Judged(text)
        began = self._at
        self._buffer += text
        removals: list[Removal] = []
        while (end := self._next_end(final=final)) is not None:
            start, end = self._at, self._offset + end
            taken = self._judge(start, end)
            if taken is None:
                passed = self._buffer[began - self._offset : start - self._offset]
                return Judged(passed, removals, blocked=True)
            removals += taken
            self._at = end
        passed = self._buffer[began - self._offset : self._at - self._offset] if self._holds else text
        self._forget()
        return Judged(passed, removals)

    def _next_end(self, *, final: bool) -> int | None:
        shortest = LATER_SHORTEST if self._at else SHORTEST
        return sentence_end(self._buffer, self._at - self._offset, final=final, shortest=shortest)

    def _judge(self, start: int, end: int) -> list[Removal] | None:
        """Judge a sentence: what is to be taken out of it, or None where it is blocked."""
        sentence = self._buffer[start - self._offset : end - self._offset]
        if not any(map(str.isalnum, sentence)):
            return []
        base = next((one for one in self._starts if start - one <= LOOK_BACK), start)
        window = self._buffer[base - self._offset : end - self._offset]
        context = CheckContext(
            Source.ASSISTANT, Reading(window, start - base), self._around, spent=self._spent
        )
        budget = self._rules.budget()
        outcomes = run_checks(self._checks, context, budget, self._rules.watch)
        given = partial(self._is_given, window)
        if self._shadow is not None:
            beside = [*outcomes, *run_checks(self._extra, context, budget, self._rules.watch)]
            self._shadow.add(beside, given, lambda finding: _reaches(finding, start - base))
        found: list[Decision] = []
        failures: list[Action] = []
        for outcome in outcomes:
            failure = self._rules.softened(failure_action(outcome, self._rules.rules))
            failures.append(failure)
            self._record.note(outcome, failure)
            for decision in decide(outcome, self._rules.rules, given):
                if _reaches(decision.finding, start - base):
                    found.append(replace(decision, action=self._rules.softened(decision.action)))
        for decision in found:
            self._record.add(decision, base)
        actions = [*failures, *(decision.action for decision in found)]
        # What was flagged is not read again with the next sentence, which would be flagged for it too.
        self._starts = [] if found else [*self._starts, start]
        if Action.BLOCK in actions:
            return None
        return [
            removal
            for decision in found
            if decision.action in REPLACING
            for removal in self._removals(decision, window, base, start)
        ]

    def _removals(self, decision: Decision, window: str, base: int, start: int) -> list[Removal]:
        """What a decision takes out; what went out before the sentence cannot be taken back."""
        finding = decision.finding
        spans = finding.spans or (Span(start - base, len(window), finding.category),)
        return [
            Removal(
                max(base + span.start, start),
                base + span.end,
                partial(self._placeholders.replacement, finding, span, window[span.start : span.end]),
            )
            for span in spans
            if base + span.end > start
        ]

    def _forget(self) -> None:
        """Drop what will not be read again."""
        self._starts = [one for one in self._starts if self._at - one <= LOOK_BACK]
        kept = min([self._at, *self._starts]) - self._offset
        self._buffer = self._buffer[kept:]
        self._offset += kept

    def _is_given(self, window: str, finding: Finding, span: Span) -> bool:
        return self._placeholders.given(finding, span, window[span.start : span.end])

    def _own_rules(self) -> list[NamedRule]:
        names = {check.id for check in self._checks}
        return [named for named in self._rules.rules if named.rule.check in names]


def _reaches(finding: Finding, start: int) -> bool:
    return not finding.spans or finding.spans[-1].end > start


def _may_act(named: NamedRule) -> bool:
    rule = named.rule
    return (
        rule.action.rank > Action.ANNOTATE.rank
        or rule.on_error is OnFailure.BLOCK
        or rule.on_unverified is OnUnverified.BLOCK
    )
