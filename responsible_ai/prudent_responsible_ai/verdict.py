"""From findings to verdicts: which rule applies, which action follows, and how that is reported.

Pure: it runs no check, changes no text and knows no transport.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from prudent.types.content import Source
from prudent.types.safety import (
    Action,
    AnswerPair,
    CategoryVerdict,
    CheckState,
    ContentFilterResults,
    VerdictSpan,
    severity_name,
)
from prudent_responsible_ai.check import Check, Finding, Span
from prudent_responsible_ai.policy import OnFailure, Policy, Rule
from prudent_responsible_ai.running import Outcome

REPLACING = (Action.REDACT, Action.REWRITE)
"""Actions that put something else in place of what was found."""

MAX_SPANS = 100
"""Spans reported per category; a text with more is described well enough by these."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A finding with the action that the policy takes on it, and the rule that said so."""

    finding: Finding
    action: Action
    rule: str | None = None
    threshold: int | None = None


@dataclass(frozen=True, slots=True)
class NamedRule:
    """A rule with its id in verdicts: source, position and check."""

    id: str
    rule: Rule


def named_rules(source: Source, policy: Policy) -> list[NamedRule]:
    """The rules for a source with their ids, for example `assistant.2.secrets`, `floor.user.1.secrets`."""
    own = enumerate(policy.rules.get(source, ()), start=1)
    floor = enumerate(policy.floor.get(source, ()), start=1)
    return [
        *(NamedRule(f"{source}.{number}.{rule.check}", rule) for number, rule in own),
        *(NamedRule(f"floor.{source}.{number}.{rule.check}", rule) for number, rule in floor),
    ]


def decide(
    outcome: Outcome, rules: Sequence[NamedRule], given: Callable[[Finding, Span], bool]
) -> list[Decision]:
    """Return a decision for every finding of a check. `given` says whether a value was the user's own."""
    own = [named for named in rules if named.rule.check == outcome.check.id]
    return [_decide_one(finding, own, given) for finding in outcome.findings]


def _decide_one(
    finding: Finding, rules: Sequence[NamedRule], given: Callable[[Finding, Span], bool]
) -> Decision:
    sternest = Decision(finding, Action.ALLOW)
    for named in rules:
        rule = named.rule
        if rule.category not in (None, finding.category):
            continue
        if finding.state is CheckState.UNVERIFIED:
            action, applies = Action(rule.on_unverified.value), True
        else:
            action, applies = rule.action, finding.severity >= rule.severity
        if not applies or (
            rule.allow_given and finding.spans and all(given(finding, span) for span in finding.spans)
        ):
            continue
        if sternest.rule is None or action.rank > sternest.action.rank:
            told = _rewritten(finding, rule.text) if action is Action.REWRITE else finding
            sternest = Decision(told, action, named.id, rule.severity)
    return sternest


def _rewritten(finding: Finding, text: str | None) -> Finding:
    """The finding with the rule's words for what it covers."""
    return replace(finding, spans=tuple(replace(span, replacement=text) for span in finding.spans))


def failure_action(outcome: Outcome, rules: Sequence[NamedRule]) -> Action:
    """Return what follows from a check that failed or was skipped: block where any of its rules says so."""
    if outcome.state not in (CheckState.ERROR, CheckState.SKIPPED):
        return Action.ALLOW
    blocks = any(
        named.rule.check == outcome.check.id and named.rule.on_error is OnFailure.BLOCK for named in rules
    )
    return Action.BLOCK if blocks else Action.ANNOTATE


def sternest(actions: Sequence[Action]) -> Action:
    """Return the action of the highest rank; ALLOW where there are none."""
    return max(actions, key=lambda action: action.rank, default=Action.ALLOW)


@dataclass(slots=True)
class ReportedSpan:
    """A span as it will be reported; its end may move while a stream goes on."""

    start: int
    end: int
    weight: float
    label: str
    decisive: bool = False


@dataclass(slots=True)
class CategoryRecord:
    """What has been found in one category so far; a streamed text adds to it piece by piece."""

    check: Check
    decisions: list[Decision] = field(default_factory=list[Decision])
    spans: list[ReportedSpan] = field(default_factory=list[ReportedSpan])
    state: CheckState = CheckState.CHECKED
    failure: Action = Action.ALLOW
    milliseconds: float = 0.0
    remark: str | None = None
    """What is said where nothing was found."""

    def note(self, outcome: Outcome, failure: Action) -> None:
        """Add the cost and the state of a run; a worse state stays."""
        self.milliseconds += outcome.milliseconds
        if outcome.state is not CheckState.CHECKED:
            self.state = max(self.state, outcome.state, key=_STATE_ORDER.index)
        if failure is not Action.ALLOW:
            self.failure = sternest([self.failure, failure])

    def add(self, decision: Decision, offset: int = 0) -> list[ReportedSpan]:
        """Add a decision; `offset` is where the checked text begins in the whole. Return its spans."""
        if decision.finding.state is CheckState.UNVERIFIED:
            self.failure = sternest([self.failure, decision.action])
        else:
            self.decisions.append(decision)
        room = MAX_SPANS - len(self.spans)
        reported = [
            ReportedSpan(
                span.start + offset, span.end + offset, span.weight, span.label, decisive=span.decisive
            )
            for span in (decision.finding.because or decision.finding.spans)[:room]
        ]
        self.spans += reported
        return reported

    def verdict(self) -> CategoryVerdict:
        """Return what has been found as it goes on the wire."""
        ranked = sorted(self.decisions, key=lambda one: (one.action.rank, one.finding.severity), reverse=True)
        action = sternest([*(one.action for one in ranked), self.failure])
        level = max((one.finding.severity for one in ranked), default=0)
        first = ranked[0] if ranked else None
        # Words are decisive only where nothing else is acted on that would stay without them.
        acting = [one for one in ranked if one.action is not Action.ALLOW] or ranked
        proved = all(one.finding.counterfactual is not None for one in acting)
        return CategoryVerdict(
            filtered=action is Action.BLOCK,
            detected=bool(ranked),
            severity=severity_name(level),
            severity_level=level,
            score=max((one.finding.score for one in ranked if one.finding.score is not None), default=None),
            threshold=first.threshold if first else None,
            action=action,
            rule=first.rule if first else None,
            spans=[
                VerdictSpan(
                    start=span.start,
                    end=span.end,
                    weight=span.weight,
                    label=span.label,
                    decisive=span.decisive and proved,
                )
                for span in self.spans
            ],
            reason=self._reason(ranked),
            counterfactual=first.finding.counterfactual if first and proved else None,
            fidelity=first.finding.fidelity if first else None,
            pair=_pair(first.finding if first else None, action),
            state=self.state,
            milliseconds=round(self.milliseconds, 3),
            model_hash=self.check.model_hash,
        )

    def _reason(self, ranked: Sequence[Decision]) -> str | None:
        reasons = list(dict.fromkeys(one.finding.reason for one in ranked if one.finding.reason))[:3]
        if (undone := _UNDONE.get(self.state)) is not None:
            reasons.append(f"{undone} on a part" if reasons else undone)
        return "; ".join(reasons) or self.remark


def _pair(finding: Finding | None, action: Action) -> AnswerPair | None:
    """The two answers of a finding; neither where they are blocked."""
    if finding is None or finding.pair is None or action is not Action.BLOCK:
        return None if finding is None else finding.pair
    return finding.pair.model_copy(update={"answer": None, "other_answer": None})


_UNDONE = {
    CheckState.ERROR: "the check failed",
    CheckState.SKIPPED: "skipped to keep the time budget",
}
_STATE_ORDER = (CheckState.CHECKED, CheckState.UNVERIFIED, CheckState.SKIPPED, CheckState.ERROR)


class Record:
    """The categories of all checks that ran on one text, and what was found in each."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self._categories: dict[str, CategoryRecord] = {}
        for check in checks:
            for category in check.categories:
                self._categories.setdefault(category, CategoryRecord(check))

    def note(self, outcome: Outcome, failure: Action) -> None:
        """Add a run of a check to the categories that it reports; the first to find something names them."""
        for category in outcome.check.categories:
            record = self._categories[category]
            record.note(outcome, failure)
            if not record.decisions and any(one.category == category for one in outcome.findings):
                record.check = outcome.check

    def add(self, decision: Decision, offset: int = 0) -> list[ReportedSpan]:
        """Add a decision to its category; `offset` is where the checked text begins in the whole."""
        return self._categories[decision.finding.category].add(decision, offset)

    def remark(self, category: str, text: str | None) -> None:
        """Say of a category what was looked at, where nothing is found in it."""
        self._categories[category].remark = text

    @property
    def results(self) -> ContentFilterResults:
        """The verdicts, one for every category, also where nothing was found."""
        return {name: category.verdict() for name, category in self._categories.items()}


def overall(results: ContentFilterResults) -> Action:
    """Return the sternest action of the verdicts on one text."""
    return sternest([verdict.action for verdict in results.values()])


def merged(texts: Iterable[ContentFilterResults]) -> ContentFilterResults:
    """Return one verdict for each category of several texts: the sternest, which keeps its own spans."""
    results: ContentFilterResults = {}
    for verdicts in texts:
        for name, verdict in verdicts.items():
            if name not in results or verdict.action.rank > results[name].action.rank:
                results[name] = verdict
    return results


def block_reason(results: ContentFilterResults) -> str | None:
    """Say which category blocked and why; None where none did."""
    for name, verdict in results.items():
        if verdict.action is Action.BLOCK:
            return f"{name}: {verdict.reason}" if verdict.reason else name
    return None
