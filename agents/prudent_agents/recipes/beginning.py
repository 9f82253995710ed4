"""Begins a recipe: a folder with a recipe.yaml that runs, or a copy of one of the gallery."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from prudent.errors import ConflictError, InvalidRequestError, NotFoundError
from prudent_agents.recipes.document import RECIPE_NAME
from prudent_agents.recipes.problems import nearest
from prudent_agents.recipes.recipe import FILE, gallery

_FIRST = """\
prudent: recipe/1
name: {name}
about: Reads a note and says what is to be done.

parameters:
  note: {{type: text, about: the note, default: "Call Ann about the invoice today.", trust: untrusted}}

steps:
  task:  {{fill: Task, from: $note, told: "Read the task from the note."}}
  reply: {{say: "Confirm the task in one short sentence.", from: $task}}

shapes:
  Task: {{what: text up to 120, urgency: [low, normal, high]}}

output: {{task: $task, reply: $reply}}

budget: {{tokens: 4k, seconds: 120}}

tests:
  - name: an urgent note
    given: {{note: "The server is down, please restart it at once, it is urgent."}}
    expect: {{task.urgency: high}}
"""


def begin(folder: Path, like: str | None = None) -> Path:
    """Make a folder with a recipe. Returns the recipe's file.

    Raises:
        ConflictError: there is something already.
        InvalidRequestError: the folder's name cannot be a recipe's.
        NotFoundError: the gallery has no such recipe.
    """
    name = folder.resolve().name
    if not re.match(RECIPE_NAME, name):
        raise InvalidRequestError(
            f"'{name[:80]}' is no name for a recipe.", hint="Use small letters, digits and -."
        )
    if folder.exists():
        raise ConflictError(f"There is a {folder} already.", hint="Name a new folder.")
    if like is None:
        folder.mkdir(parents=True)
        path = folder / FILE
        path.write_text(_FIRST.format(name=name), encoding="utf-8")
        return path
    known = gallery()
    if like not in known:
        raise NotFoundError(f"The gallery has no recipe '{like[:80]}'.", hint=nearest(like, known))
    shutil.copytree(known[like].parent, folder)
    path = folder / FILE
    text = re.sub(r"(?m)^name: .*$", f"name: {name}", path.read_text(encoding="utf-8"), count=1)
    path.write_text(text, encoding="utf-8")
    return path
