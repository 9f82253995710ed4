"""Puts the files that came with a request where a recipe's tools read them. Knows no server and no run.

The rules are those of attached.py: kinds that can be read as text, untrusted, private. A file is a copy in a
folder of its own: no request names a path on the server, and a recipe that writes to a file is given none.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from prudent.errors import InvalidRequestError
from prudent.types.agents import AttachedFile
from prudent_agents.attached import LABEL, bytes_of, name_of
from prudent_agents.errors import RunConflictError
from prudent_agents.labels import join
from prudent_agents.recipes.document import Parameter
from prudent_agents.values import Value

MOST_WAITING = 32
"""Runs that may go on and whose files are kept; those of the oldest go first."""


def takes_files(parameters: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """Those of the parameters that a file of a request may be: every ending is of a kind that is read."""
    from prudent_agents.knowledge.extraction import is_readable

    return {
        name: one
        for name, one in parameters.items()
        if one.type == "file" and all(is_readable(Path(f"file{ending}")) for ending in one.endings or ())
    }


def schema_of_file(parameter: Parameter) -> dict[str, Any]:
    """How a card says that a parameter is one of the request's `files`."""
    kinds = f", one that ends in {' or '.join(parameter.endings)}" if parameter.endings else ""
    about = f"{parameter.about}; " if parameter.about else ""
    return {"type": "string", "format": "binary", "description": f"{about}given among `files`{kinds}"}


def placed(files: Sequence[AttachedFile], parameters: Mapping[str, Parameter]) -> dict[str, int]:
    """Which file is which parameter: the first one of its ending that is still free, in order.

    Raises:
        InvalidRequestError: there is no parameter for one.
    """
    found: dict[str, int] = {}
    for at, file in enumerate(files):
        ending = Path(name_of(file)).suffix.lower()
        name = next(
            (
                name
                for name, one in parameters.items()
                if name not in found and (not one.endings or ending in one.endings)
            ),
            None,
        )
        if name is None:
            taken = "; ".join(f"{one}: {' '.join(p.endings or ('any',))}" for one, p in parameters.items())
            raise InvalidRequestError(
                f"The recipe has no use for the file {name_of(file)[:80]}.",
                hint=f"It takes these, one of each: {taken}."
                if taken
                else "It takes none: its files are fixed where it is offered.",
                param=f"files[{at}]",
            )
        found[name] = at
    return found


def labelled(inputs: Mapping[str, Value], files: Mapping[str, str]) -> dict[str, Value]:
    """The values of a run; those that came as files are untrusted and private."""
    return {
        name: value.model_copy(update={"label": join([value.label, LABEL])}) if name in files else value
        for name, value in inputs.items()
    }


class KeptFiles:
    """The files of runs that are not over."""

    def __init__(self) -> None:
        self._folders: OrderedDict[str, TemporaryDirectory[str]] = OrderedDict()

    def write(self, run: str, files: Sequence[AttachedFile], which: Mapping[str, int]) -> dict[str, str]:
        """Write the files of a run; the path of each, by parameter.

        Raises:
            InvalidRequestError: one is no file.
            RunConflictError: there is a run of this id, which may go on with its own.
        """
        if run in self._folders:
            raise RunConflictError(f"There is a run {run} already.", hint="Leave its id out.")
        held = {name: (name_of(files[at]), bytes_of(files[at], at)) for name, at in which.items()}
        folder = self._folders[run] = TemporaryDirectory(prefix="prudent-recipe-")
        while len(self._folders) > MOST_WAITING:
            self._folders.popitem(last=False)[1].cleanup()
        paths: dict[str, str] = {}
        for name, (file, data) in held.items():
            place = Path(folder.name) / name
            place.mkdir()
            (place / file).write_bytes(data)
            paths[name] = str(place / file)
        return paths

    def over(self, run: str) -> None:
        """Remove the files of a run, where it has any."""
        if (folder := self._folders.pop(run, None)) is not None:
            folder.cleanup()
