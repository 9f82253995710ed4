"""A model's name in, a compiled decoder out: fetch, compile once, keep.

It knows where compiled models lie and when one may be used again; not how to fetch and not how to compile.

    home/compiled/<id>/<key>/    one folder a (source files, compiler version, target, kernels of this
                                 processor); see runtime.artifact
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from prudent.catalog.catalog import Catalog
from prudent.catalog.entry import ModelEntry
from prudent.catalog.fetch import fetch, is_fetched, not_fetched
from prudent.catalog.home import compiled_folder, lock_file
from prudent.catalog.lock import locked
from prudent.compiler.version import COMPILER_VERSION
from prudent.errors import InvalidRequestError
from prudent.runtime.artifact import DecoderArtifact, SourceFile, Target, is_complete
from prudent.runtime.processor import preferred_kernels
from prudent.types.progress import Progress, ProgressListener

DecoderState = Literal["available", "fetched", "compiled"]


def open_decoder(
    name: str,
    *,
    target: Target = "int8",
    pull: bool = True,
    progress: ProgressListener | None = None,
    catalog: Catalog | None = None,
) -> DecoderArtifact:
    """The compiled decoder of a chat model; fetched and compiled first where that is still to be done.

    Of several processes that ask at once, one compiles and the others wait. `pull` False never fetches.
    `catalog` None loads this machine's.

    Raises:
        ModelNotFoundError: no model has this name.
        InvalidRequestError: the model is not for chat.
        ConflictError: `pull` is False and the model is not fetched.
        FetchError: it could not be fetched.
        ModelFileError: its weight file is damaged or not supported.
        AccuracyGateError: compiled, it strays too far from float32.
        StorageError: the disk is full, or the cache cannot be written.
    """
    entry = (catalog or Catalog.load()).get(name)
    _require_chat(entry)
    folder = _folder(entry, target)
    if is_complete(folder):
        return DecoderArtifact(folder)
    if not pull and not is_fetched(entry):
        raise not_fetched(entry)
    files = fetch(entry, progress=progress)
    waiting = _waiting(entry, progress)
    with locked(lock_file(entry.id), lambda: waiting(0)) as waited:
        if waited:
            waiting(1)
        if is_complete(folder):
            return DecoderArtifact(folder)
        return _compile(entry, files / entry.files[0].name, folder, target, progress)


def decoder_state(entry: ModelEntry, target: Target = "int8") -> DecoderState:
    """How far a chat model is on its way to being used. Reads no model."""
    if is_complete(_folder(entry, target)):
        return "compiled"
    return "fetched" if is_fetched(entry) else "available"


def _compile(
    entry: ModelEntry, source: Path, folder: Path, target: Target, progress: ProgressListener | None
) -> DecoderArtifact:
    # Imported here: numpy, onnx and gguf are not needed to use what is compiled already.
    from prudent.compiler.compile import compile_decoder
    from prudent.compiler.identity import ModelIdentity

    sources = tuple(SourceFile(name=file.name, sha256=file.sha256, bytes=file.bytes) for file in entry.files)
    identity = ModelIdentity(entry.id, entry.license, entry.upstream, sources)
    return compile_decoder(
        source, folder, identity, target=target, kernels=preferred_kernels(), progress=progress
    )


def _folder(entry: ModelEntry, target: Target) -> Path:
    parts = [COMPILER_VERSION, target, preferred_kernels(), *(file.sha256 for file in entry.files)]
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    return compiled_folder(entry.id) / f"{target}-{key}"


def _require_chat(entry: ModelEntry) -> None:
    if entry.task != "chat":
        raise InvalidRequestError(
            f"{entry.id} is a model for {entry.task}, not for chat.",
            hint="`prudent models list --task chat` shows the chat models.",
            param="model",
        )


def _waiting(entry: ModelEntry, progress: ProgressListener | None) -> Callable[[int], None]:
    def tell(done: int) -> None:
        if progress is not None:
            progress(Progress("wait", entry.id, done, 1))

    return tell
