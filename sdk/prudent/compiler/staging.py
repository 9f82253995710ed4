"""A folder that appears whole or not at all. Knows nothing of what is in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from prudent.catalog.storage import writing

_PARTIAL = ".partial"


@contextmanager
def staged(folder: Path) -> Generator[Path]:
    """Give an empty folder beside `folder` to fill, and rename it to `folder` at the end.

    What killed processes left behind is removed first, and what an exception leaves at once; a folder that
    is already there is replaced. Of several processes one at a time may do this in one parent folder.

    Raises:
        StorageError: the disk is full, or the place cannot be written.
    """
    staging = folder.with_name(f".{folder.name}{_PARTIAL}")
    with writing(folder.parent):
        for leftover in folder.parent.glob(f".*{_PARTIAL}"):
            shutil.rmtree(leftover, ignore_errors=True)
        staging.mkdir(parents=True)
        try:
            yield staging
            for path in staging.iterdir():
                _flush(path)
            if folder.exists():
                shutil.rmtree(folder)
            staging.rename(folder)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise


def _flush(path: Path) -> None:
    """Bytes to the disk before the rename: after a power cut a whole name must not hold half a file."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
