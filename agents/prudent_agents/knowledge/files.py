"""Which files there are to add, and which that were added are gone. Reads no file's content.

Links are never followed, neither those of the file system nor those in documents.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from prudent.errors import InvalidRequestError
from prudent_agents.knowledge.extraction import is_readable

MOST_FILES = 100_000
"""In one folder and those in it."""


def absolute(path: Path | str) -> Path:
    """A path as documents are named by it: absolute, without `..`, its links not followed."""
    return Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100 resolve() follows links


def require_there(paths: Iterable[Path]) -> None:
    """Raises InvalidRequestError where a path does not exist."""
    for path in paths:
        if not path.exists():
            raise InvalidRequestError(
                f"There is no file or folder {path}.", hint="Check the path.", param="paths"
            )


def files_in(path: Path) -> Iterator[tuple[Path, str | None]]:
    """The file, or those in a folder and its folders in order, each with why it is left out if it is.

    Hidden files and folders, and links, are passed over. Raises InvalidRequestError: too many files.
    """
    if path.is_file():
        yield path, None
        return
    seen = 0
    for folder, folders, names in os.walk(path, followlinks=False):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and not (Path(folder) / name).is_symlink()
        )
        for name in sorted(names):
            file = Path(folder) / name
            if name.startswith(".") or file.is_symlink() or not file.is_file():
                continue
            seen += 1
            if seen > MOST_FILES:
                raise InvalidRequestError(
                    f"{path} has more than {MOST_FILES:,} files.", hint="Add some of its folders instead."
                )
            yield (
                file,
                None if is_readable(file) else f"files that end in {file.suffix or 'nothing'} are not read",
            )


def gone(names: Sequence[str], folder: Path) -> list[str]:
    """Of documents those that were files in a folder and are there no more."""
    inside = [name for name in names if is_inside(name, folder)]
    return [name for name in inside if not os.path.lexists(name)]


def is_inside(name: str, folder: Path) -> bool:
    """Whether a document's name is that of a file in a folder, or of the file itself."""
    return name == str(folder) or name.startswith(f"{folder}{os.sep}")
