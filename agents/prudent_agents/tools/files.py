"""Reading, listing and writing text files below one folder, as tools. Knows no format but text.

See rooted.py for what keeps a path inside.
"""

from __future__ import annotations

import os
from typing import Literal

from pydantic import BaseModel

from prudent.types.content import Source
from prudent_agents.errors import ToolArgumentsError, ToolError
from prudent_agents.function_tool import tool_of
from prudent_agents.labels import Confidentiality
from prudent_agents.tool import Effect, Tool
from prudent_agents.tools.rooted import Root

MOST_BYTES = 1 << 20
"""Of a file that is read or written."""
MOST_ENTRIES = 500
"""Of a folder that is listed."""


class Entry(BaseModel):
    """What is in a folder. `bytes` is None for folders."""

    name: str
    kind: Literal["file", "folder"]
    bytes: int | None = None


class Listing(BaseModel):
    """A folder's content by name; `more` where it has more than are listed."""

    entries: list[Entry]
    more: bool = False


class Written(BaseModel):
    """What was written."""

    path: str
    bytes: int
    replaced: bool


def files_read(
    root: str | os.PathLike[str] = ".",
    *,
    most_bytes: int = MOST_BYTES,
    confidentiality: Confidentiality = Confidentiality.PRIVATE,
) -> Tool:
    """The tool `files.read`: the text of a file below `root`. What it gives is a document's, untrusted.

    Raises:
        ToolDefinitionError: there is no such folder.
    """
    below = Root(root)

    def read(path: str) -> str:
        """Read a text file.

        path: where it is, as reports/march.txt
        """
        try:
            return below.read(path, most_bytes).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ToolError(
                f"'{path}' is no UTF-8 text.",
                hint="Images and PDFs are read with vision.read, recordings with audio.transcribe.",
                param="path",
            ) from error

    return tool_of(
        read,
        name="files.read",
        effect=Effect.READ,
        source=Source.DOCUMENT,
        confidentiality=confidentiality,
    )


def files_list(
    root: str | os.PathLike[str] = ".", *, confidentiality: Confidentiality = Confidentiality.PRIVATE
) -> Tool:
    """The tool `files.list`: what is in a folder below `root`. Names are untrusted: others choose them.

    Raises:
        ToolDefinitionError: there is no such folder.
    """
    below = Root(root)

    def list_folder(path: str = ".") -> Listing:
        """List the files and folders in a folder.

        path: the folder; left out, the top one
        """
        found, more = below.list(path, MOST_ENTRIES)
        entries = [
            Entry(name=name, kind="folder" if folder else "file", bytes=None if folder else size)
            for name, folder, size in found
        ]
        return Listing(entries=entries, more=more)

    return tool_of(
        list_folder,
        name="files.list",
        effect=Effect.READ,
        source=Source.DOCUMENT,
        confidentiality=confidentiality,
    )


def files_write(root: str | os.PathLike[str] = ".", *, most_bytes: int = MOST_BYTES) -> Tool:
    """The tool `files.write`: text into a file below `root`, whole or not at all. It is a write.

    Raises:
        ToolDefinitionError: there is no such folder.
    """
    below = Root(root)

    def write(path: str, text: str, overwrite: bool = False) -> Written:
        """Write a text file.

        path: where to, as reports/march.txt
        text: what is to be in it
        overwrite: whether a file that is there already may be replaced
        """
        try:
            data = text.encode()
        except UnicodeEncodeError as error:
            raise ToolArgumentsError("The text has half a character in it.", param="text") from error
        if len(data) > most_bytes:
            raise ToolArgumentsError(
                f"The text has {len(data):,} bytes; at most {most_bytes:,} are written.", param="text"
            )
        replaced = below.write(path, data, overwrite=overwrite)
        return Written(path=path, bytes=len(data), replaced=replaced)

    return tool_of(write, name="files.write", effect=Effect.WRITE, retries=0, trusted=True)
