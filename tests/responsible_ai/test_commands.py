"""`prudent policy` and `prudent audit`, as typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from prudent.cli import audit, policy
from prudent.errors import ConfigurationError, NotFoundError
from prudent.types.safety import Action
from prudent_responsible_ai.audit import AuditLog
from prudent_responsible_ai.audit_record import AuditRecord

runner = CliRunner()


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AuditLog:
    monkeypatch.setenv("PRUDENT_HOME", str(tmp_path))
    log = AuditLog(tmp_path / "audit" / "audit.jsonl")
    for _ in range(3):
        log.append(AuditRecord(policy="default", policy_hash="h", streaming_mode="hold", action=Action.ALLOW))
    return log


def test_policies_are_listed_checked_and_shown() -> None:
    assert "strict" in runner.invoke(policy.app, ["list"]).stdout
    checked = runner.invoke(policy.app, ["check", "default", "--json"])
    assert json.loads(checked.stdout)["valid"] is True
    shown = json.loads(runner.invoke(policy.app, ["show", "strict", "--json"]).stdout)
    assert shown["rules"]["user"][0]["action"] == "block"
    assert "severity >= 4" in runner.invoke(policy.app, ["show"]).stdout


def test_a_wrong_policy_is_an_error_for_people() -> None:
    assert isinstance(runner.invoke(policy.app, ["check", "defalt"]).exception, ConfigurationError)


def test_an_unbroken_trail_exits_with_0_and_a_broken_one_with_1(log: AuditLog) -> None:
    result = runner.invoke(audit.app, ["verify"])
    assert result.exit_code == 0
    assert result.stdout.startswith("unbroken: 3 records")
    log.path.write_bytes(log.path.read_bytes().replace(b'"allow"', b'"block"', 1))
    result = runner.invoke(audit.app, ["verify", "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["sequence"] == 1


def test_records_are_shown_by_id_and_by_recency(log: AuditLog) -> None:
    last = list(log.records())[-1]
    assert json.loads(runner.invoke(audit.app, ["show", last["id"]]).stdout) == last
    assert len(runner.invoke(audit.app, ["show", "-n", "2"]).stdout.splitlines()) == 2
    assert isinstance(runner.invoke(audit.app, ["show", "aud_none"]).exception, NotFoundError)
