"""Reads a recipe's YAML into its form, collecting every key and value that does not belong. Knows no tool.

What is wrong is taken out and the rest is read again, so that one slip never hides another.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from prudent.errors import ConfigurationError
from prudent_agents.recipes.document import (
    FORMAT,
    BudgetPart,
    Models,
    Parameter,
    PolicyPart,
    RecipeDocument,
    RuleEntry,
    StepPart,
    TestPart,
    ToolOptions,
)
from prudent_agents.recipes.problems import Findings, Problem, RecipeError, existing, nearest
from prudent_responsible_ai.yaml_lines import LinedYaml, Location, read_lined_yaml

MAX_BYTES = 256 << 10
_MOST_ROUNDS = 64
_PLACEHOLDERS: dict[Location, Any] = {
    ("prudent",): FORMAT,
    ("name",): "unnamed",
    ("about",): "?",
}
_WANTED = {
    "string_type": "a text",
    "dict_type": "a record of keys and values",
    "model_type": "a record of keys and values",
    "model_attributes_type": "a record of keys and values",
    "list_type": "a list",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
}
_IN_PLACE: dict[str, Any] = {"tests": {"expect": {"status": "done"}}, "policy": {}}
"""What stands in for an item of a list that was taken out."""
_PARTS: dict[str, type[BaseModel]] = {
    "parameters": Parameter,
    "steps": StepPart,
    "tools": ToolOptions,
    "tests": TestPart,
    "model": Models,
    "budget": BudgetPart,
}


@dataclass(frozen=True)
class Structure:
    """A recipe as far as it could be read. `broken` are parts of which something was taken out."""

    document: RecipeDocument
    yaml: LinedYaml
    findings: Findings
    broken: frozenset[Location]

    def is_broken(self, *location: int | str) -> bool:
        """Whether something at or below this location was taken out."""
        return any(one[: len(location)] == location for one in self.broken)


def read_structure(source: str, text: str) -> Structure:
    """Read a recipe; what is wrong with its keys and plain types is in `findings`.

    Raises:
        RecipeError: it is not YAML of plain data, or so far from a recipe that nothing can be read.
    """
    if len(text.encode()) > MAX_BYTES:
        raise RecipeError([Problem(source, 1, 1, "", f"The recipe is over {MAX_BYTES >> 10} KiB.")])
    try:
        lined = read_lined_yaml(source, text)
    except ConfigurationError as error:
        details = error.details
        problem = str(details.get("problem") or error.message.removeprefix(f"{source}, line 1: "))
        place = (int(details.get("line", 1)), int(details.get("column", 1)))
        raise RecipeError([Problem(source, *place, "", problem, _plain_hint(problem))]) from None
    findings = Findings(lined)
    data = copy.deepcopy(lined.data)
    broken: set[Location] = set()
    for location in list(_numbers_beyond(data, ())):
        findings.error(location, "This number is too large.")
        _remove(data, location)
    for _ in range(_MOST_ROUNDS):
        try:
            document = RecipeDocument.model_validate(data)
            return Structure(document, lined, findings, frozenset(broken))
        except ValidationError as error:
            _take_out(data, error, findings, broken)
    raise RecipeError(findings.in_order())


def _take_out(
    data: dict[str, Any], error: ValidationError, findings: Findings, broken: set[Location]
) -> None:
    """Report each error and remove its cause, or put in what is missing.

    What is said of a part that is gone by then is left for the next round.
    """
    gone: list[Location] = []
    for one in error.errors(include_url=False, include_context=True):
        loc = tuple(one["loc"])
        if any(loc[: len(part)] == part for part in gone):
            continue
        kind = one["type"]
        path = existing(data, loc)
        broken.add(path)
        if kind == "missing":
            findings.error(path, f"{_owner(path)} needs '{loc[-1]}'.", key=True)
            _fill(data, loc)
        elif kind == "extra_forbidden":
            known = _keys(path)
            word = f"'{path[-1]}' is no key of {_owner(path[:-1], middle=True)}."
            findings.error(path, word, nearest(str(path[-1]), known), key=True)
            _remove(data, path)
            gone.append(path)
        elif path and loc[-1] == "[key]":
            hint = "Names are letters of any language, digits, _ and -, and begin with a letter."
            findings.error(path, f"'{path[-1]}' cannot be a name.", hint, key=True)
            _remove(data, path)
            gone.append(path)
        else:
            findings.error(path, _words(cast("Mapping[str, Any]", one), path), _hint(one))
            _remove(data, path)
            _fill(data, path)


def _words(error: Mapping[str, Any], path: Location) -> str:
    key = next((str(part) for part in reversed(path) if isinstance(part, str)), "the recipe")
    message = str(error["msg"]).removeprefix("Value error, ")
    expected = error.get("ctx", {}).get("expected")
    if path == ("prudent",):
        return f"This is '{str(error['input'])[:40]}', and '{FORMAT}' is what can be read here."
    if expected:
        return f"'{str(error['input'])[:80]}' is no {key}: {expected} is expected."
    if key == "name" and error["type"] == "string_pattern_mismatch":
        return (
            f"'{str(error['input'])[:80]}' is no name of a recipe: small letters, digits and - are expected."
        )
    wanted = _WANTED.get(error["type"])
    if wanted:
        return f"'{key}' must be {wanted}, and this is {_what(error['input'])}."
    if error["type"] == "too_short":
        return f"'{key}' is empty."
    return f"{key}: {message[:1].lower()}{message[1:]}."


def _what(value: Any) -> str:
    """A value's kind, in words."""
    if value is None:
        return "nothing"
    kinds = {"bool": "yes/no", "int": "a number", "float": "a number", "str": "a text", "list": "a list"}
    return kinds.get(type(value).__name__, "a record of keys and values")


def _hint(error: Any) -> str | None:
    options = str(error.get("ctx", {}).get("expected", "")).replace(" or ", ", ").replace("'", "")
    names = [name for name in options.split(", ") if name]
    if not names or not isinstance(error["input"], str):
        return None
    near = nearest(error["input"], names)
    return near if near.startswith("Did") else None


def _owner(path: Location, *, middle: bool = False) -> str:
    """The part at a path, in words."""
    if not path:
        return "a recipe" if middle else "A recipe"
    singular = {"parameters": "parameter", "steps": "step", "tools": "tool", "tests": "test"}
    head = str(path[0])
    if len(path) == 1 or head not in singular:
        return f"'{'.'.join(map(str, path))}'"
    return f"{'the' if middle else 'The'} {singular[head]} '{path[-1]}'"


def _keys(path: Location) -> list[str]:
    """The keys that are known where `path` ends."""
    part: type[BaseModel] = RecipeDocument
    if len(path) > 1:
        part = PolicyPart if path[0] == "policy" else _PARTS.get(str(path[0]), RecipeDocument)
        if path[0] == "policy" and len(path) > 2:
            part = RuleEntry
    return [field.alias or name for name, field in part.model_fields.items()]


def _remove(data: Any, path: Sequence[int | str]) -> None:
    """Take a value out; an item of a list has another put in its place, so that positions stay."""
    if not path:
        return
    for part in path[:-1]:
        data = data[part]
    if isinstance(data, list):
        cast("list[Any]", data)[cast("int", path[-1])] = copy.deepcopy(_IN_PLACE.get(str(path[0]), "x"))
    else:
        data.pop(path[-1], None)


def _fill(data: dict[str, Any], path: Sequence[int | str]) -> None:
    """Put something in where a key is needed, so that the rest can be read."""
    location = tuple(path)
    if location in _PLACEHOLDERS:
        data[str(location[0])] = _PLACEHOLDERS[location]
    elif len(location) == 3 and location[0] == "parameters" and location[2] == "type":
        data["parameters"][location[1]]["type"] = "text"
    elif location and location[-1] == "expect":
        data["tests"][location[1]]["expect"] = {"status": "done"}


def _numbers_beyond(data: Any, at: Location) -> Iterator[Location]:
    """Where numbers stand that are no numbers in JSON."""
    if isinstance(data, float) and not math.isfinite(data):
        yield at
    elif isinstance(data, dict):
        for key, value in cast("dict[str, Any]", data).items():
            yield from _numbers_beyond(value, (*at, key))
    elif isinstance(data, list):
        for index, value in enumerate(cast("list[Any]", data)):
            yield from _numbers_beyond(value, (*at, index))


def _plain_hint(problem: str) -> str | None:
    if "expected ',' or '}'" in problem or "flow mapping" in problem:
        return "Inside { } a text with [ ] or commas needs quotes; a choice is written [a, b]."
    return None
