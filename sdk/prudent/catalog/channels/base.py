"""What a channel is: a way to bring a model's files. Knows no particular one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from prudent.catalog.entry import FileEntry, ModelEntry

Report = Callable[[int, int], None]
"""Called with the bytes that came so far and the bytes that will come in all."""


class ChannelError(Exception):
    """This channel could not bring the files. The text is a clause that goes after the channel's name."""


class DamagedError(ChannelError):
    """What the channel brought is not what the catalog pins."""


@dataclass(frozen=True, slots=True)
class Job:
    """Files of one model to bring; `staging` is the channel's own to write in, and survives a failure."""

    entry: ModelEntry
    files: Sequence[FileEntry]
    staging: Path
    on_fetch: Report
    on_verify: Report


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file as it came, with its hash; whoever receives it judges it."""

    file: FileEntry
    path: Path
    sha256: str


class Channel(Protocol):
    """A way to bring files."""

    label: str
    """How messages call it."""

    def serves(self, file: FileEntry) -> bool:
        """Whether this channel has the file."""
        ...

    def space(self, job: Job) -> int:
        """Bytes of disk that the job takes at its peak, the files themselves included."""
        ...

    def bring(self, job: Job) -> Iterator[Arrival]:
        """Bring the files one by one.

        Raises:
            ChannelError: it cannot.
            StorageError: the disk is full.
        """
        ...
