"""Files below one folder and nowhere else, whatever a path says. Knows no tool.

A path is walked part by part from the folder's open descriptor, no link is followed, and what is opened is
what was looked at: `..`, absolute paths, symbolic links and races between a check and its use lead nowhere.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Generator
from pathlib import Path, PurePath
from typing import NoReturn

from prudent_agents.errors import ToolArgumentsError, ToolDefinitionError, ToolError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MOST_PARTS = 32
_SHOWN = 200


class Root:
    """A folder that tools may see."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        """Raises ToolDefinitionError: there is no such folder."""
        self.folder = Path(folder).expanduser().resolve()
        if not self.folder.is_dir():
            raise ToolDefinitionError(
                f"There is no folder {self.folder}.", hint="Make it, or name another root.", param="root"
            )

    def parts(self, path: str) -> tuple[str, ...]:
        """The parts of a path below the root; an absolute one must lie below it.

        Raises:
            ToolArgumentsError: it leads out of the root.
        """
        given = PurePath(path)
        if given.is_absolute():
            try:
                given = given.relative_to(self.folder)
            except ValueError:
                self._outside(path)
        parts = tuple(part for part in given.parts if part != ".")
        if ".." in parts or "\0" in path:
            self._outside(path)
        if len(parts) > _MOST_PARTS:
            raise ToolArgumentsError(f"The path has more than {_MOST_PARTS} parts.", param="path")
        return parts

    def read(self, path: str, limit: int) -> bytes:
        """A file's bytes.

        Raises:
            ToolArgumentsError: the path leads out of the root, or to nothing, a folder or a device.
            ToolError: the file has more than `limit` bytes, or cannot be read.
        """
        parts = self.parts(path)
        if not parts:
            raise ToolArgumentsError(f"'{path[:_SHOWN]}' is a folder, not a file.", param="path")
        with self._parent(parts, path) as parent, self._explained(path):
            descriptor = os.open(parts[-1], _READ, dir_fd=parent)
            with os.fdopen(descriptor, "rb") as file:
                kind = os.fstat(descriptor)
                if not stat.S_ISREG(kind.st_mode):
                    raise ToolArgumentsError(f"'{path[:_SHOWN]}' is no file.", param="path")
                data = file.read(limit + 1)
        if len(data) > limit:
            raise ToolError(
                f"'{path[:_SHOWN]}' has {kind.st_size:,} bytes; at most {limit:,} are read.", param="path"
            )
        return data

    def write(self, path: str, data: bytes, *, overwrite: bool) -> bool:
        """Write a file whole or not at all; folders on its way are made. Says whether there was one before.

        Raises:
            ToolArgumentsError: the path leads out of the root, or there is something already.
            ToolError: it cannot be written.
        """
        parts = self.parts(path)
        if not parts:
            raise ToolArgumentsError(f"'{path[:_SHOWN]}' is a folder, not a file.", param="path")
        with self._parent(parts, path, make=True) as parent, self._explained(path):
            before = _kind(parts[-1], parent)
            if before is not None and not stat.S_ISREG(before):
                raise ToolArgumentsError(f"'{path[:_SHOWN]}' is there and is no file.", param="path")
            if before is not None and not overwrite:
                raise ToolArgumentsError(
                    f"There is a file '{path[:_SHOWN]}' already.",
                    hint="Choose another name, or say that it is to be overwritten.",
                    param="path",
                )
            _replace(parts[-1], data, parent, overwrite=overwrite)
        return before is not None

    def list(self, path: str, most: int) -> tuple[list[tuple[str, bool, int]], bool]:
        """Name, whether it is a folder, and bytes of what is in a folder, by name; and whether there is more.

        Links and devices are left out.

        Raises:
            ToolArgumentsError: the path leads out of the root or to no folder.
        """
        parts = self.parts(path)
        with self._parent((*parts, "."), path) as folder, self._explained(path):
            found: list[tuple[str, bool, int]] = []
            with os.scandir(folder) as entries:
                for entry in entries:
                    kind = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(kind.st_mode) or stat.S_ISREG(kind.st_mode):
                        found.append((entry.name, stat.S_ISDIR(kind.st_mode), kind.st_size))
        found.sort()
        return found[:most], len(found) > most

    @contextlib.contextmanager
    def _parent(self, parts: tuple[str, ...], path: str, *, make: bool = False) -> Generator[int]:
        """The open folder that holds the last part."""
        with self._explained(path):
            current = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with self._explained(path):
                for part in parts[:-1]:
                    if make:
                        with contextlib.suppress(FileExistsError):
                            os.mkdir(part, dir_fd=current)
                    below = os.open(part, _FOLDER, dir_fd=current)
                    os.close(current)
                    current = below
            yield current
        finally:
            os.close(current)

    @contextlib.contextmanager
    def _explained(self, path: str) -> Generator[None]:
        """Tell what the system refuses in words."""
        shown = path[:_SHOWN]
        try:
            yield
        except FileNotFoundError:
            raise ToolArgumentsError(
                f"There is no '{shown}' here.", hint="List the folder to see what there is.", param="path"
            ) from None
        except (NotADirectoryError, IsADirectoryError):
            raise ToolArgumentsError(
                f"'{shown}' goes through something that is not a folder of its own, or is a folder itself.",
                hint="Links are not followed.",
                param="path",
            ) from None
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise ToolArgumentsError(
                    f"'{shown}' is a link.", hint="Links are not followed.", param="path"
                ) from None
            raise ToolError(f"'{shown}': {error.strerror or error}.", param="path") from error

    def _outside(self, path: str) -> NoReturn:
        raise ToolArgumentsError(
            f"'{path[:_SHOWN]}' is outside of the folder that this tool may see.",
            hint="Use paths relative to that folder, without '..'.",
            param="path",
        )


def _kind(name: str, folder: int) -> int | None:
    """The mode of what has this name, or None."""
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return None


def _replace(name: str, data: bytes, folder: int, *, overwrite: bool) -> None:
    """Write beside the file, then put it in its place: a crash leaves the old file or the new one."""
    beside = f".{secrets.token_hex(8)}.part"
    descriptor = os.open(beside, _NEW, 0o644, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        if overwrite:
            os.replace(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
        else:
            os.link(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
            os.unlink(beside, dir_fd=folder)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside, dir_fd=folder)
        raise
    try:
        os.fsync(folder)
    except OSError as error:
        raise ToolError(f"'{name}': {error.strerror or error}.", details={"known": False}) from error
