"""Rules on tools and on the flow of data: allow, ask, deny. Data alone; knows no tool's function and no loop.

    allow: clock.*
    ask: bank.pay when amount > 500
    deny: untrusted -> bank.pay.iban
    ask: private -> http.*

The sternest rule that fits decides. A flow rule looks at the label that a value carries, so no wording of
a document can talk its way past it.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, cast

from prudent.errors import ConfigurationError
from prudent_agents.labels import TRUSTED, Label
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

    def fits(self, tool: str, arguments: Mapping[str, Value], control: Label = TRUSTED) -> bool:
        """Whether the rule speaks of this call. `control` is the label of what led to it."""
        if self.field is not None and not self._condition(arguments):
            return False
        if self.label is None:
            return fnmatchcase(tool, self.target)
        if self.label in control.words() and not control.trusted and fnmatchcase(tool, self.target):
            return True
        return any(
            self.label in value.label.words() and self.covers(tool, name) for name, value in arguments.items()
        )

    def covers(self, tool: str, argument: str) -> bool:
        """Whether the target names this argument, by itself or with the whole tool."""
        return fnmatchcase(tool, self.target) or fnmatchcase(f"{tool}.{argument}", self.target)

    def _condition(self, arguments: Mapping[str, Value]) -> bool:
        """Whether the condition holds, of a list for any item.

        What cannot be compared goes the stern way: it holds where a rule asks or denies, not where it allows.
        """
        if self.field is None or self.field not in arguments:
            return False
        data = arguments[self.field].data
        items = cast("list[JSON]", data) if isinstance(data, list) else [data]
        held = [_compare(self.op or "==", one, self.value) for one in items]
        if self.action is Permission.ALLOW:
            return bool(held) and all(one is True for one in held)
        return any(one is not False for one in held)


def _compare(op: str, left: JSON, right: JSON) -> bool | None:
    """Whether it holds; None: the two cannot be compared (a text with a number, not-a-number, a record)."""
    if left is None or right is None:
        return OPERATORS[op](left, right) if op in ("==", "!=") else None
    if isinstance(left, str) != isinstance(right, str):
        left, right = _number(left), _number(right)
    if left is None or right is None or isinstance(left, bool) != isinstance(right, bool):
        return None
    if left != left or right != right:  # not a number
        return None
    try:
        return OPERATORS[op](left, right)
    except TypeError:
        return None


def _number(data: JSON) -> Decimal | None:
    """A number, also one that is written as text: tools take those too."""
    if isinstance(data, bool) or not isinstance(data, int | float | str):
        return None
    try:
        found = Decimal(str(data).strip())
    except InvalidOperation:
        return None
    return None if found.is_nan() else found


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
    if text.removeprefix("$") in parameters:
        return parameters[text.removeprefix("$")]
    if text.startswith("$"):
        raise ConfigurationError(f"A rule speaks of {text[:200]}, and there is no such parameter.")
    try:
        return json.loads(text)
    except ValueError:
        return text.strip("'")


DEFAULT_RULES = tuple(map(parse_rule, ("ask: private -> http.*", "deny: secret -> http.*")))
"""In force whatever else is said, beside that what changes anything asks for an untrusted argument."""


class Rules:
    """The rules of one agent."""

    def __init__(self, rules: Iterable[Rule | str] = (), *, defaults: bool = True) -> None:
        """`defaults` off leaves the built-in flow rules out. Raises ConfigurationError."""
        own = [parse_rule(rule) if isinstance(rule, str) else rule for rule in rules]
        self._rules = [*own, *(DEFAULT_RULES if defaults else ())]
        self._defaults = defaults

    def decide(
        self, tool: str, effect: Effect, arguments: Mapping[str, Value], control: Label = TRUSTED
    ) -> Decision:
        """What is to be done with a call whose arguments carry these labels.

        `control` is the label of what led to the call: untrusted where a tool was chosen by one who had
        read untrusted text, or for a request that is untrusted itself.
        """
        fitting = [rule for rule in self._rules if rule.fits(tool, arguments, control)]
        sternest = max(fitting, key=lambda rule: rule.action.rank, default=None)
        decision = (
            Decision(Permission.ALLOW) if sternest is None else Decision(sternest.action, sternest.text)
        )
        if decision.permission is Permission.ALLOW and self._defaults and effect is not Effect.READ:
            flows = [rule for rule in fitting if rule.label == "untrusted"]
            untrusted = sorted(name for name, value in arguments.items() if not value.label.trusted)
            for name in untrusted:
                if not any(rule.covers(tool, name) for rule in flows):
                    return Decision(Permission.ASK, f"ask: untrusted -> {tool}.{name} (built in)")
            if not control.trusted and not any(fnmatchcase(tool, rule.target) for rule in flows):
                return Decision(Permission.ASK, f"ask: untrusted -> {tool} (built in)")
        return decision
