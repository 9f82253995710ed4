"""Checks what goes into a model, part by part, and opens the gate for what comes out.

It knows policies and the check protocol, but no single check and no transport.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter

from prudent.errors import PrudentError
from prudent.types.content import Source
from prudent.types.safety import Action, PromptFilterResult, ShadowInfo
from prudent_responsible_ai.check import Check, CheckContext, Finding, Span, Unit
from prudent_responsible_ai.gate import OutputGate
from prudent_responsible_ai.judging import OutputRules
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.placeholders import Placeholders
from prudent_responsible_ai.policy import OnFailure, Policy, StreamingMode
from prudent_responsible_ai.redaction import Redactor, Removal
from prudent_responsible_ai.remembering import Memory, Surroundings
from prudent_responsible_ai.restoring import apart
from prudent_responsible_ai.running import Budget, Watch
from prudent_responsible_ai.shadow import Shadowed, ShadowRecord, ShadowRules, shadow_info
from prudent_responsible_ai.text_view import Reading
from prudent_responsible_ai.verdict import (
    REPLACING,
    Decision,
    Record,
    block_reason,
    decide,
    failure_action,
    named_rules,
    overall,
    sternest,
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class InputReview:
    """The verdict on the parts of a request.

    `parts` hold the text to give to the model, `results` one verdict for each part in the same order.
    `reason` says why the request is blocked. `placeholders` are the names given to values that were taken
    out; pass the review on to `Pipeline.open_gate`, so that the answer uses the same ones. `shadowed` has
    what the shadow policy would have done with each part, where there is one.
    """

    parts: list[Part]
    results: list[PromptFilterResult]
    action: Action
    blocked: bool
    reason: str | None
    milliseconds: float
    placeholders: Placeholders = field(repr=False)
    shadowed: list[Shadowed] = field(default_factory=list[Shadowed])


class Pipeline:
    """A policy with the checks that it names. Holds nothing of a request; threads may share it."""

    def __init__(self, policy: Policy, checks: Sequence[Check]) -> None:
        self.policy = policy
        # What is named to be skipped first comes last.
        last = {name: place for place, name in enumerate(reversed(policy.degrade), start=1)}
        checks = sorted(checks, key=lambda check: last.get(check.id, 0))
        self._rules = {source: named_rules(source, policy) for source in Source}
        self._checks = {
            source: [check for check in checks if any(named.rule.check == check.id for named in rules)]
            for source, rules in self._rules.items()
        }
        shadow = policy.shadow
        self._shadows = {
            source: ShadowRules.of(shadow, source, checks, live)
            for source, live in self._checks.items()
            if shadow is not None
        }
        self._needed = policy.needed
        self._all = tuple(checks)
        self._watch = Watch(policy.timeout_ms)
        self._memory = Memory()

    @property
    def judges_answers(self) -> bool:
        """Whether answers are judged sentence by sentence, which takes milliseconds and not microseconds."""
        shadow = self._shadows.get(Source.ASSISTANT)
        checks = [*self._checks[Source.ASSISTANT], *(shadow.extra if shadow else ())]
        return any(check.unit is Unit.SENTENCE for check in checks)

    def warm_up(self, source: Source | None = None) -> None:
        """Load what the checks need: all, or those that read texts of one source.

        Without it the first request pays for it. A check whose model cannot be had fails when it runs, and
        the policy says what follows.
        """
        missing: dict[str, list[str]] = {}
        for check in self._all if source is None else self._checks[source]:
            try:
                check.warm_up()
            except PrudentError as error:
                missing.setdefault(str(error), []).append(check.id)
        for error, checks in missing.items():
            _log.warning("Checks that are not ready (%s): %s", ", ".join(checks), error)

    def runs(self, check_id: str, source: Source) -> bool:
        """Whether texts of a source are put to this check, by the policy or by its shadow."""
        shadow = self._shadows.get(source)
        checks = [*self._checks[source], *(() if shadow is None else shadow.checks)]
        return any(check.id == check_id for check in checks)

    def may_block_answers(self, check_id: str) -> bool:
        """Whether a rule of this check could block an answer, or its failure could."""
        held = self.policy.streaming is StreamingMode.HOLD
        rules = [named.rule for named in self._rules[Source.ASSISTANT] if named.rule.check == check_id]
        return held and any(rule.action is Action.BLOCK or rule.on_error is OnFailure.BLOCK for rule in rules)

    def review(self, parts: Sequence[Part]) -> InputReview:
        """Check the parts of a request. Never raises for what a text holds."""
        started = perf_counter()
        placeholders = Placeholders()
        for part in parts:
            placeholders.reserve(part.text)
        budget = Budget(self.policy.budget_ms, self.policy.degrade, self._needed)
        shadowed: list[Shadowed] = []
        around = Surroundings(parts)
        reviewed = [self._review(part, around, placeholders, budget, shadowed) for part in parts]
        results = [result for _, result in reviewed]
        action = sternest([overall(result.content_filter_results) for result in results])
        reasons = (block_reason(result.content_filter_results) for result in results)
        return InputReview(
            parts=[part for part, _ in reviewed],
            results=results,
            action=action,
            blocked=action is Action.BLOCK,
            reason=next((reason for reason in reasons if reason), None),
            milliseconds=(perf_counter() - started) * 1000,
            placeholders=placeholders,
            shadowed=shadowed,
        )

    def open_gate(self, review: InputReview | None = None) -> OutputGate:
        """Return a gate for one streamed answer (one choice) to the request that was reviewed."""
        placeholders = review.placeholders.fork() if review else Placeholders()
        rules = OutputRules(
            self.policy.streaming,
            self.policy.budget_ms,
            self.policy.degrade,
            self._needed,
            self._rules[Source.ASSISTANT],
            self._checks[Source.ASSISTANT],
            self._watch,
            self._shadows.get(Source.ASSISTANT),
        )
        around = review.parts if review else ()
        return OutputGate(rules, placeholders, around, restored=placeholders.restored)

    def shadow_info(self, texts: Sequence[Shadowed]) -> ShadowInfo | None:
        """What the shadow policy would have done with all texts of a request; None where there is none."""
        return None if self.policy.shadow is None else shadow_info(self.policy.shadow, texts)

    def _review(
        self,
        part: Part,
        around: Sequence[Part],
        placeholders: Placeholders,
        budget: Budget,
        shadowed: list[Shadowed],
    ) -> tuple[Part, PromptFilterResult]:
        checks, rules = self._checks[part.source], self._rules[part.source]
        record = Record(checks)
        decisions: list[Decision] = []
        context = CheckContext(part.source, Reading(part.text), around, part.image)
        given = _is_given(part, placeholders)
        outcomes = self._memory.run(checks, context, budget, self._watch)
        for outcome in outcomes:
            record.note(outcome, failure_action(outcome, rules))
            decisions += decide(outcome, rules, given)
        for decision in decisions:
            record.add(decision)
        results = record.results
        if (shadow := self._shadows.get(part.source)) is not None:
            beside = ShadowRecord(shadow)
            beside.add([*outcomes, *self._memory.run(shadow.extra, context, budget, self._watch)], given)
            shadowed.append(Shadowed(part.source, results, beside.results))
        text = _redacted(part, decisions, placeholders)
        result = PromptFilterResult(
            prompt_index=part.message_index,
            part_index=part.part_index,
            source=part.source,
            content_filter_results=results,
        )
        return Part(text, part.source, part.message_index, part.part_index), result


def _is_given(part: Part, placeholders: Placeholders) -> Callable[[Finding, Span], bool]:
    return lambda finding, span: placeholders.given(finding, span, part.text[span.start : span.end])


def _redacted(part: Part, decisions: Sequence[Decision], placeholders: Placeholders) -> str:
    removals: list[Removal] = []
    restored: list[tuple[Finding, Span]] = []
    for decision in decisions:
        for span in decision.finding.spans:
            value = part.text[span.start : span.end]
            if decision.action in REPLACING:
                if span.restore:
                    restored.append((decision.finding, span))
                    continue
                name = partial(placeholders.replacement, decision.finding, span, value)
                removals.append(Removal(span.start, span.end, name))
            elif part.source.trusted:
                placeholders.give(decision.finding, span, value)
    for finding, span in apart(restored, [(one.start, one.end) for one in removals]):
        name = partial(placeholders.replacement, finding, span, part.text[span.start : span.end])
        removals.append(Removal(span.start, span.end, name))
    if not removals:
        return part.text
    return "".join(piece.text for piece in Redactor().render(part.text, 0, len(part.text), removals))
