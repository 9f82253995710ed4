"""Names to models: the shipped list and what the user added. Fetches nothing."""

from __future__ import annotations

import difflib
import importlib.resources
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

from pydantic import TypeAdapter

from prudent.catalog import added
from prudent.catalog.entry import ModelEntry, Task, is_model_id
from prudent.errors import ConflictError, InvalidRequestError, ModelNotFoundError
from prudent.types.progress import Progress, ProgressListener

_LONGEST_NAME = 64


class Catalog:
    """The models that can be asked for by name."""

    def __init__(self, entries: Iterable[ModelEntry]) -> None:
        self._entries = {entry.id: entry for entry in entries}

    @classmethod
    def load(cls) -> Self:
        """The models that ship with prudent and those that the user added.

        Raises:
            ConfigurationError: the list of added models is damaged.
        """
        # A later release may ship a model under the id of one that the user added: theirs stays theirs.
        return cls([*shipped_entries(), *added.read()])

    @property
    def entries(self) -> Sequence[ModelEntry]:
        """Every model, the shipped ones first."""
        return tuple(self._entries.values())

    def get(self, name: str) -> ModelEntry:
        """The model of this id or alias.

        Raises:
            ModelNotFoundError: there is none; the message offers the nearest names.
        """
        if (entry := self._entries.get(name)) is not None:
            return entry
        for entry in self._entries.values():
            if name in entry.aliases:
                return entry
        shown = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
        nearest = self._nearest(name[:_LONGEST_NAME])
        offer = f" Did you mean {' or '.join(repr(near) for near in nearest)}?" if nearest else ""
        raise ModelNotFoundError(
            f"There is no model {shown!r}.{offer}",
            hint="`prudent models list` shows every model.",
            param="model",
            details={"nearest": nearest},
        )

    def add(
        self,
        path: Path,
        id: str,
        task: Task = "chat",
        *,
        license: str = "not stated",
        progress: ProgressListener | None = None,
    ) -> ModelEntry:
        """Add a GGUF file of the user's own, which stays where it is and is known by its hash from now on.

        Raises:
            InvalidRequestError: the id has characters that an id may not have.
            ConflictError: the id is taken.
            ModelFileError: it is not a GGUF file, or cannot be read.
            StorageError: the cache cannot be written.
        """
        if not is_model_id(id):
            raise InvalidRequestError(
                f"{id[:_LONGEST_NAME]!r} cannot name a model.",
                hint="Use 1-64 of a-z 0-9 . _ - and start and end with a letter or digit.",
                param="id",
            )
        self._refuse_taken(id)
        done = 0

        def on_bytes(count: int) -> None:
            nonlocal done
            done += count
            if progress is not None:
                progress(Progress("verify", id, done, total, "bytes"))

        total = path.stat().st_size if path.is_file() else 0
        entry = added.describe(path, id, task, license, on_bytes)
        added.register(entry)
        self._entries[entry.id] = entry
        return entry

    def _refuse_taken(self, id: str) -> None:
        for entry in self._entries.values():
            if id == entry.id or id in entry.aliases:
                what = "an added model" if entry.local else "a model of the catalog"
                then = (
                    f"Choose another id, or run `prudent models rm {id}` first."
                    if entry.local
                    else "Choose another id."
                )
                raise ConflictError(f"{id!r} already names {what}.", hint=then, param="id")

    def _nearest(self, name: str) -> list[str]:
        """Names that a slip of the hand, or a part of a name, may have meant."""
        names = [name for entry in self._entries.values() for name in (entry.id, *entry.aliases)]
        wanted = name.lower()
        close = difflib.get_close_matches(wanted, names, n=2, cutoff=0.6)
        return close or [known for known in names if len(wanted) >= 3 and wanted in known][:2]


def shipped_entries() -> tuple[ModelEntry, ...]:
    """The models that ship with prudent, as `models.json` beside this module lists them."""
    data = importlib.resources.files("prudent.catalog") / "models.json"
    return TypeAdapter(tuple[ModelEntry, ...]).validate_json(data.read_bytes())
