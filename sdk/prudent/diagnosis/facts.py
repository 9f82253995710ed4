"""What of prudent is on this machine: software, its folder, models. Measures nothing and changes nothing."""

from __future__ import annotations

import importlib
import os
import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from prudent.catalog import Catalog
from prudent.catalog.entry import ModelEntry, Task
from prudent.catalog.fetch import is_fetched
from prudent.catalog.home import home, model_folder, offline
from prudent.catalog.storage import folder_bytes, free_bytes
from prudent.errors import PrudentError
from prudent.runtime.artifact import Card
from prudent.store import compiled_models
from prudent.version import __version__


@dataclass(frozen=True, slots=True)
class Software:
    """Versions. `problem` says why ONNX Runtime cannot be used; its version is None then."""

    prudent: str
    python: str
    onnxruntime: str | None
    providers: tuple[str, ...]
    problem: str | None


@dataclass(frozen=True, slots=True)
class CompiledFacts:
    """A compiled model: its size on disk, and how many of its matrices are stored in which way."""

    target: str
    bytes: int
    stored_as: dict[str, int]
    compiler: str
    current: bool


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model that is here. `fetched_bytes` 0 is none: only what was compiled from it is left."""

    id: str
    task: Task
    fetched_bytes: int
    compiled: tuple[CompiledFacts, ...]

    @property
    def bytes(self) -> int:
        """All of it on disk."""
        return self.fetched_bytes + sum(compiled.bytes for compiled in self.compiled)


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """PRUDENT_HOME and what is in it; None is not known.

    `problem` says why it cannot be used, `remedy` what to do about it.
    """

    home: str | None
    problem: str | None
    remedy: str | None
    free_bytes: int | None
    offline: bool
    models: tuple[ModelFacts, ...]


def inspect_software() -> Software:
    """Look at what is installed; never fails."""
    version, providers, problem = None, (), None
    try:
        package = cast("Any", importlib.import_module("onnxruntime"))
        version = str(package.__version__)
        providers = tuple(str(name) for name in package.get_available_providers())
    except Exception as error:  # noqa: BLE001  a broken install raises anything: it is a finding here
        first_line = str(error).partition("\n")[0]
        problem = f"{type(error).__name__}: {first_line}"
    return Software(__version__, platform.python_version(), version, providers, problem)


def inspect_store() -> StoreFacts:
    """Look at PRUDENT_HOME; never fails."""
    try:
        folder = home()
    except PrudentError as error:
        return StoreFacts(None, error.message, error.hint, None, offline(), ())
    problem = _unusable(folder)
    remedy = None if problem is None else "Set PRUDENT_HOME to a folder that can be written."
    models: tuple[ModelFacts, ...] = ()
    try:
        if problem is None:
            models = tuple(facts for entry in Catalog.load().entries if (facts := _model(entry)) is not None)
    except PrudentError as error:
        problem, remedy = error.message, error.hint
    return StoreFacts(str(folder), problem, remedy, _free(folder), offline(), models)


def stored_as(card: Card) -> dict[str, int]:
    """How many matrices are stored in which way, the most frequent first."""
    matrices = {name: how for name, how in card.precision.items() if not name.startswith("norms")}
    return dict(Counter(matrices.values()).most_common())


def chat_models(models: Sequence[ModelFacts]) -> list[ModelFacts]:
    """Those that can answer."""
    return [model for model in models if model.task == "chat"]


def _model(entry: ModelEntry) -> ModelFacts | None:
    fetched = is_fetched(entry)
    compiled = tuple(
        CompiledFacts(
            model.card.target,
            folder_bytes(model.folder),
            stored_as(model.card),
            model.card.compiler_version,
            model.current,
        )
        for model in compiled_models(entry)
    )
    if not fetched and not compiled:
        return None
    size = 0
    if fetched:
        size = entry.bytes if entry.local else folder_bytes(model_folder(entry.id))
    return ModelFacts(entry.id, entry.task, size, compiled)


def _unusable(folder: Path) -> str | None:
    """Why nothing could be kept in the folder, or None. It is not created: looking changes nothing."""
    there = _existing(folder)
    if not there.is_dir():
        return f"{there} is not a folder."
    if not os.access(there, os.W_OK | os.X_OK):
        return f"{there} cannot be written."
    return None


def _free(folder: Path) -> int | None:
    try:
        return free_bytes(_existing(folder))
    except OSError:
        return None


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next((path for path in (folder, *folder.parents) if os.path.lexists(path)), Path("/"))
