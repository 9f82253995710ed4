"""The audit trail: what it keeps, how it finds changes, and what happens when it cannot write."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from prudent.errors import ConfigurationError, ServiceUnavailableError, StorageError
from prudent.types.content import Source
from prudent.types.safety import Action
from prudent_responsible_ai import Part, build_pipeline, load_policy
from prudent_responsible_ai import audit as audit_module
from prudent_responsible_ai.audit import AuditLog
from prudent_responsible_ai.audit_key import load_or_create_key
from prudent_responsible_ai.audit_record import AuditRecord, describe
from prudent_responsible_ai.policy import AuditSettings, OnFailure

KEY = b"k" * 32


def record(**fields: object) -> AuditRecord:
    plain = {"policy": "default", "policy_hash": "h", "streaming_mode": "hold", "action": Action.ALLOW}
    return AuditRecord.model_validate({**plain, **fields})


def log_with(folder: Path, records: int, **settings: object) -> AuditLog:
    log = AuditLog(folder / "audit.jsonl", key=KEY, settings=AuditSettings.model_validate(settings))
    for number in range(records):
        log.append(record(request_id=f"r{number}"))
    return log


def change(path: Path, edit: Callable[[list[bytes]], list[bytes]]) -> None:
    path.write_bytes(b"".join(edit(path.read_bytes().splitlines(keepends=True))))


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
    assert first.verify().ok


EDITS: dict[str, tuple[Callable[[list[bytes]], list[bytes]], int]] = {
    "edited": (lambda lines: [*lines[:1], lines[1].replace(b'"allow"', b'"block"'), *lines[2:]], 2),
    "deleted": (lambda lines: [lines[0], *lines[2:]], 2),
    "swapped": (lambda lines: [lines[0], lines[2], lines[1], lines[3]], 2),
    "repeated": (lambda lines: [*lines[:2], lines[1], *lines[2:]], 3),
    "inserted": (lambda lines: [*lines[:2], b'{"sequence":3}\n', *lines[2:]], 3),
    "beheaded": (lambda lines: lines[1:], 5),
    "cut at the end": (lambda lines: lines[:-1], 4),
    "cut in a record": (lambda lines: [*lines[:-1], lines[-1][:40]], 4),
    "garbled": (lambda lines: [*lines[:3], b"\xff\xfe\n"], 4),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_changed_log_is_found_out_with_the_first_broken_record(tmp_path: Path, edit: str) -> None:
    log = log_with(tmp_path, 4)
    apply, sequence = EDITS[edit]
    change(log.path, apply)
    result = AuditLog(log.path, key=KEY).verify()
    assert not result.ok
    assert result.sequence == sequence
    assert result.problem


def test_a_chain_rewritten_without_the_key_is_found_out(tmp_path: Path) -> None:
    log_with(tmp_path, 3)
    assert not AuditLog(tmp_path / "audit.jsonl", key=b"x" * 32).verify().ok


def test_a_missing_or_older_head_file_is_noticed(tmp_path: Path) -> None:
    log = log_with(tmp_path, 2)
    (tmp_path / "audit.jsonl.head").unlink()
    assert log.verify().problem == "the head file is missing"


def test_a_torn_record_is_cut_off_and_the_repair_is_recorded(tmp_path: Path) -> None:
    log = log_with(tmp_path, 2)
    with log.path.open("ab") as file:
        file.write(b'{"sequence":3,"tor')
    AuditLog(log.path, key=KEY).append(record())
    assert [one["kind"] for one in log.records()] == ["request", "request", "repaired", "request"]
    assert AuditLog(log.path, key=KEY).verify().ok


def test_full_segments_are_kept_in_one_chain(tmp_path: Path) -> None:
    log = log_with(tmp_path, 0, max_megabytes=1)
    big = record(metadata={"note": "x" * 200_000})
    for _ in range(14):
        log.append(big)
    assert [path.name for path in log.segments()] == [
        "audit.000001.jsonl",
        "audit.000002.jsonl",
        "audit.jsonl",
    ]
    assert AuditLog(log.path, key=KEY).verify().ok
    change(log.segments()[0], lambda lines: lines[1:])
    assert not log.verify().ok


def test_retention_removes_old_segments_and_the_log_still_verifies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = log_with(tmp_path, 0, max_megabytes=1, retention_days=30)
    big = record(metadata={"note": "x" * 600_000})
    for _ in range(3):
        log.append(big)

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime.now(UTC) + timedelta(days=60)

    monkeypatch.setattr(audit_module, "datetime", Later)
    for _ in range(3):
        log.append(big)
    monkeypatch.undo()
    assert "audit.000001.jsonl" not in {path.name for path in log.segments()}
    result = AuditLog(log.path, key=KEY).verify()
    assert result.ok
    assert result.expired_to > 0


def test_segments_removed_by_hand_are_not_taken_for_expired(tmp_path: Path) -> None:
    log = log_with(tmp_path, 0, max_megabytes=1)
    for _ in range(5):
        log.append(record(metadata={"note": "x" * 600_000}))
    log.segments()[0].unlink()
    assert log.verify().problem == "the first records are missing, and no record says that they expired"


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
    path = tmp_path / "audit.jsonl"
    workers = [subprocess.Popen([sys.executable, "-c", APPENDS, str(path)]) for _ in range(2)]
    assert [worker.wait() for worker in workers] == [0, 0]
    result = AuditLog(path, key=KEY).verify()
    assert (result.ok, result.records) == (True, 40)


def test_the_log_holds_no_text_and_no_user_id(tmp_path: Path) -> None:
    policy = load_policy("strict")
    pipeline = build_pipeline(policy)
    parts = [Part("Mail bob@example.com, the code word is walrus", Source.USER)]
    review = pipeline.review(parts)
    gate = pipeline.open_gate(review)
    gate.feed("eve@example.com and a heron")
    gate.finish()
    log = AuditLog(tmp_path / "audit.jsonl", key=KEY)
    described = describe(
        KEY, policy, parts, review.results, review.action, [[gate]], user="user-4711", request_id="r1"
    )
    identity = log.append(described)
    raw = log.path.read_text(encoding="utf-8")
    for content in ("bob@", "eve@", "walrus", "heron", "user-4711"):
        assert content not in raw
    (kept,) = log.records()
    assert kept["id"] == identity
    body = kept["body"]
    assert body["texts"][0]["categories"]["pii"]["labels"] == {"email": 1}
    assert body["texts"][0]["characters"] == len(parts[0].text)
    assert body["texts"][1]["choice_index"] == 0
    assert body["user"] == log.fingerprint("user-4711")


@pytest.mark.parametrize("on_failure", list(OnFailure))
def test_a_log_that_cannot_be_written_follows_the_policy(tmp_path: Path, on_failure: OnFailure) -> None:
    log = log_with(tmp_path, 1, on_failure=on_failure)
    log.path.unlink()
    log.path.mkdir()
    with pytest.raises(StorageError):
        log.append(record())
    if on_failure is OnFailure.BLOCK:
        with pytest.raises(ServiceUnavailableError, match="audit"):
            log.write(record())
    else:
        assert log.write(record()) is None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_an_error_and_not_half_a_record(tmp_path: Path) -> None:
    log = log_with(tmp_path, 0)
    log.path.symlink_to("/dev/full")
    with pytest.raises(StorageError, match="cannot be written"):
        log.append(record())


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
    assert json.loads(log.path.read_text(encoding="utf-8"))["sequence"] == 1
