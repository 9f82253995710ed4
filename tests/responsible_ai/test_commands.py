"""`prudent policy` and `prudent audit`, as typed."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from prudent.cli import audit, policy
from prudent.errors import ConfigurationError, InvalidRequestError, NotFoundError
from prudent.types.safety import Action
from prudent_responsible_ai import built_in_policies
from prudent_responsible_ai.audit import AuditLog
from prudent_responsible_ai.audit_record import AuditRecord
from prudent_responsible_ai.yaml_lines import read_lined_yaml

runner = CliRunner()


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AuditLog:
    monkeypatch.setenv("PRUDENT_HOME", str(tmp_path))
    log = AuditLog(tmp_path / "audit" / "audit.db")
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


def test_a_policy_is_explained_rule_by_rule() -> None:
    lines = runner.invoke(policy.app, ["explain", "strict"]).stdout.splitlines()
    assert "  secrets from severity 4: refused, also where the check fails" in lines
    assert "  attack (jailbreak) from severity 4: reported; refused where the check fails" in lines
    assert "Streamed answers wait for their checks, piece by piece." in lines
    off = runner.invoke(policy.app, ["explain", "off"]).stdout
    assert "What the user writes: not checked" in off


def test_two_policies_are_compared(tmp_path: Path) -> None:
    sterner = tmp_path / "mine.yaml"
    sterner.write_text("name: mine\nextends: default\nfloor: {tool: [{check: secrets, action: block}]}\n")
    shown = runner.invoke(policy.app, ["diff", "default", str(sterner)]).stdout.splitlines()
    assert shown[0] == "tool"
    assert [line[0] for line in shown[1:]] == ["+"]
    assert "do the same" in runner.invoke(policy.app, ["diff", "default", "default"]).stdout
    told = json.loads(runner.invoke(policy.app, ["diff", "default", str(sterner), "--json"]).stdout)
    assert told["same_rules"] is False


def test_a_policy_is_tried_on_examples(tmp_path: Path) -> None:
    cases = tmp_path / "cases.yaml"
    card = "4111 1111 1111 1111"
    cases.write_text(
        "cases:\n"
        f"  - {{text: 'Bob has {card}', source: assistant, expect: redact, without: '{card}'}}\n"
        f"  - {{text: 'My card is {card}', expect: annotate, categories: {{pii: annotate}}}}\n"
        "  - {text: 'How do I pay?', expect: block, name: wrong on purpose}\n"
    )
    tried = runner.invoke(policy.app, ["test", "default", str(cases)])
    assert tried.exit_code == 1
    assert tried.stdout.splitlines() == [
        "case 3 (wrong on purpose): allow where block is expected",
        "2 of 3 cases as expected",
    ]
    told = json.loads(runner.invoke(policy.app, ["test", "default", str(cases), "--json"]).stdout)
    assert (told["passed"], told["failed"]) == (2, 1)
    cases.write_text("cases:\n  - {txt: hi, expect: allow}\n")
    wrong = runner.invoke(policy.app, ["test", "default", str(cases)]).exception
    assert isinstance(wrong, ConfigurationError)
    assert "line 2" in wrong.message


def test_editors_get_a_schema_that_the_policies_of_prudent_fulfil() -> None:
    schema = json.loads(runner.invoke(policy.app, ["schema"]).stdout)
    validator = jsonschema.Draft202012Validator(schema)
    for name in built_in_policies():
        text = (files("prudent_responsible_ai") / "policies" / f"{name}.yaml").read_text(encoding="utf-8")
        validator.validate(read_lined_yaml(name, text).data)
    assert not validator.is_valid({"name": "x", "rulez": {}})


def test_the_trail_is_looked_for_where_the_environment_or_the_policy_has_it(
    log: AuditLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept.db"
    own = tmp_path / "own.yaml"
    own.write_text(f"name: own\nextends: default\naudit: {{path: '{kept}'}}\n")
    AuditLog(kept).append(
        AuditRecord(policy="own", policy_hash="h", streaming_mode="hold", action=Action.ALLOW)
    )
    assert "unbroken: 3 records" in runner.invoke(audit.app, ["verify"]).stdout
    monkeypatch.setenv("PRUDENT_POLICY", str(own))
    assert "unbroken: 1 records" in runner.invoke(audit.app, ["verify"]).stdout
    monkeypatch.setenv("PRUDENT_AUDIT_PATH", str(log.path))
    assert "unbroken: 3 records" in runner.invoke(audit.app, ["verify"]).stdout


def test_an_unbroken_trail_exits_with_0_and_a_broken_one_with_1(log: AuditLog) -> None:
    result = runner.invoke(audit.app, ["verify"])
    assert result.exit_code == 0
    assert result.stdout.startswith("unbroken: 3 records")
    log.close()
    with closing(sqlite3.connect(log.path)) as connection:
        connection.execute("DROP TRIGGER records_never_change")
        connection.execute("UPDATE records SET body = replace(body, 'allow', 'block') WHERE sequence = 1")
        connection.commit()
    result = runner.invoke(audit.app, ["verify", "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["sequence"] == 1


def test_records_are_shown_by_id_and_by_recency(log: AuditLog) -> None:
    last = list(log.records())[-1]
    assert json.loads(runner.invoke(audit.app, ["show", last["id"], "--json"]).stdout) == last
    shown = runner.invoke(audit.app, ["show", last["id"]]).stdout
    assert shown.startswith(f"{last['id']}  (record 3, request)\n")
    assert f"policy      {last['body']['policy']} (" in shown
    assert len(runner.invoke(audit.app, ["show", "-n", "2"]).stdout.splitlines()) == 2
    assert isinstance(runner.invoke(audit.app, ["show", "aud_none"]).exception, NotFoundError)


def test_the_trail_is_exported_signed_and_erased(log: AuditLog, tmp_path: Path) -> None:
    log.write(
        "ann",
        lambda key: AuditRecord(policy="p", policy_hash="h", streaming_mode="hold", action=Action.BLOCK),
    )
    lines = runner.invoke(audit.app, ["export"]).stdout.splitlines()
    assert [json.loads(line)["sequence"] for line in lines] == [1, 2, 3, 4]
    table = runner.invoke(audit.app, ["export", "--format", "csv"]).stdout.splitlines()
    assert table[0].startswith("sequence,id,time,kind,outcome")
    assert ",block," in table[4]
    assert runner.invoke(audit.app, ["export", "--since", "2999"]).stdout == ""
    kept = tmp_path / "kept.json"
    kept.write_text(runner.invoke(audit.app, ["checkpoint"]).stdout)
    assert "signed up to 4" in runner.invoke(audit.app, ["verify", "--checkpoint", str(kept)]).stdout
    assert runner.invoke(audit.app, ["erase", "ann"]).stdout == "erased\n"
    assert isinstance(runner.invoke(audit.app, ["erase", "ann"]).exception, NotFoundError)
    kept.write_text("{}")
    wrong = runner.invoke(audit.app, ["verify", "--checkpoint", str(kept)]).exception
    assert isinstance(wrong, InvalidRequestError)
