"""A recipe's rules: those of its policy and those at its tools, read and checked. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from prudent.errors import ConfigurationError
from prudent_agents.recipes.document import RecipeDocument, RuleEntry, ToolOptions
from prudent_agents.recipes.fitting import in_words, kinds_of, resolved
from prudent_agents.recipes.parameters import schema_of_parameter
from prudent_agents.recipes.problems import nearest
from prudent_agents.recipes.structure import Structure
from prudent_agents.rules import LABELS, Rule, parse_rule
from prudent_agents.tool import Tool
from prudent_agents.values import JSON
from prudent_responsible_ai.yaml_lines import Location

_ALWAYS = ("always", "yes")
_ORDERED = ("<", "<=", ">", ">=")


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule as written, and where."""

    location: Location
    text: str


def entries(document: RecipeDocument) -> Iterator[Entry]:
    """Every rule of a recipe, in its own words."""
    for position, tool in enumerate(document.tools):
        if isinstance(tool, dict):
            for name, options in tool.items():
                if options is not None and options.ask is not None:
                    yield Entry(("tools", position, name, "ask"), ask_rule(name, options))
    for key, rules in (("flows", document.policy.flows), ("tools", document.policy.tools)):
        for position, rule in enumerate(rules):
            for action in ("deny", "ask", "allow"):
                said = getattr(rule, action)
                if said is not None:
                    yield Entry(("policy", key, position, action), f"{action}: {said}")


def ask_rule(name: str, options: ToolOptions) -> str:
    """`ask: when amount > limit` at a tool, as a rule."""
    said = (options.ask or "").strip()
    return f"ask: {name}" if said in _ALWAYS else f"ask: {name} {said}"


def rules_of(document: RecipeDocument, inputs: Mapping[str, JSON]) -> list[Rule]:
    """The rules with the values of parameters put in. Raises ConfigurationError."""
    return [parse_rule(entry.text, inputs) for entry in entries(document)]


def check_rules(structure: Structure, tools: Mapping[str, Tool]) -> list[tuple[Location, Rule]]:
    """The rules that can be read; every other one is among the structure's findings."""
    document, findings = structure.document, structure.findings
    found: list[tuple[Location, Rule]] = []
    for entry in entries(document):
        try:
            rule = parse_rule(entry.text, dict.fromkeys(document.parameters))
        except ConfigurationError:
            action, _, said = entry.text.partition(": ")
            findings.error(entry.location, f"'{said[:120]}' is no rule for {action}.", _form(entry))
            continue
        if _targets(structure, entry, rule, tools) and _condition(structure, entry, rule, tools):
            found.append((entry.location, rule))
    _empty_rules(structure)
    return found


def _form(entry: Entry) -> str:
    label = entry.text.partition(": ")[2].partition("->")[0].strip()
    if "->" in entry.text and label not in LABELS:
        return f"{nearest(label, LABELS)} Labels are {', '.join(LABELS)}."
    if entry.location[0] == "tools":
        return "Write `always`, or for example `when amount > limit`."
    return "Write for example `untrusted -> bank.pay.iban`, or `bank.pay when amount > 500`."


def _empty_rules(structure: Structure) -> None:
    policy = structure.document.policy
    for key, rules in (("flows", policy.flows), ("tools", policy.tools)):
        for position, rule in enumerate(rules):
            if rule == RuleEntry() and not structure.is_broken("policy", key, position):
                place = ("policy", key, position)
                structure.findings.error(place, "This rule says nothing.", "Begin with allow, ask or deny.")


def targeted(rule: Rule, tools: Mapping[str, Tool]) -> list[tuple[str, str | None]]:
    """The tools, or arguments of tools, that a rule speaks of."""
    whole: list[tuple[str, str | None]] = [(name, None) for name in tools if fnmatchcase(name, rule.target)]
    if whole or rule.label is None:
        return whole
    return [
        (name, argument)
        for name, tool in tools.items()
        for argument in tool.properties
        if fnmatchcase(f"{name}.{argument}", rule.target)
    ]


def _targets(structure: Structure, entry: Entry, rule: Rule, tools: Mapping[str, Tool]) -> bool:
    if "*" in rule.target or "?" in rule.target or targeted(rule, tools):
        return True
    tool, _, argument = rule.target.rpartition(".")
    if tool in tools:
        known = list(tools[tool].properties)
        message = f"The tool {tool} has no argument '{argument}'."
        if rule.label is None and argument in known:
            message = f"A rule on the argument '{argument}' needs a label, or `when {argument} ...`."
            structure.findings.error(entry.location, message)
        else:
            structure.findings.error(entry.location, message, nearest(argument, known))
        return False
    known = [*tools, *(f"{name}.{argument}" for name, one in tools.items() for argument in one.properties)]
    structure.findings.error(
        entry.location, f"There is no tool '{rule.target}' in this recipe.", nearest(rule.target, known)
    )
    return False


def _condition(structure: Structure, entry: Entry, rule: Rule, tools: Mapping[str, Tool]) -> bool:
    if rule.field is None:
        return True
    named = [tools[name] for name, _ in targeted(rule, tools)] or list(tools.values())
    having = [tool for tool in named if rule.field in tool.properties]
    if not having:
        known = [name for tool in named for name in tool.properties]
        message = f"'{rule.field}' is no argument of {rule.target}."
        structure.findings.error(entry.location, message, nearest(rule.field, known))
        return False
    right = entry.text.rpartition(str(rule.op))[2].strip()
    parameter = structure.document.parameters.get(right.removeprefix("$"))
    if right.startswith("$") and parameter is None:
        known = structure.document.parameters
        structure.findings.error(
            entry.location, f"There is no parameter '{right[1:]}'.", nearest(right[1:], known)
        )
        return False
    schema = resolved(having[0].properties[rule.field], having[0].parameters)
    numbers = {"number", "integer"}
    if parameter is not None:
        ordered = bool(kinds_of(schema_of_parameter(parameter)) & numbers)
    else:
        ordered = isinstance(rule.value, int | float)
    if rule.op in _ORDERED and not (ordered and (not kinds_of(schema) or kinds_of(schema) & numbers)):
        message = f"'{rule.field}' is {in_words(schema)}, and it is compared with '{right}' by {rule.op}."
        near = nearest(right, structure.document.parameters)
        hint = f"Only numbers are more or less. {near if near.startswith('Did') else ''}".strip()
        structure.findings.error(entry.location, message, hint)
        return False
    return True
