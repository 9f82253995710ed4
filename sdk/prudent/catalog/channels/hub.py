"""The hub channel: huggingface_hub at a pinned revision. The one module that meets that library.

HF_ENDPOINT names another hub (a company's own); the library's other settings (token, proxy, HF_HUB_OFFLINE)
hold as its users know them. It resumes a transfer that is cut while it runs.
"""

from __future__ import annotations

import functools
import importlib
import os
import re
import shutil
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, Self, cast

from prudent.catalog.channels.base import Arrival, ChannelError, DamagedError, Job
from prudent.catalog.entry import FileEntry, HubLocation
from prudent.catalog.storage import FULL, as_storage_error, folder_bytes, hash_file

_ANSWER_SECONDS = 2.0
"""How long the hub has to give a first answer; blocked networks often swallow packets in silence."""

_METADATA_SECONDS = 10.0
_POLL_SECONDS = 0.1
_DEFAULT_ENDPOINT = "https://huggingface.co"


class Hub:
    """Brings files from the model hub."""

    label = "the hub"

    def serves(self, file: FileEntry) -> bool:
        """Whether the hub has these very bytes."""
        return file.hub_path is not None

    def space(self, job: Job) -> int:
        """The files: each is written once and then renamed."""
        return sum(file.bytes for file in job.files)

    def bring(self, job: Job) -> Iterator[Arrival]:
        """Bring the files one by one.

        Raises:
            ChannelError: the hub does not answer, does not have a file, or the transfer failed.
            DamagedError: the hub says that its file is another.
            StorageError: the disk is full.
        """
        endpoint = os.environ.get("HF_ENDPOINT", "").rstrip("/") or _DEFAULT_ENDPOINT
        if (reason := unreachable(endpoint)) is not None:
            raise ChannelError(reason)
        location = job.entry.hub
        if location is None:
            raise ChannelError("does not have it")
        work = job.staging / "hub"
        shutil.rmtree(work, ignore_errors=True)  # the library cannot go on from what a killed process left
        work.mkdir(parents=True)
        total = sum(file.bytes for file in job.files)
        before = 0
        verified = 0

        def on_bytes(count: int) -> None:
            nonlocal verified
            verified += count
            job.on_verify(verified, total)

        for file in job.files:
            with _watching(work, job, before, total):
                path = _download(endpoint, location, file, work)
            before += file.bytes
            job.on_fetch(before, total)
            yield Arrival(file, path, hash_file(path, on_bytes))


@functools.cache
def unreachable(endpoint: str) -> str | None:
    """Why the hub cannot be reached, as a clause; None if it answers. Asked once a process and endpoint.

    The question runs in a thread, as looking up a name has no timeout of its own.
    """
    import httpx

    failures: list[str | None] = []

    def ask() -> None:
        try:
            httpx.head(endpoint, timeout=_ANSWER_SECONDS)
            failures.append(None)
        except httpx.TimeoutException:
            failures.append(f"did not answer within {_ANSWER_SECONDS:g} s")
        except (httpx.HTTPError, httpx.InvalidURL):
            failures.append("could not be reached")

    thread = threading.Thread(target=ask, name="prudent-hub-probe", daemon=True)
    thread.start()
    thread.join(_ANSWER_SECONDS + 0.5)
    return failures[0] if failures else f"did not answer within {_ANSWER_SECONDS:g} s"


def _download(endpoint: str, location: HubLocation, file: FileEntry, work: Path) -> Path:
    # Unless told not to, the library looks up and tells the hub what kind of program it runs in.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    library = cast(_Library, importlib.import_module("huggingface_hub"))
    path = file.hub_path or file.name
    try:
        url = library.hf_hub_url(location.repo, path, revision=location.revision, endpoint=endpoint)
        metadata = library.get_hf_file_metadata(url, timeout=_METADATA_SECONDS, endpoint=endpoint)
        _refuse_another_file(file, metadata.etag, metadata.size)
        return Path(
            library.hf_hub_download(
                location.repo,
                path,
                revision=location.revision,
                endpoint=endpoint,
                local_dir=work,
                library_name="prudent",
                tqdm_class=_SilentBar,
            )
        )
    except ChannelError:
        raise
    # Whatever the library or its transports raise means here only that this channel failed.
    except Exception as error:
        if isinstance(error, OSError) and error.errno in FULL:
            raise as_storage_error(error, work) from error
        raise ChannelError(_clause(error, location)) from error


class _Metadata(Protocol):
    @property
    def etag(self) -> str | None: ...
    @property
    def size(self) -> int | None: ...


class _Library(Protocol):
    """The functions of huggingface_hub that are used here, with the types that they have in fact."""

    def hf_hub_url(self, repo_id: str, filename: str, *, revision: str, endpoint: str) -> str: ...
    def get_hf_file_metadata(self, url: str, *, timeout: float, endpoint: str) -> _Metadata: ...
    def hf_hub_download(
        self,
        repo_id: str,
        filename: str,
        *,
        revision: str,
        endpoint: str,
        local_dir: Path,
        library_name: str,
        tqdm_class: type[_SilentBar],
    ) -> str: ...


class _SilentBar:
    """The library draws a bar for every file unless it is given one; ours is drawn by whoever listens."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def update(self, n: float | None = 1) -> None:
        """Told of every chunk; the growth of the file is what is reported."""

    def close(self) -> None:
        """Nothing to close."""


def _refuse_another_file(file: FileEntry, etag: str | None, size: int | None) -> None:
    """Before a byte is brought: a large file's etag is its sha256."""
    is_hash = etag is not None and re.fullmatch(r"[0-9a-f]{64}", etag) is not None
    if (is_hash and etag != file.sha256) or (size is not None and size != file.bytes):
        raise DamagedError(f"has another {file.name} than the catalog pins")


def _clause(error: Exception, location: HubLocation) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(status, int):
        return f"answered {status} for {location.repo}"
    return f"failed in mid-transfer ({type(error).__name__})"


@contextmanager
def _watching(work: Path, job: Job, before: int, total: int) -> Generator[None]:
    """Report the growth of the folder while the library works in it."""
    ended = threading.Event()
    at_start = folder_bytes(work)

    def watch() -> None:
        while not ended.wait(_POLL_SECONDS):
            job.on_fetch(min(before + max(folder_bytes(work) - at_start, 0), total), total)

    thread = threading.Thread(target=watch, name="prudent-hub-progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
