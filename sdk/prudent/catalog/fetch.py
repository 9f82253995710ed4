"""Brings a model's files into the cache, whole and verified, and takes them out again.

It knows the order of things (lock, room, channel, hash, rename), not how any channel works. A file has its
own name only when its hash was right; until then it is under `.staging` in the same folder.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from prudent.catalog import added
from prudent.catalog.channels import CHANNELS
from prudent.catalog.channels.base import Arrival, Channel, ChannelError, DamagedError, Job
from prudent.catalog.entry import STAGING, FileEntry, LocalFile, ModelEntry
from prudent.catalog.home import compiled_folder, lock_file, model_folder, offline
from prudent.catalog.lock import locked
from prudent.catalog.storage import (
    FreeBytes,
    folder_bytes,
    free_bytes,
    hash_file,
    put_in_place,
    remove_folder,
    require_room,
    writing,
)
from prudent.errors import (
    ConflictError,
    FetchError,
    IntegrityError,
    ModelFileError,
    OfflineError,
    StorageError,
)
from prudent.types.progress import Progress, ProgressListener

ChannelName = Literal["auto", "hub", "mirror"]


def fetch(
    entry: ModelEntry,
    *,
    channel: ChannelName = "auto",
    progress: ProgressListener | None = None,
    free: FreeBytes = free_bytes,
) -> Path:
    """Return the folder that holds every file of the model under its name, bringing what is missing.

    `auto` asks the hub and then the package index. Of several callers, in one process or many, one brings the
    files and the others wait. `free` tells the room left on a folder's disk, in bytes. An added model is used
    where it lies: the folder is then the one of the user's file.

    Raises:
        OfflineError: a file is missing and PRUDENT_OFFLINE forbids the network.
        IntegrityError: the bytes that came, or an added model's file, are not those that the catalog pins.
        FetchError: no channel could bring it; the message says why, channel by channel.
        StorageError: the disk is full, or the cache cannot be written.
        ModelFileError: an added model's file is gone.
    """
    if entry.local is not None:
        return _local_folder(entry, entry.local, progress)
    folder = model_folder(entry.id)
    if is_fetched(entry):
        return folder
    if offline():
        raise OfflineError(
            f"{entry.id} is not in the cache, and PRUDENT_OFFLINE forbids the network.",
            hint=f"Unset PRUDENT_OFFLINE and run `prudent models pull {entry.id}` once.",
        )

    def tell(stage: Literal["wait", "fetch", "verify"], done: int, total: int) -> None:
        if progress is not None:
            unit: Literal["bytes", "steps"] = "steps" if stage == "wait" else "bytes"
            progress(Progress(stage, entry.id, done, total, unit))

    with locked(lock_file(entry.id), lambda: tell("wait", 0, 1)) as waited:
        if waited:
            tell("wait", 1, 1)
        missing = _missing(entry)
        if missing:
            with writing(folder):
                job = Job(
                    entry,
                    missing,
                    folder / STAGING,
                    on_fetch=lambda done, total: tell("fetch", done, total),
                    on_verify=lambda done, total: tell("verify", done, total),
                )
                _bring(job, channel, free)
    return folder


def is_fetched(entry: ModelEntry) -> bool:
    """Whether every file is there. Cheap: a file that has its own name was verified when it got it."""
    if entry.local is not None:
        return entry.local.path.is_file()
    return not _missing(entry)


def verify(entry: ModelEntry, *, progress: ProgressListener | None = None) -> None:
    """Hash every file again.

    Raises:
        ConflictError: the model is not fetched.
        IntegrityError: a file differs from what the catalog pins; the message names it.
    """
    if not is_fetched(entry):
        raise not_fetched(entry)
    folder = entry.local.path.parent if entry.local else model_folder(entry.id)
    done = 0

    def on_bytes(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(Progress("verify", entry.id, done, max(entry.bytes, done), "bytes"))

    for file in entry.files:
        if hash_file(folder / file.name, on_bytes) != file.sha256:
            raise IntegrityError(
                f"{file.name} of {entry.id} differs from the catalog: its sha256 is not {file.sha256[:12]}…",
                hint=_AGAIN_ADDED.format(id=entry.id) if entry.local else _AGAIN.format(id=entry.id),
            )


_AGAIN = "Run `prudent models rm {id}` and `prudent models pull {id}`."
_AGAIN_ADDED = "If the change is meant, run `prudent models rm {id}` and add it again."


def remove(entry: ModelEntry) -> int:
    """Remove what is fetched and compiled of a model, and return the bytes that this freed.

    An added model is forgotten; the user's own file stays.

    Raises:
        StorageError: the cache cannot be written.
    """
    with locked(lock_file(entry.id)), writing(model_folder(entry.id)):
        freed = remove_folder(compiled_folder(entry.id)) + remove_folder(model_folder(entry.id))
    if entry.local is not None:
        added.forget(entry.id)
    return freed


def not_fetched(entry: ModelEntry) -> ConflictError:
    """The error for what needs a fetched model and has none."""
    return ConflictError(f"{entry.id} is not fetched.", hint=f"Run `prudent models pull {entry.id}`.")


def _missing(entry: ModelEntry) -> list[FileEntry]:
    folder = model_folder(entry.id)
    return [file for file in entry.files if not _is_there(folder / file.name, file)]


def _is_there(path: Path, file: FileEntry) -> bool:
    return path.is_file() and path.stat().st_size == file.bytes


def _local_folder(entry: ModelEntry, local: LocalFile, progress: ProgressListener | None) -> Path:
    """Where the user's file lies, hashed again if it was written to since it was added."""
    try:
        modified = local.path.stat().st_mtime_ns
    except OSError as error:
        raise ModelFileError(
            f"The file of {entry.id} is gone: {local.path}.",
            hint=f"Put it back, or run `prudent models rm {entry.id}`.",
        ) from error
    if modified != local.modified_ns:
        verify(entry, progress=progress)
    return local.path.parent


def _bring(job: Job, channel: ChannelName, free: FreeBytes) -> None:
    """Try the channels in turn, each for what is still missing, and keep what came whole."""
    job.staging.mkdir(parents=True, exist_ok=True)
    failures: list[tuple[Channel, ChannelError]] = []
    missing: Sequence[FileEntry] = job.files
    try:
        for candidate in CHANNELS.values() if channel == "auto" else [CHANNELS[channel]]:
            served = [file for file in missing if candidate.serves(file)]
            if not served:
                continue
            task = replace(job, files=served)
            available = free(job.staging) + folder_bytes(job.staging)
            require_room(job.staging.parent, candidate.space(task), available)
            try:
                for arrival in candidate.bring(task):
                    _keep(arrival, job.staging.parent)
            except ChannelError as failure:
                failures.append((candidate, failure))
            missing = _missing(job.entry)
            if not missing:
                break
    except (KeyboardInterrupt, OSError, StorageError):
        # Whoever gives up, and a disk that is full, want the room back more than a quicker next try.
        shutil.rmtree(job.staging, ignore_errors=True)
        raise
    if missing:
        _clean_after(failures, job.staging)
        raise _failed(job.entry, channel, failures) from (failures[-1][1] if failures else None)
    shutil.rmtree(job.staging, ignore_errors=True)


def _keep(arrival: Arrival, folder: Path) -> None:
    """Give a file its own name if its hash is right, else throw it away."""
    if arrival.sha256 != arrival.file.sha256:
        arrival.path.unlink()
        raise DamagedError(f"brought a {arrival.file.name} whose hash is wrong")
    put_in_place(arrival.path, folder / arrival.file.name)


def _clean_after(failures: Sequence[tuple[Channel, ChannelError]], staging: Path) -> None:
    """Keep whole wheels for the next try, unless something was wrong with what came."""
    if any(isinstance(failure, DamagedError) for _, failure in failures):
        shutil.rmtree(staging, ignore_errors=True)


def _failed(
    entry: ModelEntry, channel: ChannelName, failures: Sequence[tuple[Channel, ChannelError]]
) -> FetchError:
    if not failures:
        others = " or ".join(f"`--channel {name}`" for name in entry.channels)
        return FetchError(f"{entry.id} is not on {CHANNELS[channel].label}.", hint=f"Use {others}.")
    reasons = "; ".join(f"{candidate.label} {failure}" for candidate, failure in failures)
    message = f"{entry.id} could not be fetched: {reasons}."
    if any(isinstance(failure, DamagedError) for _, failure in failures):
        return IntegrityError(
            message, hint="What came was thrown away. Try again, or with another --channel."
        )
    pip = " and the settings of pip (`pip config list`)" if entry.wheels and channel != "hub" else ""
    return FetchError(
        message,
        hint=f"Check the network{pip}, then try again: it goes on from what has come.",
    )
