"""The models that the user added: weight files of their own, referred to where they lie, never copied.

Kept in <home>/models/added.json, written in one step. Knows nothing of the shipped catalog.
"""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from prudent.catalog.entry import FileEntry, LocalFile, ModelEntry, Task
from prudent.catalog.home import home, lock_file
from prudent.catalog.lock import locked
from prudent.catalog.storage import hash_file, write_text, writing
from prudent.errors import ConfigurationError, ModelFileError

_GGUF_MAGIC = b"GGUF"
_LOCK = "added"

_ENTRIES = TypeAdapter(tuple[ModelEntry, ...])


def read() -> tuple[ModelEntry, ...]:
    """Every model that was added.

    Raises:
        ConfigurationError: the file that lists them is damaged, or cannot be read.
    """
    path = _path()
    try:
        return _ENTRIES.validate_json(path.read_bytes())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise ConfigurationError(
            f"The list of added models cannot be read: {path}: {error.strerror or type(error).__name__}.",
            hint="Set PRUDENT_HOME to a folder that you may read and write.",
        ) from error
    except ValidationError as error:
        raise ConfigurationError(
            f"The list of added models is damaged: {path}.", hint="Remove the file and add them again."
        ) from error


def describe(
    path: Path, model_id: str, task: Task, license_name: str, on_bytes: Callable[[int], None] | None
) -> ModelEntry:
    """The entry for a GGUF file: its hash, its size, where it lies.

    Raises:
        ModelFileError: it is not a GGUF file, or cannot be read.
    """
    path = path.expanduser().absolute()
    try:
        before = path.stat()
        if not stat.S_ISREG(before.st_mode):  # a pipe would be waited for, a device never ends
            raise ModelFileError(f"{path} is not a file.", hint="Give the path of a GGUF file.")
        with path.open("rb") as stream:
            magic = stream.read(len(_GGUF_MAGIC))
        if magic != _GGUF_MAGIC:
            raise ModelFileError(f"{path} is not a GGUF file.", hint="Give a model in the GGUF format.")
        sha256 = hash_file(path, on_bytes)
    except OSError as error:
        raise ModelFileError(
            f"{path} cannot be read: {error.strerror or type(error).__name__}.",
            hint="Give the path of a GGUF file.",
        ) from error
    return ModelEntry(
        id=model_id,
        task=task,
        family="as the file says",
        license=license_name,
        upstream=f"added from {path}",
        files=(FileEntry(name=path.name, sha256=sha256, bytes=before.st_size),),
        local=LocalFile(path=path, modified_ns=before.st_mtime_ns),
    )


def register(entry: ModelEntry) -> None:
    """Remember an added model, in place of one of the same id.

    Raises:
        StorageError: the cache cannot be written.
    """
    _rewrite(lambda entries: [*(e for e in entries if e.id != entry.id), entry])


def forget(model_id: str) -> None:
    """Forget an added model.

    Raises:
        StorageError: the cache cannot be written.
    """
    _rewrite(lambda entries: [e for e in entries if e.id != model_id])


def _rewrite(change: Callable[[tuple[ModelEntry, ...]], list[ModelEntry]]) -> None:
    with locked(lock_file(_LOCK)), writing(_path().parent):
        entries = tuple(change(read()))
        write_text(_path(), _ENTRIES.dump_json(entries, indent=1).decode() + "\n")


def _path() -> Path:
    return home() / "models" / "added.json"
