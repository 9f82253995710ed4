"""The keys of the audit log, all made from one file that its owner alone may read."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from prudent.errors import ConfigurationError, StorageError

KEY_BYTES = 32


class AuditKeys:
    """A key for each purpose, derived from one of 32 bytes (HMAC-SHA-256 as the derivation)."""

    def __init__(self, master: bytes) -> None:
        self._master = master

    @cached_property
    def sealing(self) -> bytes:
        """Seals what says which record is the last."""
        return self._derived("seal")

    @cached_property
    def anonymous(self) -> bytes:
        """Makes fingerprints in requests that name no user."""
        return self._derived("anonymous")

    @cached_property
    def signing(self) -> Ed25519PrivateKey:
        """Signs checkpoints."""
        return Ed25519PrivateKey.from_private_bytes(self._derived("checkpoints"))

    @cached_property
    def public(self) -> Ed25519PublicKey:
        """What others need to verify checkpoints."""
        return self.signing.public_key()

    def subject(self, user: str) -> str:
        """The name under which a user's own key is kept."""
        name = user.encode("utf-8", "surrogatepass")
        return hmac.new(self._derived("subjects"), name, hashlib.sha256).hexdigest()

    def _derived(self, purpose: str) -> bytes:
        return hmac.new(self._master, f"prudent audit {purpose}".encode(), hashlib.sha256).digest()


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
