"""Builds a pipeline from a policy: the one place where policies, checks and models meet."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path

from prudent.errors import ConfigurationError
from prudent.types.content import Source
from prudent_responsible_ai.check import Check, Unit
from prudent_responsible_ai.checks import CHECKS
from prudent_responsible_ai.checks.twin import TWIN, WORKING_ACTIONS
from prudent_responsible_ai.explain.scoring import SWIFT, Effort
from prudent_responsible_ai.pipeline import Pipeline
from prudent_responsible_ai.policy import Policy, Rule
from prudent_responsible_ai.policy_file import DEFAULT_POLICY, load_policy, located
from prudent_responsible_ai.safety_models import shared_models
from prudent_responsible_ai.setup import CheckSetup, SafetyModels
from prudent_responsible_ai.severity import NEVER
from prudent_responsible_ai.yaml_lines import Location


def build_pipeline(policy: Policy, models: SafetyModels | None = None, effort: Effort = SWIFT) -> Pipeline:
    """Return the pipeline of a policy, with the checks that it names. Call its `warm_up` before serving.

    `models` None opens what the checks need from the store, each when it is first needed, once a process.
    `effort` is what they may spend to explain a finding.

    Raises:
        ConfigurationError: the policy names a check, a category or an option that does not exist.
    """
    shared = models or shared_models()
    checks = _checks_of(policy, shared, effort)
    if policy.shadow is not None:
        # A shadow is evaluated on the findings of the live checks, so it has their options.
        checks |= {
            name: check
            for name, check in _checks_of(policy.shadow, shared, effort).items()
            if name not in checks
        }
    return Pipeline(policy, list(checks.values()))


def open_pipeline(
    name_or_path: str | Path = DEFAULT_POLICY,
    models: SafetyModels | None = None,
    *,
    floor: str | Path | None = None,
    effort: Effort = SWIFT,
    unhurried: bool = False,
) -> Pipeline:
    """The pipeline of a policy by its name or file. `floor` names one that it can only be sterner than.

    `unhurried` leaves the policy's time for all checks together out. The rest is as in `build_pipeline`.

    Raises:
        ConfigurationError: no such policy, or it is wrong; the message says in which line of which file.
    """
    policy = load_policy(name_or_path)
    if floor is not None:
        policy = policy.above(load_policy(floor))
    if unhurried:
        policy = policy.model_copy(update={"budget_ms": None})
    try:
        return build_pipeline(policy, models, effort)
    except ConfigurationError as error:
        raise located(error, name_or_path) from None


def without_models(policy: Policy) -> Policy:
    """The policy without rules of checks that judge sentences: they need models, and some tests do not."""
    judging = {
        name for name, check in _checks_of(policy, shared_models()).items() if check.unit is Unit.SENTENCE
    }

    def kept(rules: Mapping[Source, list[Rule]]) -> dict[Source, list[Rule]]:
        return {
            source: [rule for rule in each if rule.check not in judging] for source, each in rules.items()
        }

    changed = {"rules": kept(policy.rules), "floor": kept(policy.floor)}
    options = {name: given for name, given in policy.options.items() if name not in judging}
    return policy.model_copy(update={**changed, "options": options})


def _checks_of(policy: Policy, models: SafetyModels, effort: Effort = SWIFT) -> dict[str, Check]:
    try:
        for name in policy.options:
            _require(("options", name), "check", name, list(CHECKS))
            CHECKS[name](CheckSetup(models, name, policy.options[name]))  # they must fit, used or not
        for place, name in enumerate(policy.degrade):
            _require(("degrade", place), "check", name, list(CHECKS))
        found: dict[str, Check] = {}
        for location, rule in _rules(policy):
            _require((*location, "check"), "check", rule.check, list(CHECKS))
            if rule.check not in found:
                options = policy.options.get(rule.check, {})
                acted_on = _least(policy, rule.check) if effort is SWIFT else None
                setup = CheckSetup(models, rule.check, options, effort, acted_on)
                found[rule.check] = CHECKS[rule.check](setup)
            if rule.check == TWIN:
                _require_fits(location, rule)
            if rule.category is not None:
                known = list(found[rule.check].categories)
                _require((*location, "category"), f"category of {rule.check}", rule.category, known)
    except ConfigurationError as error:
        raise _of(policy, error) from None
    return _in_declared_order(found)


def _of(policy: Policy, error: ConfigurationError) -> ConfigurationError:
    """The error with the policy that it is about; `located` finds its line."""
    location = error.details.get("location")
    if location is None:
        return error
    where = ".".join(map(str, location))
    details = {"problem": error.message, **error.details, "policy": policy.name}
    return ConfigurationError(
        f"The policy '{policy.name}', {where}: {details['problem']}", hint=error.hint, details=details
    )


def _rules(policy: Policy) -> Iterator[tuple[Location, Rule]]:
    """All rules with where they stand in the policy."""
    for section, rules in (("rules", policy.rules), ("floor", policy.floor)):
        for source in Source:
            for place, rule in enumerate(rules.get(source, ())):
                yield (section, source, place), rule


def _least(policy: Policy, check: str) -> dict[tuple[Source, str], int]:
    """By source and category ("" for all others) the mildest severity that a rule of a check acts on."""
    found: dict[tuple[Source, str], int] = {}
    for source in Source:
        rules = [rule for rule in policy.rules_for(source) if rule.check == check]
        every = min((rule.severity for rule in rules if rule.category is None), default=NEVER)
        found[source, ""] = every
        for rule in rules:
            if rule.category is not None:
                key = (source, rule.category)
                found[key] = min(rule.severity, found.get(key, every))
    return found


def _in_declared_order(found: Mapping[str, Check]) -> dict[str, Check]:
    return {name: found[name] for name in CHECKS if name in found}


def _require_fits(location: Location, rule: Rule) -> None:
    """Two whole answers are compared: there is nothing in a prompt to compare, and no word to take out."""
    source = location[1]
    if source != Source.ASSISTANT or rule.action not in WORKING_ACTIONS:
        raise ConfigurationError(
            f"A rule of '{rule.check}' that cannot work: {rule.action} under {source}.",
            hint="Its rules belong under 'assistant', with the action 'annotate' or 'block'.",
            details={"location": location},
        )


def _require(location: Location, kind: str, name: str, known: list[str]) -> None:
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        raise ConfigurationError(
            f"There is no {kind} '{name}'.",
            hint=f"Did you mean '{near[0]}'?" if near else f"Known are {', '.join(known)}.",
            details={"location": location},
        )
