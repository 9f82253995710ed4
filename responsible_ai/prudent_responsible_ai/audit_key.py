"""The key behind fingerprints and the audit chain: one file, readable by its owner alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from prudent.errors import ConfigurationError, StorageError

KEY_BYTES = 32


def load_or_create_key(path: Path) -> bytes:
    """Return the key in the file, made at first use.

    Raises:
        ConfigurationError: the file is not a key, or others may read it.
        StorageError: it can be neither read nor written.
    """
    try:
        if not path.exists():
            _create(path)
        if path.stat().st_mode & 0o077:
            raise ConfigurationError(f"Others may read the audit key {path}.", hint=f"Run: chmod 600 {path}")
        key = path.read_bytes()
    except OSError as error:
        raise StorageError(
            f"The audit key {path} cannot be read or written: {error.strerror}.",
            hint="Set PRUDENT_HOME to a folder that you may read and write.",
        ) from None
    if len(key) != KEY_BYTES:
        raise ConfigurationError(
            f"The audit key {path} is damaged: it has {len(key)} bytes instead of {KEY_BYTES}.",
            hint="Restore it from a backup. Without it, earlier records can no longer be verified.",
        )
    return key


def _create(path: Path) -> None:
    """Write a new key under a temporary name first, so that no process ever reads half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)  # fails where another process was first: then its key counts
    except FileExistsError:
        pass
    finally:
        temporary.unlink(missing_ok=True)
