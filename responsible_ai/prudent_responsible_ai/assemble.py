"""Builds a pipeline from a policy: the one place where policies and checks meet."""

from __future__ import annotations

import difflib

from prudent.errors import ConfigurationError
from prudent.types.content import Source
from prudent_responsible_ai.checks import CHECKS
from prudent_responsible_ai.pipeline import Pipeline
from prudent_responsible_ai.policy import Policy


def build_pipeline(policy: Policy) -> Pipeline:
    """Return the pipeline of a policy, with the checks that it names. Call its `warm_up` before serving.

    Raises:
        ConfigurationError: the policy names a check or a category that does not exist.
    """
    policies = [policy] if policy.shadow is None else [policy, policy.shadow]
    for one in policies:
        _require_known(one)
    named = set[str]().union(*(one.checks for one in policies))
    return Pipeline(policy, [factory() for name, factory in CHECKS.items() if name in named])


def _require_known(policy: Policy) -> None:
    for source in Source:
        for rule in policy.rules_for(source):
            _require(policy, f"rules.{source}", "check", rule.check, list(CHECKS))
            if rule.category is not None:
                known = CHECKS[rule.check]().categories
                _require(policy, f"rules.{source}", f"category of {rule.check}", rule.category, list(known))


def _require(policy: Policy, where: str, kind: str, name: str, known: list[str]) -> None:
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        raise ConfigurationError(
            f"The policy '{policy.name}' names an unknown {kind} in {where}: '{name}'.",
            hint=f"Did you mean '{near[0]}'?" if near else f"Known are {', '.join(known)}.",
        )
