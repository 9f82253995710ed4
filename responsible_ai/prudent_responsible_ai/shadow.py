"""A policy beside the one in force: what it would have done, and where that differs. It changes nothing.

It decides on the findings of checks that ran anyway, and has those run that it alone names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from prudent.types.content import Source
from prudent.types.safety import Action, ContentFilterResults, ShadowDifference, ShadowInfo
from prudent_responsible_ai.check import Check, Finding, Span
from prudent_responsible_ai.policy import Policy
from prudent_responsible_ai.running import Outcome
from prudent_responsible_ai.verdict import NamedRule, Record, decide, failure_action, named_rules, overall


@dataclass(frozen=True)
class ShadowRules:
    """What the shadow says about texts of one source. `extra` are its checks that the live policy has not."""

    rules: Sequence[NamedRule]
    checks: Sequence[Check]
    extra: Sequence[Check]

    @classmethod
    def of(
        cls, policy: Policy, source: Source, checks: Sequence[Check], live: Sequence[Check]
    ) -> ShadowRules:
        """The shadow's part for a source; `checks` are all that there are, `live` run for it anyway."""
        rules = named_rules(source, policy)
        named = [check for check in checks if any(rule.rule.check == check.id for rule in rules)]
        return cls(rules, named, [check for check in named if check not in live])


class ShadowRecord:
    """What the shadow would have done with one text; a streamed text adds to it piece by piece."""

    def __init__(self, rules: ShadowRules) -> None:
        self._rules = rules
        self._ids = {check.id for check in rules.checks}
        self._record = Record(rules.checks)

    def add(
        self,
        outcomes: Iterable[Outcome],
        given: Callable[[Finding, Span], bool],
        within: Callable[[Finding], bool] | None = None,
    ) -> None:
        """Decide on what checks found; `within` says whether a finding is of this piece of the text."""
        for outcome in outcomes:
            if outcome.check.id not in self._ids:
                continue
            self._record.note(outcome, failure_action(outcome, self._rules.rules))
            for decision in decide(outcome, self._rules.rules, given):
                if within is None or within(decision.finding):
                    self._record.add(decision)

    @property
    def results(self) -> ContentFilterResults:
        """Its verdicts."""
        return self._record.results


@dataclass(frozen=True, slots=True)
class Shadowed:
    """The verdicts of the policy in force and of the shadow on one text."""

    source: Source
    live: ContentFilterResults
    shadow: ContentFilterResults

    def differences(self) -> list[ShadowDifference]:
        """The categories on which the two act differently; a category that one lacks is allowed by it."""
        names = sorted({*self.live, *self.shadow})
        pairs = ((name, _action(self.live, name), _action(self.shadow, name)) for name in names)
        return [
            ShadowDifference(source=self.source, category=name, live=live, shadow=shadow)
            for name, live, shadow in pairs
            if live is not shadow
        ]


def shadow_info(policy: Policy, texts: Sequence[Shadowed]) -> ShadowInfo:
    """What the shadow would have done with a request: its sternest action, each kind of difference once."""
    actions = [overall(text.shadow) for text in texts]
    differences = [difference for text in texts for difference in text.differences()]
    distinct = {difference.model_dump_json(): difference for difference in differences}
    return ShadowInfo(
        policy=policy.name,
        policy_hash=policy.hash,
        action=max(actions, key=lambda action: action.rank, default=Action.ALLOW),
        differences=list(distinct.values()),
    )


def _action(results: ContentFilterResults, name: str) -> Action:
    return results[name].action if name in results else Action.ALLOW
