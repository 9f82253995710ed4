"""The audit trail: records that nobody can change unnoticed, appended by any number of processes.

Each record holds the keyed hash (HMAC-SHA-256) of itself and of the record before it; a head file beside the
log says what the last record is. So an edited, reordered, inserted or deleted record is found, and so is a
log that was cut at its end. What cannot be found: changes by somebody who can read the key, and a log and
head that were both put back to an earlier copy. Against those, keep the head hash that `verify` returns
somewhere else from time to time.

It knows neither requests nor checks; what a record holds is audit_record's.
"""

from __future__ import annotations

import logging
import os
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, cast

from prudent.catalog.home import home
from prudent.catalog.lock import locked
from prudent.errors import ServiceUnavailableError, StorageError
from prudent_responsible_ai import audit_chain
from prudent_responsible_ai.audit_chain import Head, Link, Verification
from prudent_responsible_ai.audit_key import load_or_create_key
from prudent_responsible_ai.audit_record import AuditRecord, fingerprint
from prudent_responsible_ai.policy import AuditSettings, OnFailure, Policy

_log = logging.getLogger(__name__)


class AuditLog:
    """A log at `path`; full segments lie beside it as `<stem>.000001<suffix>`. Threads may share it.

    Args:
        path: the file that is written now.
        key: 32 bytes; None loads the key in prudent's home, or makes it.
        settings: retention, size of a segment, durability, and what follows when a record cannot be written.

    Raises:
        ConfigurationError: the key file is damaged, or others may read it.
        StorageError: the key can be neither read nor written.
    """

    def __init__(
        self, path: Path, *, key: bytes | None = None, settings: AuditSettings | None = None
    ) -> None:
        self.path = path
        self.key = load_or_create_key(home() / "audit.key") if key is None else key
        self._settings = settings or AuditSettings()
        self._thread = threading.Lock()
        self._last: tuple[int, Link] | None = None  # size of the file after our last record, and that record

    def write(self, record: AuditRecord) -> str | None:
        """Append a record as the policy wants it: where that fails, go on with None, or stop the request.

        Raises:
            ServiceUnavailableError: the record cannot be written, and the policy says to stop then.
        """
        try:
            return self.append(record)
        except StorageError as error:
            _log.error("An audit record could not be written: %s", error.message)
            if self._settings.on_failure is OnFailure.BLOCK:
                raise ServiceUnavailableError(
                    "The audit record of this request could not be written, and the policy requires one.",
                    hint="Free disk space or repair the audit folder on the server.",
                ) from error
            return None

    def append(self, record: AuditRecord) -> str:
        """Append a record and return its id.

        Raises:
            StorageError: it could not be written; then nothing of it is in the log.
        """
        identity = f"aud_{uuid.uuid4().hex}"
        with self._thread, locked(self._beside(".lock")):
            try:
                self._append(identity, record.kind, record.model_dump(mode="json", exclude={"kind"}))
            except OSError as error:
                self._last = None
                raise StorageError(
                    f"The audit log {self.path} cannot be written: {error.strerror}.", hint="Free disk space."
                ) from None
        return identity

    def fingerprint(self, value: str) -> str:
        """Return the keyed hash under which a value (a user id, a text) appears in the log."""
        return fingerprint(self.key, value)

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield the records that are kept, oldest first, unverified."""
        for segment in self.segments():
            for line in segment.read_bytes().splitlines():
                parsed = audit_chain.parse(line)
                if parsed is not None:
                    yield parsed

    def verify(self) -> Verification:
        """Read the whole log and say whether it is unbroken; the first broken record is named."""
        with self._thread, locked(self._beside(".lock")):
            return audit_chain.verify(self.key, self.segments(), self._read_head())

    def segments(self) -> list[Path]:
        """The files of the log, oldest first."""
        pattern = f"{self.path.stem}.[0-9][0-9][0-9][0-9][0-9][0-9]{self.path.suffix}"
        full = sorted(self.path.parent.glob(pattern))
        return [*full, self.path] if self.path.exists() else full

    def _append(self, identity: str, kind: str, body: dict[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._open() as file:
            last = self._find_last(file)
            if last.torn:
                file.truncate(last.size)
                last = self._write(file, last.link, "repaired", {"bytes_dropped": last.torn})
            else:
                last = last.link
            full = file.seek(0, os.SEEK_END) > self._settings.max_megabytes << 20
            if not full:
                self._write(file, last, kind, body, identity)
                return
        self._rotate()
        with self._open() as file:
            last = self._write(file, last, "segment", {})
            for expired in self._expire():
                last = self._write(file, last, "expired", expired)
            self._write(file, last, kind, body, identity)

    def _open(self) -> BinaryIO:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        return cast("BinaryIO", os.fdopen(descriptor, "r+b", buffering=0))

    def _find_last(self, file: BinaryIO) -> audit_chain.Tail:
        size = file.seek(0, os.SEEK_END)
        if self._last is not None and self._last[0] == size:
            return audit_chain.Tail(self._last[1], size, 0)
        tail = audit_chain.tail(file)
        if tail.size == 0:
            full = self.segments()[:-1]
            if full:
                with full[-1].open("rb") as before:
                    return audit_chain.Tail(audit_chain.tail(before).link, 0, tail.torn)
        return tail

    def _write(self, file: BinaryIO, last: Link, kind: str, body: dict[str, Any], identity: str = "") -> Link:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line, link = audit_chain.seal(
            self.key, last, {"id": identity, "time": now, "kind": kind, "body": body}
        )
        size = file.seek(0, os.SEEK_END)
        try:
            written = file.write(line)
            if written != len(line):
                raise OSError(28, "the disk is full")
            if self._settings.durable:
                os.fsync(file.fileno())
            self._write_head(link)
        except OSError:
            file.truncate(size)
            raise
        self._last = (size + len(line), link)
        return link

    def _write_head(self, link: Link) -> None:
        new = self._beside(".head.new")
        new.write_bytes(audit_chain.seal_head(self.key, link))
        new.replace(self._beside(".head"))

    def _rotate(self) -> None:
        full = self.segments()[:-1]
        number = int(full[-1].stem.rpartition(".")[2]) + 1 if full else 1
        self.path.rename(self.path.with_name(f"{self.path.stem}.{number:06d}{self.path.suffix}"))
        self._last = None

    def _expire(self) -> Iterator[dict[str, Any]]:
        """Delete full segments whose last record is past its retention; yield what the log says about it."""
        oldest = datetime.now(UTC) - timedelta(days=self._settings.retention_days)
        for segment in self.segments()[:-1]:
            with segment.open("rb") as file:
                link = audit_chain.tail(file).link
            if not link.time or datetime.fromisoformat(link.time) >= oldest:
                return
            segment.unlink()
            yield {"up_to": link.sequence, "hash": link.hash}

    def _read_head(self) -> Head | None:
        try:
            return audit_chain.open_head(self.key, self._beside(".head").read_bytes())
        except FileNotFoundError:
            return None

    def _beside(self, suffix: str) -> Path:
        return self.path.with_name(self.path.name + suffix)


def audit_path(settings: AuditSettings) -> Path:
    """Return where the log of these settings lies."""
    return Path(settings.path).expanduser() if settings.path else home() / "audit" / "audit.jsonl"


def open_audit(policy: Policy) -> AuditLog | None:
    """Return the log that the policy asks for; None where it turns the audit off."""
    return AuditLog(audit_path(policy.audit), settings=policy.audit) if policy.audit.enabled else None


__all__ = ["AuditLog", "Verification", "audit_path", "open_audit"]
