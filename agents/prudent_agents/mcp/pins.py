"""Which definitions of a server's tools a person has seen: hashes in a file. Knows no protocol.

A server that was trusted once can change what its tools say of themselves later ("rug pull"). The first
definitions are kept; a change, or a tool that is new, is an error until somebody consents.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from prudent.catalog.home import home
from prudent.errors import PermissionDeniedError, StorageError
from prudent_agents.errors import ToolDefinitionError
from prudent_agents.values import canonical

_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


class DefinitionChangedError(PermissionDeniedError):
    """A server's tools are not those that were consented to. `details` names them: changed, added."""

    code = "mcp_definition_changed"
    exit_code = 3


class Pins:
    """The pinned definitions of one server, in `mcp/<name>.json` of prudent's folder."""

    def __init__(self, server: str, folder: Path | None = None) -> None:
        """Raises ToolDefinitionError: the name is none that a file can have."""
        if not _NAME.fullmatch(server):
            raise ToolDefinitionError(
                f"'{server[:80]}' cannot name an MCP server.",
                hint="Use letters, digits, _ and -, 40 at most.",
                param="name",
            )
        self.server = server
        self.path = (folder or home() / "mcp") / f"{server}.json"

    def read(self) -> dict[str, str] | None:
        """Hash by tool; None where the server was never seen.

        Raises:
            StorageError: the file is damaged. It is not taken for a server that was never seen.
        """
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            return {str(name): str(digest) for name, digest in cast("dict[str, Any]", kept["tools"]).items()}
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StorageError(
                f"The pins of the MCP server {self.server} cannot be read: {self.path}.",
                hint=f"Look at it, then `prudent mcp trust {self.server}` writes it anew.",
            ) from error

    def check(self, definitions: Mapping[str, Mapping[str, Any]], *, consent: bool = False) -> None:
        """Hold the definitions against those that are kept; keep them where there are none, or with consent.

        Raises:
            DefinitionChangedError: some have changed or are new.
            StorageError: the file cannot be read or written.
        """
        digests = {name: digest_of(definition) for name, definition in definitions.items()}
        kept = None if consent else self.read()
        if kept is None:
            self._write(digests)
            return
        changed = sorted(name for name, digest in digests.items() if kept.get(name, digest) != digest)
        added = sorted(name for name in digests if name not in kept)
        if changed or added:
            parts = [f"changed: {', '.join(changed)}"] * bool(changed) + [f"new: {', '.join(added)}"] * bool(
                added
            )
            raise DefinitionChangedError(
                f"Tools of the MCP server {self.server} are not those that were consented to "
                f"({'; '.join(parts)}).",
                hint=f"Look at them and run `prudent mcp trust {self.server}`, or pass consent=True.",
                details={"changed": changed, "added": added},
            )

    def _write(self, digests: Mapping[str, str]) -> None:
        beside = self.path.with_name(f".{secrets.token_hex(6)}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps({"server": self.server, "tools": dict(sorted(digests.items()))}, indent=2)
            beside.write_text(text + "\n", encoding="utf-8")
            os.replace(beside, self.path)  # noqa: PTH105 - atomic, and the same call elsewhere
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise StorageError(
                f"The pins of the MCP server {self.server} cannot be kept: {error.strerror or error}."
            ) from error


def digest_of(definition: Mapping[str, Any]) -> str:
    """The hash of everything that a definition says."""
    return sha256(canonical(dict(definition)).encode()).hexdigest()
