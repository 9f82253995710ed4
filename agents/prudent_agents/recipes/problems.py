"""What is wrong with a recipe, told with file, line and column. Knows no recipe."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from prudent.errors import ConfigurationError
from prudent_responsible_ai.yaml_lines import LinedYaml, Location

_LISTED = 12
"""Names that a message lists at most."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, or that will surprise: where it stands, and what to write instead."""

    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str | None = None
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        warning = "warning: " if self.severity == "warning" else ""
        hint = f" {self.hint}" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}: {warning}{self.message}{hint}"


class RecipeError(ConfigurationError):
    """A recipe that cannot be run. `problems` are all that is wrong, in the order of the file."""

    code = "recipe"
    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        shown = [str(problem) for problem in problems if problem.severity == "error"]
        rows: list[dict[str, Any]] = [
            {"line": one.line, "column": one.column, "path": one.path, "message": one.message}
            for one in problems
        ]
        super().__init__("\n".join(shown), details={"problems": rows})
        self.problems = tuple(problems)


@dataclass
class Findings:
    """Collects problems of one document, each at the place of a location in it."""

    document: LinedYaml
    problems: list[Problem] = field(default_factory=list[Problem])

    def error(
        self, location: Sequence[int | str], message: str, hint: str | None = None, *, key: bool = False
    ) -> None:
        """Something is wrong with the value at a location, or with its `key`."""
        self._add(location, message, hint, "error", key=key)

    def warn(self, location: Sequence[int | str], message: str, hint: str | None = None) -> None:
        """Something is allowed and probably not meant."""
        self._add(location, message, hint, "warning", key=False)

    def _add(
        self,
        location: Sequence[int | str],
        message: str,
        hint: str | None,
        severity: Literal["error", "warning"],
        *,
        key: bool,
    ) -> None:
        path = existing(self.document.data, location)
        places = self.document.keys if key else self.document.values
        line, column = places.get(path, (1, 1))
        name = ".".join(map(str, path))
        self.problems.append(Problem(self.document.source, line, column, name, message, hint, severity))

    def in_order(self) -> list[Problem]:
        """All problems in the order of the file, each once."""
        return sorted(dict.fromkeys(self.problems), key=lambda one: (one.line, one.column, one.message))


def existing(data: Any, location: Iterable[int | str]) -> Location:
    """The part of a location that is in the data; what a validator adds to it is passed over."""
    found: list[int | str] = []
    for part in location:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            continue
        found.append(part)
    return tuple(found)


def nearest(name: str, known: Iterable[str]) -> str:
    """The name that was probably meant, or the names that there are."""
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, 1, cutoff=0.6)
    if near:
        return f"Did you mean '{near[0]}'?"
    if not names:
        return "There are none."
    rest = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"There are: {', '.join(names[:_LISTED])}{rest}."
