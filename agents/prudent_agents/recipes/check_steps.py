"""Checks the steps of a recipe: tools, arguments, references, types, conditions. Runs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from prudent_agents.labels import Integrity, Label, join
from prudent_agents.plan import Condition, Ref
from prudent_agents.recipes.document import StepPart
from prudent_agents.recipes.fitting import ANY, Schema, fits, in_words, item_of, kinds_of, resolved
from prudent_agents.recipes.problems import nearest
from prudent_agents.recipes.references import is_reference, literal, parse_condition
from prudent_agents.recipes.scope import Known, Scope, described
from prudent_agents.recipes.shapes import schema_of
from prudent_agents.recipes.structure import Structure
from prudent_agents.tool import Tool
from prudent_agents.values import JSON

_TEXT: Schema = {"type": "string"}
_KINDS = ("tool", "fill", "say")
_NUMBERS = {"number", "integer"}


class StepChecker:
    """Goes through the steps in order; afterwards `scope` knows what each one gives."""

    def __init__(self, structure: Structure, tools: Mapping[str, Tool], known: Mapping[str, Known]) -> None:
        self._structure = structure
        self._findings = structure.findings
        self._tools = tools
        self.scope = Scope(dict(known))
        self.arguments: dict[str, dict[str, Known]] = {}
        """What each step's arguments are, by step and name."""

    def check(self) -> None:
        """Check every step; what is wrong is among the structure's findings."""
        steps = self._structure.document.steps
        names = list(steps)
        for position, (name, step) in enumerate(steps.items()):
            self.scope.later = frozenset(names[position:])
            if name in self._structure.document.parameters or name == "item":
                self._findings.error(
                    ("steps", name), f"'{name}' is the name of a parameter already.", key=True
                )
            self.scope.names[name] = self._step(name, step)
        self.scope.later = frozenset()

    def _step(self, name: str, step: StepPart) -> Known:
        at = ("steps", name)
        kinds = [kind for kind in _KINDS if getattr(step, kind) is not None]
        if len(kinds) != 1:
            if not self._structure.is_broken(*at):
                said = " and ".join(kinds) or "nothing"
                hint = "A step is one of: tool (a tool's name), fill (a shape), say (what to write)."
                self._findings.error(at, f"The step '{name}' says {said} of what it does.", hint, key=True)
            return Known()
        self._needs(at, step)
        scope, each = self._each(at, step)
        before = [each] if each is not None else []
        if step.when is not None:
            self._when((*at, "when"), step.when)
        for key, only in (("with", "tool"), ("from", "fill or say"), ("told", "fill")):
            given = step.with_ if key == "with" else (step.from_ if key == "from" else step.told)
            if given and kinds[0] not in only:
                hint = "Arguments of a tool go under `with`, what a model sees under `from`."
                message = f"'{key}' belongs to steps that {only}, and '{name}' is none."
                self._findings.error((*at, key), message, hint, key=True)
        if step.tool is not None:
            schema, label = self._tool(name, step, scope, before)
        else:
            schema, label = self._written(name, step, scope, before)
        if each is None:
            return Known(schema, label)
        listed = {key: value for key, value in schema.items() if key != "$defs"}
        whole: dict[str, Any] = {"type": "array", "items": listed}
        if "$defs" in schema:
            whole["$defs"] = schema["$defs"]
        return Known(whole, label, each=schema)

    def _needs(self, at: tuple[str, str], step: StepPart) -> None:
        for position, need in enumerate(step.needs):
            place = (*at, "needs", position)
            name = need.removeprefix("$")
            if self._structure.is_broken(*place):
                continue
            if name not in self._structure.document.steps:
                known = self._structure.document.steps
                self._findings.error(place, f"There is no step '{name}'.", nearest(name, known))
            elif name not in self.scope.names:
                hint = "Put it before this one."
                self._findings.error(place, f"'{name}' is a later step, or this one.", hint)

    def _each(self, at: tuple[str, str], step: StepPart) -> tuple[Scope, Known | None]:
        if step.each is None:
            return self.scope, None
        place = (*at, "each")
        found = self.scope.find(step.each, place, self._findings)
        if found is None:
            return self.scope.with_item(Known(ANY)), None
        item = item_of(found[1].schema)
        if item is None:
            message = f"`each` goes through a list, and {step.each} is {described(found[1])}."
            self._findings.error(place, message)
            item = ANY
        return self.scope.with_item(Known(item, found[1].label)), found[1]

    def _when(self, at: tuple[str, str, str], text: str) -> None:
        condition = parse_condition(text)
        if condition is None:
            hint = (
                "Write for example `$check.score >= 0.5` or `$triage.urgency == high`; nothing is computed."
            )
            self._findings.error(at, f"'{text[:80]}' is no condition.", hint)
            return
        left = self.scope.find(str(condition.left), at, self._findings)
        right: Known | None = None
        if isinstance(condition.right, Ref):
            found = self.scope.find(str(condition.right), at, self._findings)
            right = found[1] if found else None
        if left is not None:
            self._comparable(at, condition, left[1], right)

    def _comparable(
        self, at: tuple[str, str, str], condition: Condition, left: Known, right: Known | None
    ) -> None:
        value = None if isinstance(condition.right, Ref) else getattr(condition.right, "value", None)
        here = resolved(left.schema, left.schema)
        shown = f"{condition.left} is {described(left)}"
        if condition.op in ("<", "<=", ">", ">="):
            other = kinds_of(right.schema) if right else kinds_of({"enum": [value]})
            mine = kinds_of(here)
            if (mine and not mine & _NUMBERS) or (other and not other & _NUMBERS):
                self._findings.error(at, f"Only numbers are more or less, and {shown}.")
            return
        options = cast("list[Any]", value) if condition.op == "in" and isinstance(value, list) else [value]
        if right is not None or "enum" not in here:
            if right is None and not any(fits({"enum": [one]}, here) for one in options):
                self._findings.error(at, f"{shown}, so it is never {value!r}.")
            return
        for one in options:
            if one not in here["enum"]:
                known = [str(choice) for choice in here["enum"]]
                self._findings.error(at, f"{shown}, so it is never '{one}'.", nearest(str(one), known))

    def _tool(self, name: str, step: StepPart, scope: Scope, before: list[Known]) -> tuple[Schema, Label]:
        assert step.tool is not None
        at = ("steps", name)
        tool = self._tools.get(step.tool)
        given: dict[str, Known] = {}
        for argument, value in step.with_.items():
            known = self._value((*at, "with", argument), value, scope)
            if known is not None:
                given[argument] = known
        self.arguments[name] = given
        if tool is None:
            if not self._structure.is_broken("tools"):
                hint = nearest(step.tool, self._tools)
                message = f"The tool '{step.tool}' is not among the recipe's tools."
                self._findings.error(
                    (*at, "tool"), message, f"{hint} A recipe lists what it may use under `tools`."
                )
            return ANY, Label(integrity=Integrity.UNTRUSTED)
        self._arguments(name, step, tool, given)
        label = join([one.label for one in (*given.values(), *before)])
        confidential = max(label.confidentiality, tool.confidentiality, key=lambda one: one.rank)
        integrity = label.integrity if tool.trusted else Integrity.UNTRUSTED
        made = Label(integrity=integrity, confidentiality=confidential, sources=label.sources | {name})
        return dict(tool.returns or ANY), made

    def _arguments(self, name: str, step: StepPart, tool: Tool, given: Mapping[str, Known]) -> None:
        at = ("steps", name)
        for argument in step.with_:
            place = (*at, "with", argument)
            if argument not in tool.properties:
                message = f"{tool.name} has no argument '{argument}'."
                self._findings.error(place, message, nearest(argument, tool.properties), key=True)
                continue
            wanted = resolved(tool.properties[argument], tool.parameters)
            if argument in given and not fits(given[argument].schema, wanted):
                known = given[argument]
                message = (
                    f"{tool.name} takes {in_words(wanted)} as '{argument}', and this is {described(known)}."
                )
                self._findings.error(place, message, _turn(known.schema, wanted))
        lacking = [one for one in tool.required if one not in step.with_]
        if lacking and not self._structure.is_broken(*at):
            listed = ", ".join(f"'{one}' ({in_words(tool.properties.get(one, ANY))})" for one in lacking)
            self._findings.error((*at, "tool"), f"{tool.name} also needs {listed}.", "Give it under `with`.")

    def _value(self, at: tuple[str | int, ...], value: Any, scope: Scope) -> Known | None:
        """What an argument is: a reference's, or a literal's own."""
        if is_reference(value):
            found = scope.find(value, at, self._findings)
            return found[1] if found else None
        for inner in _texts_inside(value, at):
            if is_reference(inner[1]):
                hint = "A reference stands alone; make the list or record in a `fill` step."
                self._findings.error(inner[0], f"'{inner[1]}' stands inside a list or a record.", hint)
                return None
        return Known(_schema_of(literal(value)), Label(), "literal")

    def _written(self, name: str, step: StepPart, scope: Scope, before: list[Known]) -> tuple[Schema, Label]:
        at = ("steps", name)
        given: dict[str, Known] = {}
        for place, argument, text in sources(name, step):
            found = scope.find(text, place, self._findings)
            if found is None:
                continue
            given[argument] = found[1]
            if found[1].label.confidentiality == "secret":
                hint = "Give it to a tool that needs it."
                self._findings.error(place, f"{text} is a secret, and a model must not see it.", hint)
        if step.from_ is None and not self._structure.is_broken(*at):
            kind = "fill" if step.say is None else "say"
            hint = "Say from which values: from: $step or from: [$a, $b]."
            self._findings.error((*at, kind), f"The step '{name}' has nothing to go by.", hint)
        self.arguments[name] = given
        label = join([one.label for one in (*given.values(), *before)]).of(name)
        if step.say is not None:
            return _TEXT, label
        return self._shape((*at, "fill"), step.fill), label

    def _shape(self, at: tuple[str | int, ...], notation: Any) -> Schema:
        def report(where: tuple[int | str, ...], message: str, hint: str | None) -> None:
            self._findings.error((*at, *where), message, hint)

        return schema_of(notation, self._structure.document.shapes, report)


def sources(name: str, step: StepPart) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """Where a written step's inputs stand, what each is called, and the reference."""
    at = ("steps", name, "from")
    if isinstance(step.from_, str):
        yield at, _called(step.from_), step.from_
    elif isinstance(step.from_, dict):
        for argument, text in step.from_.items():
            yield (*at, argument), argument, text
    else:
        taken: set[str] = set()
        for position, text in enumerate(step.from_ or ()):
            argument = _called(text)
            if argument in taken:
                argument = text.lstrip("$").replace(".", "_")
            taken.add(argument)
            yield (*at, position), argument, text


def _called(text: str) -> str:
    """What a value is called where a model sees it: the last word of its reference."""
    words = [part for part in text.lstrip("$").split(".") if not part.isdigit()]
    return words[-1] if words else "value"


def _texts_inside(value: Any, at: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, dict):
        for key, one in cast("dict[str, Any]", value).items():
            yield from _texts_inside(one, (*at, key))
    elif isinstance(value, list):
        for position, one in enumerate(cast("list[Any]", value)):
            yield from _texts_inside(one, (*at, position))


def _schema_of(value: JSON) -> Schema:
    return (
        ANY if isinstance(value, dict | list) and not value else {"enum": [value], "type": _json_type(value)}
    )


def _json_type(value: JSON) -> str:
    return next(iter(kinds_of({"enum": [value]})))


def _turn(given: Schema, wanted: Schema) -> str | None:
    """How the one could be made of the other."""
    if item_of(given) not in (None, ANY) and fits(item_of(given) or ANY, wanted):
        return "Say `each:` to do it for every item, or a position such as .0."
    if kinds_of(given) == {"string"} and kinds_of(wanted) & {"number", "integer", "boolean"}:
        return "A `fill` step reads a value out of a text."
    if kinds_of(given) == {"object"}:
        fields = list(resolved(given, given).get("properties", {}))
        return f"Say which of its fields: {', '.join(fields[:8])}." if fields else None
    return None
