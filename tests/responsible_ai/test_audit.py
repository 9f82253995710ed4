"""The audit trail: what it keeps, how it finds changes, and what happens when it cannot write."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from prudent.errors import ConfigurationError, ServiceUnavailableError, StorageError
from prudent.types.content import Source
from prudent.types.safety import Action
from prudent_responsible_ai import Part, build_pipeline, load_policy
from prudent_responsible_ai import audit as audit_module
from prudent_responsible_ai.assemble import without_models
from prudent_responsible_ai.audit import CHECKPOINT_EVERY, AuditLog
from prudent_responsible_ai.audit_chain import signature_holds
from prudent_responsible_ai.audit_key import load_or_create_key
from prudent_responsible_ai.audit_record import AuditRecord, describe
from prudent_responsible_ai.policy import AuditSettings, OnFailure

KEY = b"k" * 32


def record(**fields: object) -> AuditRecord:
    plain = {"policy": "default", "policy_hash": "h", "streaming_mode": "hold", "action": Action.ALLOW}
    return AuditRecord.model_validate({**plain, **fields})


def log_with(folder: Path, records: int, **settings: object) -> AuditLog:
    log = AuditLog(folder / "audit.db", key=KEY, settings=AuditSettings.model_validate(settings))
    for number in range(records):
        log.append(record(request_id=f"r{number}"))
    return log


def change(log: AuditLog, *statements: str) -> None:
    """What somebody does who may write to the file: the triggers do not stop him."""
    log.close()
    with closing(sqlite3.connect(log.path)) as connection:
        for trigger in ("records_never_change", "records_expire_only"):
            connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_an_untouched_log_is_unbroken_also_for_another_reader(tmp_path: Path) -> None:
    log = log_with(tmp_path, 5)
    result = AuditLog(log.path, key=KEY).verify()
    assert (result.ok, result.records) == (True, 5)
    assert result.head == list(log.records())[-1]["hash"]


def test_the_log_goes_on_where_another_instance_left_it(tmp_path: Path) -> None:
    first, second = log_with(tmp_path, 1), log_with(tmp_path, 1)
    first.append(record())
    second.append(record())
    assert [one["sequence"] for one in first.records()] == [1, 2, 3, 4]
    assert [one["sequence"] for one in first.latest(2)] == [3, 4]
    assert first.verify().ok


def test_mistakes_cannot_change_or_remove_a_record(tmp_path: Path) -> None:
    log = log_with(tmp_path, 2)
    with closing(sqlite3.connect(log.path)) as connection:
        for statement in ("UPDATE records SET kind = 'x'", "DELETE FROM records"):
            with pytest.raises(sqlite3.IntegrityError, match="audit records are"):
                connection.execute(statement)


_BODY = "replace(body, 'allow', 'block')"
EDITS: dict[str, tuple[list[str], int]] = {
    "edited": ([f"UPDATE records SET body = {_BODY} WHERE sequence = 2"], 2),
    "deleted": (["DELETE FROM records WHERE sequence = 2"], 3),
    "swapped": (
        [
            "UPDATE records SET sequence = 9 WHERE sequence = 2",
            "UPDATE records SET sequence = 2 WHERE sequence = 3",
            "UPDATE records SET sequence = 3 WHERE sequence = 9",
        ],
        2,
    ),
    "inserted": (
        ["INSERT INTO records SELECT 5, 'aud_x', time, kind, body, hash, hash FROM records LIMIT 1"],
        5,
    ),
    "beheaded": (["DELETE FROM records WHERE sequence = 1"], 5),
    "cut at the end": (["DELETE FROM records WHERE sequence = 4"], 4),
    "cut with its head": (
        [
            "DELETE FROM records WHERE sequence = 4",
            "UPDATE head SET sequence = 3, hash = (SELECT hash FROM records WHERE sequence = 3)",
        ],
        4,
    ),
    "without a head": (["DELETE FROM head"], 5),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_changed_log_is_found_out_with_the_first_broken_record(tmp_path: Path, edit: str) -> None:
    log = log_with(tmp_path, 4)
    statements, sequence = EDITS[edit]
    change(log, *statements)
    result = AuditLog(log.path, key=KEY).verify()
    assert not result.ok
    assert result.sequence == sequence
    assert result.problem


def test_a_chain_rewritten_without_the_key_is_found_out(tmp_path: Path) -> None:
    log = log_with(tmp_path, 3)
    forger = AuditLog(tmp_path / "forged.db", key=b"x" * 32)
    for number in range(3):
        forger.append(record(request_id=f"r{number}", outcome="failed"))
    forger.close()
    log.close()
    log.path.write_bytes((tmp_path / "forged.db").read_bytes())
    assert "another key" in (AuditLog(log.path, key=KEY).verify().problem or "")


def test_the_chain_is_signed_every_hundred_records_and_on_demand(tmp_path: Path) -> None:
    log = log_with(tmp_path, CHECKPOINT_EVERY + 1)
    assert log.verify().signed_to == CHECKPOINT_EVERY
    anchor = log.checkpoint()
    assert anchor is not None
    assert signature_holds(anchor, log.keys.public)
    assert not signature_holds(replace(anchor, hash="0" * 64), log.keys.public)
    log.append(record())
    assert log.verify([anchor]).ok
    assert log.verify().signed_to == CHECKPOINT_EVERY + 1


def test_a_log_put_back_to_an_earlier_copy_does_not_fit_a_checkpoint_kept_elsewhere(tmp_path: Path) -> None:
    log = log_with(tmp_path, 2)
    log.close()
    copy = log.path.read_bytes()
    log.append(record())
    anchor = log.checkpoint()
    assert anchor is not None
    log.close()
    log.path.write_bytes(copy)
    log.append(record(outcome="failed"))
    assert log.verify().ok
    assert log.verify([anchor]).problem == "the record is not the one that its checkpoint signed"


def test_retention_removes_old_records_and_the_log_still_verifies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = log_with(tmp_path, 3, retention_days=30)

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime.now(UTC) + timedelta(days=60)

    monkeypatch.setattr(audit_module, "datetime", Later)
    for _ in range(CHECKPOINT_EVERY - 3):
        log.append(record())
    monkeypatch.undo()
    result = AuditLog(log.path, key=KEY).verify()
    assert (result.ok, result.expired_to, result.records) == (True, 3, CHECKPOINT_EVERY - 3 + 1)
    assert [one["kind"] for one in log.latest(1)] == ["expired"]
    change(log, "DELETE FROM records WHERE sequence = 4")
    assert log.verify().problem == "the first records are missing, and no record says that they expired"


KILLED = """
import os, sys, threading, time
from pathlib import Path
from prudent.types.safety import Action
from prudent_responsible_ai.audit import AuditLog
from prudent_responsible_ai.audit_record import AuditRecord
record = AuditRecord(policy="default", policy_hash="h", streaming_mode="hold", action=Action.ALLOW)
log = AuditLog(Path(sys.argv[1]), key=b"k" * 32)
def die():
    time.sleep(float(sys.argv[2]))
    os.kill(os.getpid(), 9)
threading.Thread(target=die, daemon=True).start()
while True:
    print(log.append(record), flush=True)
"""


@pytest.mark.parametrize("seconds", [0.01, 0.05, 0.11])
def test_a_process_killed_at_any_moment_loses_no_record_that_it_has_answered_for(
    tmp_path: Path, seconds: float
) -> None:
    path = tmp_path / "audit.db"
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(path), str(seconds)], capture_output=True, text=True, check=False
    )
    assert killed.returncode == -9
    log = AuditLog(path, key=KEY)
    promised = killed.stdout.split()
    kept = [one["id"] for one in log.records()]
    assert kept[: len(promised)] == promised
    assert len(kept) <= len(promised) + 1
    log.append(record())
    assert log.verify().ok


APPENDS = """
import sys
from pathlib import Path
from prudent.types.safety import Action
from prudent_responsible_ai.audit import AuditLog
from prudent_responsible_ai.audit_record import AuditRecord
record = AuditRecord(policy="default", policy_hash="h", streaming_mode="hold", action=Action.ALLOW)
log = AuditLog(Path(sys.argv[1]), key=b"k" * 32)
for _ in range(20):
    log.append(record)
"""


def test_processes_may_append_at_once(tmp_path: Path) -> None:
    path = tmp_path / "audit.db"
    workers = [subprocess.Popen([sys.executable, "-c", APPENDS, str(path)]) for _ in range(2)]
    assert [worker.wait() for worker in workers] == [0, 0]
    result = AuditLog(path, key=KEY).verify()
    assert (result.ok, result.records) == (True, 40)


def test_the_log_holds_no_text_and_no_user_id(tmp_path: Path) -> None:
    policy = without_models(load_policy("strict"))
    pipeline = build_pipeline(policy)
    parts = [Part("Mail bob@example.com, the code word is walrus", Source.USER)]
    review = pipeline.review(parts)
    gate = pipeline.open_gate(review)
    gate.feed("eve@example.com and a heron")
    gate.finish()
    log = AuditLog(tmp_path / "audit.db", key=KEY)
    described = describe(
        log.key_of("user-4711"),
        policy,
        parts,
        review.results,
        review.action,
        [[gate]],
        user="user-4711",
        request_id="r1",
    )
    identity = log.append(described)
    log.close()
    raw = log.path.read_bytes().decode("latin-1")
    for content in ("bob@", "eve@", "walrus", "heron", "user-4711"):
        assert content not in raw
    (kept,) = log.records()
    assert kept["id"] == identity
    body = kept["body"]
    assert body["texts"][0]["categories"]["pii"]["labels"] == {"email": 1}
    assert body["texts"][0]["characters"] == len(parts[0].text)
    assert body["texts"][1]["choice_index"] == 0
    assert body["user"] == log.fingerprint("user-4711", user="user-4711")


def test_a_user_who_is_erased_cannot_be_found_any_more(tmp_path: Path) -> None:
    log = log_with(tmp_path, 0)
    before = log.fingerprint("user-4711", user="user-4711")
    assert log.fingerprint("user-4711", user="user-4711") == before
    assert log.fingerprint("user-4711", user="other") != before
    assert log.erase("user-4711")
    assert not log.erase("user-4711")
    assert log.fingerprint("user-4711", user="user-4711") != before
    assert [one["kind"] for one in log.records()] == ["erased"]
    assert (tmp_path / "audit.keys.db").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("on_failure", list(OnFailure))
def test_a_log_that_cannot_be_written_follows_the_policy(tmp_path: Path, on_failure: OnFailure) -> None:
    log = log_with(tmp_path, 1, on_failure=on_failure)
    log.close()
    log.path.unlink()
    log.path.mkdir()
    with pytest.raises(StorageError):
        log.append(record())
    if on_failure is OnFailure.BLOCK:
        with pytest.raises(ServiceUnavailableError, match="audit"):
            log.write(None, lambda key: record())
    else:
        assert log.write(None, lambda key: record()) is None


def test_a_full_disk_is_an_error_and_not_half_a_record(tmp_path: Path) -> None:
    log = log_with(tmp_path, 2)
    with log._store.changing() as connection:  # pyright: ignore[reportPrivateUsage]
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    log._store._open().execute(f"PRAGMA max_page_count = {pages + 2}")  # SQLite's own way to a full disk
    big = [record(metadata={"note": "x" * 4000})] * 200
    with pytest.raises(StorageError, match="full"):
        list(map(log.append, big))
    kept = len(list(log.records()))
    assert kept >= 2
    assert log.verify().ok
    log.append(record())
    assert len(list(log.records())) == kept + 1


def test_the_key_is_private_and_stays_the_same(tmp_path: Path) -> None:
    path = tmp_path / "home" / "audit.key"
    key = load_or_create_key(path)
    assert load_or_create_key(path) == key
    assert len(key) == 32
    assert path.stat().st_mode & 0o077 == 0
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="Others may read"):
        load_or_create_key(path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(ConfigurationError, match="damaged"):
        load_or_create_key(path)


def test_the_log_itself_is_private(tmp_path: Path) -> None:
    log = log_with(tmp_path, 1)
    assert log.path.stat().st_mode & 0o077 == 0
    assert os.access(log.path, os.R_OK)
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())
