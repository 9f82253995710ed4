"""Keys from a file, so that they stand neither in a command line nor in its history. Never shows one."""

from __future__ import annotations

import stat
from pathlib import Path

from prudent.cli.terminal import note
from prudent.errors import ConfigurationError


def read_keys(path: Path) -> tuple[str, ...]:
    """Read the keys of a file: one a line; empty lines and lines that open with # do not count.

    Raises:
        ConfigurationError: the file cannot be read, or holds no key.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        shared = path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)
    except OSError as error:
        raise ConfigurationError(f"The key file {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"The key file {path} is not UTF-8 text.") from None
    keys = tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    if not keys:
        raise ConfigurationError(f"The key file {path} holds no key.", hint="Write one key a line.")
    if shared:
        note(f"warning: others on this machine can read {path}; chmod 600 keeps them out.")
    return keys
