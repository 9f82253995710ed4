"""A policy in plain words, and what two policies do differently. Pure; prints nothing."""

from __future__ import annotations

from collections.abc import Iterator

from prudent.types.content import Source
from prudent.types.safety import Action
from prudent_responsible_ai.policy import OnFailure, OnUnverified, Policy, Rule, StreamingMode

_DONE = {
    Action.ALLOW: "let through",
    Action.ANNOTATE: "reported",
    Action.REDACT: "taken out and reported",
    Action.REWRITE: "replaced by the policy's own words",
    Action.HOLD: "held until a person approves the request",
    Action.BLOCK: "refused",
}
_WHO = {
    Source.USER: "What the user writes",
    Source.DEVELOPER: "What the developer writes (system prompts)",
    Source.TOOL: "Results of tools",
    Source.DOCUMENT: "Documents",
    Source.IMAGE: "Text found in images",
    Source.AUDIO: "Text heard in recordings",
    Source.ASSISTANT: "Answers",
}


_UNSURE = {
    OnUnverified.ALLOW: "; let through in silence where it was not measured on such texts",
    OnUnverified.ANNOTATE: "",
    OnUnverified.BLOCK: "; refused where it was not measured on such texts",
}
_SCALE = (
    "Severity goes from 0 to 7: 2 is low, 4 medium, 6 high. Of the rules for a finding the sternest counts.",
    "Where a check fails, or was not measured on such texts, the text goes on and the response says so,",
    "unless its line says otherwise.",
)


def in_words(policy: Policy) -> list[str]:
    """Say what a policy does: a heading for each source, then a line a rule, indented."""
    lines = [f"{policy.name} {policy.version}. {policy.description}".strip(), "", *_SCALE]
    for source in Source:
        rules = policy.rules_for(source)
        lines += ["", f"{_WHO[source]}: {'' if rules else 'not checked'}".rstrip()]
        floor = len(policy.floor.get(source, ()))
        for number, rule in enumerate(rules):
            fixed = " (floor)" if number >= len(rules) - floor else ""
            lines.append(f"  {rule_in_words(rule)}{fixed}")
    return [*lines, "", *_whole(policy)]


def rule_in_words(rule: Rule) -> str:
    """A rule as a sentence."""
    check = rule.check.replace("_", " ")
    what = f"{check} ({rule.category.replace('_', ' ')})" if rule.category else check
    given = ", unless the user or the developer wrote it in this request" if rule.allow_given else ""
    failed = ""
    if rule.on_error is OnFailure.BLOCK:
        failed = ", also" if rule.action is Action.BLOCK and not given else "; refused"
        failed += " where the check fails"
    done = f"{_DONE[rule.action]}{given}{failed}{_UNSURE[rule.on_unverified]}"
    return f"{what} from severity {rule.severity}: {done}"


def _whole(policy: Policy) -> Iterator[str]:
    held = policy.streaming is StreamingMode.HOLD
    yield (
        "Streamed answers wait for their checks, piece by piece."
        if held
        else "Streamed answers go out at once; verdicts only report."
    )
    if policy.budget_ms is not None:
        yield (
            f"After {policy.budget_ms:g} ms of checks those that are not essential are skipped, unless the "
            "text would be refused for it."
        )
    if policy.degrade:
        yield f"Where time is short these are skipped, in this order: {', '.join(policy.degrade)}."
    audit = policy.audit
    if not audit.enabled:
        yield "No audit record is kept."
    else:
        lost = "requests stop" if audit.on_failure is OnFailure.BLOCK else "requests go on"
        yield (
            f"Each request leaves an audit record without its text, kept {audit.retention_days} days;"
            f" where it cannot be written, {lost}."
        )
    if policy.shadow is not None:
        yield f"Beside it {policy.shadow.name} is evaluated; what it would have done differently is reported."


def differences(old: Policy, new: Policy) -> list[str]:
    """What changes from one policy to another: lines that begin with - (gone) or + (new), by source."""
    lines: list[str] = []
    for source in Source:
        before, after = _named(old, source), _named(new, source)
        gone = [f"- {line}" for line in before if line not in after]
        come = [f"+ {line}" for line in after if line not in before]
        if gone or come:
            lines += [f"{source}", *gone, *come]
    before, after = list(_whole(old)), list(_whole(new))
    gone = [f"- {line}" for line in before if line not in after]
    come = [f"+ {line}" for line in after if line not in before]
    return [*lines, *(["all requests", *gone, *come] if gone or come else [])]


def _named(policy: Policy, source: Source) -> list[str]:
    own = [rule_in_words(rule) for rule in policy.rules.get(source, ())]
    return [*own, *(f"{rule_in_words(rule)} (floor)" for rule in policy.floor.get(source, ()))]
