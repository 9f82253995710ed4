"""A model's name in, a compiled model out: fetch, compile once, keep.

It knows where compiled models lie and when one may be used again; not how to fetch and not how to compile.

    home/compiled/<id>/<key>/    one folder a (source files, compiler version, target, kernels of this
                                 processor); see runtime.artifact
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from pydantic import ValidationError

from prudent.catalog.catalog import Catalog
from prudent.catalog.entry import ModelEntry, Task
from prudent.catalog.fetch import fetch, is_fetched, not_fetched
from prudent.catalog.home import compiled_folder, lock_file
from prudent.catalog.lock import locked
from prudent.compiler.version import COMPILER_VERSION
from prudent.errors import InvalidRequestError
from prudent.runtime.artifact import CARD_FILE, Card, DecoderArtifact, SourceFile, Target, is_complete
from prudent.runtime.encoder_artifact import EncoderArtifact
from prudent.runtime.processor import preferred_kernels
from prudent.types.progress import Progress, ProgressListener

if TYPE_CHECKING:
    from prudent.compiler.identity import ModelIdentity


ModelState = Literal["available", "fetched", "compiled"]


def open_model(
    name: str,
    task: Task,
    *,
    target: Target = "int8",
    pull: bool = True,
    progress: ProgressListener | None = None,
    catalog: Catalog | None = None,
) -> Path:
    """The folder of a compiled model; fetched and compiled first where that is still to be done.

    Of several processes that ask at once, one compiles and the others wait. `pull` False never fetches.
    `catalog` None loads this machine's.

    Raises:
        ModelNotFoundError: no model has this name.
        InvalidRequestError: the model is not for this task.
        ConflictError: `pull` is False and the model is not fetched.
        FetchError: it could not be fetched.
        ModelFileError: a file of it is damaged or not supported.
        AccuracyGateError: compiled, it strays too far from float32.
        StorageError: the disk is full, or the cache cannot be written.
    """
    entry = (catalog or Catalog.load()).get(name)
    _require_task(entry, task)

    def compile_it(files: Path, folder: Path) -> None:
        # Imported here: a compiled model is opened without the compiler.
        from prudent.compiler.compilers import compiler_of

        compiler_of(task)(files, folder, _identity(entry), target=target, progress=progress)

    return _compiled(entry, _folder(entry, target), compile_it, pull=pull, progress=progress)


def open_derived(
    base: str,
    name: str,
    over: SourceFile,
    compile_it: Callable[[Path, Path, ModelIdentity], object],
    *,
    pull: bool = True,
    progress: ProgressListener | None = None,
    catalog: Catalog | None = None,
) -> Path:
    """The folder of a model that is made of a model of the catalog and a file `over` it; as `open_model`.

    `compile_it` gets the base's first file, the folder to make, and who the model is. Raises as `open_model`.
    """
    entry = (catalog or Catalog.load()).get(base)
    identity = _identity(entry)

    def derive(files: Path, folder: Path) -> None:
        made = replace(identity, id=name, sources=(*identity.sources, over))
        compile_it(files / identity.sources[0].name, folder, made)

    folder = compiled_folder(name) / f"int8-{_key('int8', entry, over.sha256)}"
    return _compiled(entry, folder, derive, pull=pull, progress=progress)


def _compiled(
    entry: ModelEntry,
    folder: Path,
    compile_it: Callable[[Path, Path], None],
    *,
    pull: bool,
    progress: ProgressListener | None,
) -> Path:
    """The folder, with what is compiled from the files of an entry in it."""
    if is_complete(folder):
        return folder
    if not pull and not is_fetched(entry):
        raise not_fetched(entry)
    files = fetch(entry, progress=progress)
    waiting = _waiting(entry, progress)
    with locked(lock_file(entry.id), lambda: waiting(0)) as waited:
        if waited:
            waiting(1)
        if not is_complete(folder):
            compile_it(files, folder)
    return folder


def open_decoder(
    name: str,
    *,
    target: Target = "int8",
    pull: bool = True,
    progress: ProgressListener | None = None,
    catalog: Catalog | None = None,
) -> DecoderArtifact:
    """The compiled decoder of a chat model. Raises as `open_model`."""
    return DecoderArtifact(
        open_model(name, "chat", target=target, pull=pull, progress=progress, catalog=catalog)
    )


def open_encoder(
    name: str,
    *,
    target: Target = "int8",
    pull: bool = True,
    progress: ProgressListener | None = None,
    catalog: Catalog | None = None,
) -> EncoderArtifact:
    """The compiled encoder of an embedding model. Raises as `open_model`."""
    return EncoderArtifact(
        open_model(name, "embeddings", target=target, pull=pull, progress=progress, catalog=catalog)
    )


def model_state(entry: ModelEntry, target: Target = "int8") -> ModelState:
    """How far a model is on its way to being used. Reads no model."""
    if is_complete(_folder(entry, target)):
        return "compiled"
    return "fetched" if is_fetched(entry) else "available"


@dataclass(frozen=True, slots=True)
class CompiledModel:
    """A compiled model on disk; `current` unless it is of another compiler, source or kind of processor."""

    folder: Path
    card: Card
    current: bool


def compiled_models(entry: ModelEntry) -> list[CompiledModel]:
    """Everything compiled from a model; a folder without a readable card is no model."""
    current = {_folder(entry, target) for target in get_args(Target)}
    found: list[CompiledModel] = []
    for path in sorted(compiled_folder(entry.id).glob(f"*/{CARD_FILE}")):
        try:
            card = Card.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            continue
        found.append(CompiledModel(path.parent, card, path.parent in current))
    return found


def _identity(entry: ModelEntry) -> ModelIdentity:
    from prudent.compiler.identity import ModelIdentity

    sources = tuple(SourceFile(name=file.name, sha256=file.sha256, bytes=file.bytes) for file in entry.files)
    return ModelIdentity(entry.id, entry.license, entry.upstream, sources)


def _folder(entry: ModelEntry, target: Target) -> Path:
    return compiled_folder(entry.id) / f"{target}-{_key(target, entry)}"


def _key(target: Target, entry: ModelEntry, *more: str) -> str:
    parts = [COMPILER_VERSION, target, preferred_kernels(), *(file.sha256 for file in entry.files), *more]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _require_task(entry: ModelEntry, task: Task) -> None:
    if entry.task != task:
        raise InvalidRequestError(
            f"{entry.id} is a model for {entry.task}, not for {task}.",
            hint=f"`prudent models list --task {task}` shows those that are.",
            param="model",
        )


def _waiting(entry: ModelEntry, progress: ProgressListener | None) -> Callable[[int], None]:
    def tell(done: int) -> None:
        if progress is not None:
            progress(Progress("wait", entry.id, done, 1))

    return tell
