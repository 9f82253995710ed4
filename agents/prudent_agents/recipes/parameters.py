"""The values that a recipe's user gives: their types as schemas, read from texts and forms, with labels."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from prudent.errors import InvalidRequestError
from prudent_agents.labels import Confidentiality, Integrity, Label
from prudent_agents.recipes.document import Parameter
from prudent_agents.recipes.problems import nearest
from prudent_agents.recipes.shapes import DATE
from prudent_agents.values import JSON, Value

LONGEST = 20_000
"""Characters of a text parameter that names no limit."""
_YES = {
    "yes": True,
    "true": True,
    "on": True,
    "1": True,
    "no": False,
    "false": False,
    "off": False,
    "0": False,
}
_SCHEMAS: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "date": {"type": "string", "pattern": DATE},
    "yes/no": {"type": "boolean"},
    "folder": {"type": "string"},
    "file": {"type": "string"},
    "secret": {"type": "string"},
}


def schema_of_parameter(parameter: Parameter) -> dict[str, Any]:
    """The JSON Schema of a parameter's value."""
    if parameter.type == "enum":
        return {"enum": list(parameter.choices or ())}
    return dict(_SCHEMAS[parameter.type])


def label_of_parameter(name: str, parameter: Parameter) -> Label:
    """What its value is to be taken for."""
    confidential = Confidentiality.PUBLIC
    if parameter.type == "secret":
        confidential = Confidentiality.SECRET
    elif parameter.private:
        confidential = Confidentiality.PRIVATE
    return Label(
        integrity=Integrity(parameter.trust), confidentiality=confidential, sources=frozenset((name,))
    )


def read_parameters(
    parameters: Mapping[str, Parameter],
    given: Mapping[str, Any],
    *,
    base: Path | None = None,
    home: Path | None = None,
) -> dict[str, Value]:
    """The values of a run, with labels; what is not given has its default. Secrets come from the environment.

    `given` may hold texts (of a command line or a form) or values. Relative paths are relative to `base`,
    those of defaults to the recipe's folder, `home`.

    Raises:
        InvalidRequestError: one is missing, unknown or not of its type; `param` is its name.
    """
    for name in given:
        if name not in parameters:
            raise InvalidRequestError(
                f"There is no parameter '{name[:80]}'.", hint=nearest(name, parameters), param=name
            )
    values: dict[str, Value] = {}
    for name, parameter in parameters.items():
        data, place = given.get(name), base
        if parameter.type == "secret":
            data = _secret(name, parameter, data)
        elif data is None or data == "":
            data, place = parameter.default, home
            if data is None and not parameter.optional:
                raise InvalidRequestError(
                    f"The parameter '{name}' is missing.", hint=parameter.about or None, param=name
                )
        if data is not None:
            problem, read = read_value(parameter, data, base=place)
            if problem:
                raise InvalidRequestError(f"{name}: {problem}", param=name)
            data = read
        values[name] = Value(data=data, label=label_of_parameter(name, parameter))
    return values


def _secret(name: str, parameter: Parameter, given: Any) -> str | None:
    if given not in (None, ""):
        raise InvalidRequestError(
            f"'{name}' is a secret, which is never given in the open.",
            hint=f"Set the environment variable {parameter.env}.",
            param=name,
        )
    found = os.environ.get(parameter.env or "")
    if not found and not parameter.optional:
        raise InvalidRequestError(
            f"The secret '{name}' is not there.",
            hint=f"Set the environment variable {parameter.env}.",
            param=name,
        )
    return found or None


def read_value(
    parameter: Parameter, data: Any, *, base: Path | None = None, exists: bool = True
) -> tuple[str | None, JSON]:
    """What is wrong with a value (None: nothing), and the value as its type."""
    kind = parameter.type
    if kind in ("number", "integer"):
        return _number(parameter, data, whole=kind == "integer")
    if kind == "yes/no":
        read = data if isinstance(data, bool) else _YES.get(str(data).strip().lower())
        return (None, read) if read is not None else ("yes or no is expected.", None)
    if kind == "enum":
        known = {str(choice): choice for choice in parameter.choices or ()}
        if str(data) in known:
            return None, known[str(data)]
        return f"'{str(data)[:80]}' is none of the choices. {nearest(str(data), known)}", None
    if not isinstance(data, str):
        return "a text is expected.", None
    if kind == "date":
        return _date(data)
    if kind in ("folder", "file"):
        return _path(parameter, data, base, exists=exists)
    longest = parameter.longest or LONGEST
    if len(data) > longest:
        return f"it has {len(data):,} characters, and {longest:,} are the most.", None
    return None, data


def _number(parameter: Parameter, data: Any, *, whole: bool) -> tuple[str | None, JSON]:
    if isinstance(data, bool) or not isinstance(data, int | float | str):
        return "a number is expected.", None
    try:
        value = int(data) if whole and isinstance(data, str) else float(data)
    except (ValueError, OverflowError):
        return f"'{str(data)[:40]}' is no {'whole ' if whole else ''}number.", None
    if not math.isfinite(value) or (whole and value != int(value)):
        return f"{data} is no {'whole ' if whole else ''}number.", None
    if parameter.minimum is not None and value < parameter.minimum:
        return f"{value:g} is less than {parameter.minimum:g}, the least there may be.", None
    if parameter.maximum is not None and value > parameter.maximum:
        return f"{value:g} is more than {parameter.maximum:g}, the most there may be.", None
    return None, int(value) if whole or (isinstance(data, int)) else value


def _date(data: str) -> tuple[str | None, JSON]:
    if not re.match(DATE, data):
        return f"'{data[:40]}' is no date: year-month-day is expected, for example 2026-03-31.", None
    try:
        date.fromisoformat(data)
    except ValueError:
        return f"There is no day {data}.", None
    return None, data


def _path(parameter: Parameter, data: str, base: Path | None, *, exists: bool) -> tuple[str | None, JSON]:
    if "\0" in data:
        return "a path is expected.", None
    path = Path(data).expanduser()
    path = path if path.is_absolute() or base is None else base / path
    if parameter.endings and path.suffix.lower() not in parameter.endings:
        return f"'{path.name[:80]}' must end in {' or '.join(parameter.endings)}.", None
    if exists:
        is_folder = parameter.type == "folder"
        if not (path.is_dir() if is_folder else path.is_file()):
            return f"there is no {'folder' if is_folder else 'file'} {str(path)[:200]}.", None
    return None, str(path)
