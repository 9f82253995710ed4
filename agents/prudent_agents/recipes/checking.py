"""Checks a whole recipe and says everything that is wrong with it at once. Runs nothing, needs no network."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from prudent_agents.errors import ToolDefinitionError
from prudent_agents.labels import join
from prudent_agents.recipes.check_steps import StepChecker
from prudent_agents.recipes.check_tests import check_output, check_parameters, check_pins, check_tests
from prudent_agents.recipes.document import FORMAT, Models, RecipeDocument, ToolOptions
from prudent_agents.recipes.parameters import label_of_parameter, schema_of_parameter
from prudent_agents.recipes.problems import Problem, RecipeError, nearest
from prudent_agents.recipes.references import is_reference, literal
from prudent_agents.recipes.rulebook import check_rules
from prudent_agents.recipes.scope import Known, Scope
from prudent_agents.recipes.shapes import schema_of
from prudent_agents.recipes.structure import Structure, read_structure
from prudent_agents.recipes.toolbox import Toolbox, as_stern, sterner
from prudent_agents.rules import DEFAULT_RULES, Rule
from prudent_agents.tool import Effect, Tool

PLACES = ("root", "path", "database", "folder", "examples")
"""Settings of tools that name files or folders."""


@dataclass(frozen=True)
class Checked:
    """A recipe without errors, and what the check found out about it. `warnings` are for people."""

    document: RecipeDocument
    tools: Mapping[str, Tool]
    scope: Scope
    arguments: Mapping[str, Mapping[str, Known]]
    rules: tuple[Rule, ...]
    warnings: tuple[Problem, ...]


def check_text(source: str, text: str, box: Toolbox) -> Checked:
    """Check a recipe's text. `source` is how messages call the file.

    Raises:
        RecipeError: with all that is wrong.
    """
    structure = read_structure(source, text)
    document, findings = structure.document, structure.findings
    tools = _tools(structure, box)
    _shapes(structure)
    check_parameters(structure)
    known = {
        name: Known(schema_of_parameter(parameter), label_of_parameter(name, parameter), "parameter")
        for name, parameter in document.parameters.items()
    }
    steps = StepChecker(structure, tools, known)
    steps.check()
    _whole(structure)
    _models(structure)
    _policy(structure)
    rules = [rule for _, rule in check_rules(structure, tools)]
    check_output(structure, steps.scope)
    check_pins(structure, steps.scope)
    check_tests(structure, steps.scope)
    _unused(structure, tools)
    _forbidden(structure, tools, steps.arguments, rules)
    problems = findings.in_order()
    if any(problem.severity == "error" for problem in problems):
        raise RecipeError(problems)
    return Checked(document, tools, steps.scope, steps.arguments, tuple(rules), tuple(problems))


def _tools(structure: Structure, box: Toolbox) -> dict[str, Tool]:
    """The tools that the recipe lists, each with the effect that it asks for."""
    found: dict[str, Tool] = {}
    for position, entry in enumerate(structure.document.tools):
        at: tuple[str | int, ...] = ("tools", position)
        if structure.is_broken(*at) and isinstance(entry, str):
            continue
        name, options = (entry, None) if isinstance(entry, str) else next(iter(entry.items()))
        key = at if isinstance(entry, str) else (*at, name)
        if name not in box:
            hint = nearest(name, box)
            structure.findings.error(key, f"There is no tool '{name}'.", hint, key=True)
        elif name in found:
            structure.findings.error(key, f"The tool '{name}' is listed twice.", key=True)
        else:
            tool = _made(structure, (*at, name), name, box, options)
            if tool is not None:
                found[name] = _asked(structure, (*at, name), tool, options)
    return found


def _made(
    structure: Structure, at: tuple[str | int, ...], name: str, box: Toolbox, options: ToolOptions | None
) -> Tool | None:
    """The tool with its settings, those that a run decides stood in for."""
    settings: dict[str, Any] = {}
    for key, value in ({} if options is None else options.with_).items():
        settings[key] = literal(value)
        if is_reference(value):
            parameter = structure.document.parameters.get(value[1:])
            if parameter is None:
                hint = nearest(value[1:], structure.document.parameters)
                structure.findings.error((*at, "with", key), f"There is no parameter '{value[1:]}'.", hint)
                return None
            settings[key] = parameter.default
    known = {key: value for key, value in settings.items() if value is not None or key in PLACES}
    with TemporaryDirectory() as folder:
        for key in known:
            if key in PLACES:
                known[key] = _place(Path(folder), key)
        try:
            return box.make(name, known)
        except ToolDefinitionError as error:
            structure.findings.error((*at, "with"), error.message, error.hint)
            return None


def _place(folder: Path, key: str) -> str:
    """A folder or a file with nothing in it: what a tool promises does not hang on what is there."""
    if key == "examples":
        path = folder / "examples.csv"
        path.touch()
        return str(path)
    if key != "database":
        return str(folder)
    path = folder / "empty.db"
    with closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE empty (x)")
    return str(path)


def _asked(structure: Structure, at: tuple[str | int, ...], tool: Tool, options: ToolOptions | None) -> Tool:
    if options is None or options.effect is None:
        return tool
    if sterner(tool.effect, Effect(options.effect)):
        message = f"The effect of {tool.name} is {tool.effect}, and the recipe says {options.effect}."
        structure.findings.error((*at, "effect"), message, f"Write {tool.effect}, or leave it out.")
    return as_stern(tool, options.effect)


def _shapes(structure: Structure) -> None:
    shapes = structure.document.shapes
    for name, notation in shapes.items():

        def report(where: tuple[int | str, ...], message: str, hint: str | None, *, name: str = name) -> None:
            structure.findings.error(("shapes", name, *where), message, hint)

        if name in shapes and not structure.is_broken("shapes", name):
            schema_of(notation, shapes, report, name=name)


def _whole(structure: Structure) -> None:
    document = structure.document
    if document.steps and document.goal is not None:
        message = "A recipe has steps or a goal, and this one has both."
        structure.findings.error(("goal",), message, "Put what it is for under `about`.", key=True)
    elif not document.steps and not document.goal and not structure.is_broken("steps"):
        hint = "Write `steps:`, or `goal:` to let the agent plan."
        structure.findings.error((), f"This {FORMAT} does nothing.", hint)


def _models(structure: Structure) -> None:
    from prudent.catalog import Catalog

    known = [entry.id for entry in Catalog.load().entries]
    model = structure.document.model
    named: dict[tuple[str, ...], str | None] = {("model",): model} if isinstance(model, str) else {}
    if isinstance(model, Models):
        named = {("model", "planner"): model.planner, ("model", "worker"): model.worker}
    for at, name in named.items():
        if name is not None and name not in known:
            message = f"'{name}' is no model of the catalog."
            structure.findings.warn(at, message, f"{nearest(name, known)} A server may have others.")


def _policy(structure: Structure) -> None:
    from prudent_responsible_ai.policy_file import built_in_policies

    name = structure.document.policy.checks
    if name is not None and name not in (known := built_in_policies()):
        message = f"'{name}' is no policy that comes with prudent."
        structure.findings.error(("policy", "checks"), message, nearest(name, known))


def _unused(structure: Structure, tools: Mapping[str, Tool]) -> None:
    document = structure.document
    used = {step.tool for step in document.steps.values()}
    for position, entry in enumerate(document.tools):
        name = entry if isinstance(entry, str) else next(iter(entry))
        if document.steps and name in tools and name not in used:
            message = f"No step uses '{name}'."
            structure.findings.warn(("tools", position), message, "What is not needed should not be allowed.")


def _forbidden(
    structure: Structure,
    tools: Mapping[str, Tool],
    arguments: Mapping[str, Mapping[str, Known]],
    rules: list[Rule],
) -> None:
    """A step that a rule will refuse at every run is said before any."""
    for name, step in structure.document.steps.items():
        if step.tool is not None and step.tool in tools:
            for rule in (*rules, *DEFAULT_RULES):
                if (
                    rule.action == "deny"
                    and rule.field is None
                    and speaks_of(rule, step.tool, arguments[name])
                ):
                    text = f"`{rule.text}` refuses this step at every run."
                    structure.findings.warn(("steps", name, "tool"), text)


def speaks_of(rule: Rule, tool: str, arguments: Mapping[str, Known]) -> bool:
    """Whether a rule without a condition fits every call of a tool with arguments of these labels."""
    from prudent_agents.values import Value

    return rule.fits(tool, {name: Value(label=known.label) for name, known in arguments.items()})


def label_words(known: Known) -> str:
    """How a value's label is shown: `untrusted, private`."""
    return ", ".join(
        sorted(word for word in join([known.label]).words() if word not in ("trusted", "public"))
    )


__all__: list[Any] = ["Checked", "check_text", "label_words", "speaks_of"]
