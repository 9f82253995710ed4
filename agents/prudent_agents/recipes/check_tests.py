"""Checks what stands around the steps: parameters, output, pins and tests. Runs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from prudent_agents.events import Status
from prudent_agents.recipes.document import Parameter
from prudent_agents.recipes.fitting import fits, in_words
from prudent_agents.recipes.parameters import read_value
from prudent_agents.recipes.problems import nearest
from prudent_agents.recipes.scope import Scope, described
from prudent_agents.recipes.structure import Structure

STATUSES: tuple[str, ...] = Status.__args__
STEP_WORDS = ("blocked", "asks", "skipped", "failed")
"""What a test may expect of steps."""
MATCHERS = ("contains", "at least", "at most", "one of", "not")
"""What a test may expect of a value beside the value itself."""
_BELONG = {
    "choices": ("enum",),
    "env": ("secret",),
    "minimum": ("number", "integer"),
    "maximum": ("number", "integer"),
    "longest": ("text",),
    "endings": ("file",),
}
_NEEDED = {"enum": "choices", "secret": "env"}


def check_parameters(structure: Structure) -> None:
    """Whether each parameter's keys go with its type, and its default with both."""
    for name, parameter in structure.document.parameters.items():
        if structure.is_broken("parameters", name):
            continue
        at = ("parameters", name)
        for key, kinds in _BELONG.items():
            if getattr(parameter, key) is not None and parameter.type not in kinds:
                message = f"'{key}' belongs to {' and '.join(kinds)}, and '{name}' is {parameter.type}."
                structure.findings.error((*at, key), message, key=True)
        needed = _NEEDED.get(parameter.type)
        if needed and getattr(parameter, needed) is None:
            hint = (
                "Name the choices."
                if needed == "choices"
                else "Name the variable that holds it, never itself."
            )
            message = f"A parameter of type {parameter.type} needs '{needed}'."
            structure.findings.error((*at, "type"), message, hint)
        if parameter.default is not None:
            _default(structure, name, parameter)


def _default(structure: Structure, name: str, parameter: Parameter) -> None:
    at = ("parameters", name, "default")
    if parameter.type == "secret":
        hint = f"Only its environment variable is named: env: {parameter.env or 'NAME'}."
        structure.findings.error(at, "A secret does not stand in a recipe.", hint)
        return
    problem, _ = read_value(parameter, parameter.default, exists=False)
    if problem:
        structure.findings.error(at, f"The default of '{name}' cannot be: {problem}")


def check_output(structure: Structure, scope: Scope) -> None:
    """Whether the output's references lead somewhere."""
    output = structure.document.output
    if isinstance(output, str):
        scope.find(output, ("output",), structure.findings)
    elif output is not None:
        for name, text in output.items():
            scope.find(text, ("output", name), structure.findings)


def check_pins(structure: Structure, scope: Scope) -> None:
    """Whether pinned results are of steps, and of their types."""
    steps = structure.document.steps
    for name, value in structure.document.pins.items():
        if name not in steps:
            structure.findings.error(
                ("pins", name), f"There is no step '{name}'.", nearest(name, steps), key=True
            )
        elif not fits({"enum": [value]}, scope.names[name].schema):
            message = f"`{name}` gives {described(scope.names[name])}, and this is something else."
            structure.findings.error(("pins", name), message)


def check_tests(structure: Structure, scope: Scope) -> None:
    """Whether tests give parameters and expect what there is."""
    document = structure.document
    for position, test in enumerate(document.tests):
        at: tuple[str | int, ...] = ("tests", position)
        for name, value in test.given.items():
            place = (*at, "given", name)
            if name not in document.parameters:
                message = f"There is no parameter '{name}'."
                structure.findings.error(place, message, nearest(name, document.parameters), key=True)
                continue
            parameter = document.parameters[name]
            if parameter.type == "secret":
                structure.findings.error(
                    place, f"'{name}' is a secret, and its value does not stand in a recipe."
                )
                continue
            problem, _ = read_value(parameter, value, exists=False)
            if problem:
                structure.findings.error(place, f"{name}: {problem}")
        _lacking(structure, position)
        for key, value in test.expect.items():
            _expected(structure, (*at, "expect", key), key, value, scope)


def _lacking(structure: Structure, position: int) -> None:
    given = structure.document.tests[position].given
    lacking = [
        name
        for name, parameter in structure.document.parameters.items()
        if parameter.default is None
        and not parameter.optional
        and parameter.type != "secret"
        and name not in given
    ]
    if lacking and not structure.is_broken("tests", position):
        place = ("tests", position)
        structure.findings.error(place, f"This test does not give {', '.join(map(repr, lacking))}.")


def _expected(structure: Structure, at: tuple[str | int, ...], key: str, value: Any, scope: Scope) -> None:
    steps = structure.document.steps
    if key == "status":
        if value not in STATUSES:
            structure.findings.error(at, f"'{value}' is no status.", nearest(str(value), STATUSES))
    elif key in STEP_WORDS:
        names = cast("list[Any]", value) if isinstance(value, list) else [value]
        for name in names:
            if steps and name not in steps:
                structure.findings.error(at, f"There is no step '{name}'.", nearest(str(name), steps))
    elif key == "output" or key.startswith("output."):
        _matcher(structure, at, value)
    elif steps:
        where = at
        found = scope.find(f"${key.removeprefix('$')}", where, structure.findings)
        matched = _matcher(structure, at, value)
        if found is None or not matched:
            return
        if not isinstance(value, dict) and not fits({"enum": [value]}, found[1].schema):
            message = f"`{key}` is {in_words(found[1].schema)}, so it is never {value!r}."
            structure.findings.error(at, message)


def _matcher(structure: Structure, at: tuple[str | int, ...], value: Any) -> bool:
    if not isinstance(value, dict):
        return True
    for word in cast("Mapping[str, Any]", value):
        if word not in MATCHERS:
            message = f"'{word}' is no way to compare."
            structure.findings.error((*at, word), message, nearest(word, MATCHERS), key=True)
            return False
    return True
