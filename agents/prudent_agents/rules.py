"""Rules on tools and on the flow of data: allow, ask, deny. Data alone; knows no tool's function and no loop.

    allow: clock.*
    ask: bank.pay when amount > 500
    deny: untrusted -> bank.pay.iban
    ask: private -> http.*

The sternest rule that fits decides. A flow rule looks at the label that a value carries, so no wording of
a document can talk its way past it.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from prudent.errors import ConfigurationError
from prudent_agents.tool import Effect
from prudent_agents.values import JSON, Value


class Permission(StrEnum):
    """What may be done, in order of sternness."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"

    @property
    def rank(self) -> int:
        """Higher is sterner."""
        return list(Permission).index(self)


LABELS = ("untrusted", "trusted", "public", "private", "secret")
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_RULE = re.compile(
    r"^\s*(?P<action>allow|ask|deny)\s*:\s*(?:(?P<label>[a-z]+)\s*->\s*)?(?P<tool>[A-Za-z0-9_.*?-]+)"
    r"(?:\s+when\s+(?P<field>[A-Za-z_][A-Za-z0-9_]*)\s*(?P<op>==|!=|>=|<=|>|<)\s*(?P<value>.+?))?\s*$"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `target` is a tool or `tool.argument`, with * for any; `label` makes it a flow rule."""

    action: Permission
    target: str
    label: str | None = None
    field: str | None = None
    op: str | None = None
    value: JSON = None
    text: str = ""

    def fits(self, tool: str, arguments: Mapping[str, Value]) -> bool:
        """Whether the rule speaks of this call."""
        if self.field is not None and not self._condition(arguments):
            return False
        if self.label is None:
            return fnmatchcase(tool, self.target)
        return any(
            self.label in value.label.words()
            and (fnmatchcase(tool, self.target) or fnmatchcase(f"{tool}.{name}", self.target))
            for name, value in arguments.items()
        )

    def _condition(self, arguments: Mapping[str, Value]) -> bool:
        """Whether the condition holds. One that cannot be compared holds, so that a rule is never slipped."""
        if self.field is None or self.field not in arguments:
            return False
        try:
            return OPERATORS[self.op or "=="](arguments[self.field].data, self.value)
        except TypeError:
            return True


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules say of a call, and the rule that decided (empty: none did)."""

    permission: Permission
    rule: str = ""


def parse_rule(text: str, parameters: Mapping[str, JSON] | None = None) -> Rule:
    """Read a rule; a name on the right of a condition is a parameter. Raises ConfigurationError."""
    match = _RULE.match(text)
    if match is None or (match["label"] is not None and match["label"] not in LABELS):
        raise ConfigurationError(
            f"'{text[:200]}' is no rule.",
            hint="Write for example `ask: bank.pay when amount > 500` or `deny: untrusted -> bank.pay.iban`; "
            f"labels are {', '.join(LABELS)}.",
        )
    value = None if match["value"] is None else _literal(match["value"], parameters or {})
    return Rule(
        Permission(match["action"]),
        match["tool"],
        match["label"],
        match["field"],
        match["op"],
        value,
        text.strip(),
    )


def _literal(text: str, parameters: Mapping[str, JSON]) -> JSON:
    import json

    if text.removeprefix("$") in parameters:
        return parameters[text.removeprefix("$")]
    try:
        return json.loads(text)
    except ValueError:
        return text.strip("'")


DEFAULT_RULES = tuple(map(parse_rule, ("ask: private -> http.*", "deny: secret -> http.*")))
"""In force whatever else is said, beside that a write with an untrusted argument asks."""


class Rules:
    """The rules of one agent."""

    def __init__(self, rules: Iterable[Rule | str] = (), *, defaults: bool = True) -> None:
        """`defaults` off leaves the built-in flow rules out. Raises ConfigurationError."""
        own = [parse_rule(rule) if isinstance(rule, str) else rule for rule in rules]
        self._rules = [*own, *(DEFAULT_RULES if defaults else ())]
        self._defaults = defaults

    def decide(self, tool: str, effect: Effect, arguments: Mapping[str, Value]) -> Decision:
        """What is to be done with a call whose arguments carry these labels."""
        fitting = [rule for rule in self._rules if rule.fits(tool, arguments)]
        sternest = max(fitting, key=lambda rule: rule.action.rank, default=None)
        decision = (
            Decision(Permission.ALLOW) if sternest is None else Decision(sternest.action, sternest.text)
        )
        if decision.permission is Permission.ALLOW and self._defaults and effect is Effect.WRITE:
            flows = [rule for rule in fitting if rule.label == "untrusted"]
            untrusted = sorted(name for name, value in arguments.items() if not value.label.trusted)
            if untrusted and not flows:
                return Decision(Permission.ASK, f"ask: untrusted -> {tool}.{untrusted[0]} (built in)")
        return decision
