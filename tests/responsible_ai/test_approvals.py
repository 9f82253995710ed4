"""A request that is held waits for a person's word, which is of its very words and counts once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from prudent.errors import ApprovalRequiredError, NotFoundError, StorageError
from prudent.testing import ScriptedModel
from prudent.types.content import Source
from prudent.types.safety import Action
from prudent_responsible_ai.approvals import Approvals, ApprovalState
from prudent_responsible_ai.policy import Policy, Rule

PARTS = [("user", "Pay 500 to Bob.")]


@pytest.fixture
def approvals(tmp_path: Path) -> Approvals:
    return Approvals(tmp_path / "approvals.db")


def test_an_approval_is_of_the_very_words_and_policy_and_counts_once(approvals: Approvals) -> None:
    asked = approvals.ask(PARTS, "policy", "harm")
    assert asked.state is ApprovalState.WAITING
    assert approvals.ask(PARTS, "policy", "harm").digest == asked.digest
    approvals.decide(asked.digest[:10], approve=True)
    assert approvals.ask([("user", "Pay 900 to Bob.")], "policy", "harm").state is ApprovalState.WAITING
    assert approvals.ask(PARTS, "another policy", "harm").state is ApprovalState.WAITING
    assert approvals.ask(PARTS, "policy", "harm").state is ApprovalState.USED
    assert approvals.ask(PARTS, "policy", "harm").state is ApprovalState.WAITING


def test_a_denied_request_stays_denied(approvals: Approvals) -> None:
    asked = approvals.ask(PARTS, "policy", "harm")
    approvals.decide(asked.digest, approve=False)
    assert approvals.ask(PARTS, "policy", "harm").state is ApprovalState.DENIED
    with pytest.raises(NotFoundError, match="No request that waits"):
        approvals.decide(asked.digest, approve=True)


def test_of_many_at_once_one_uses_the_approval(approvals: Approvals) -> None:
    approvals.decide(approvals.ask(PARTS, "policy", "harm").digest, approve=True)
    gate = threading.Barrier(8)

    def ask(_: int) -> ApprovalState:
        gate.wait()
        return approvals.ask(PARTS, "policy", "harm").state

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))).count(ApprovalState.USED) == 1


def test_no_text_is_kept_and_the_file_is_the_owners_alone(approvals: Approvals, tmp_path: Path) -> None:
    approvals.ask(PARTS, "policy", "harm: a reason")
    file = tmp_path / "approvals.db"
    assert b"Bob" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be read or written"):
        Approvals(tmp_path / "file" / "approvals.db").ask(PARTS, "policy", "harm")


def test_answers_cannot_be_held() -> None:
    rules = {Source.ASSISTANT: [Rule(check="secrets", action=Action.HOLD)]}
    with pytest.raises(ValueError, match="answers can be blocked"):
        Policy(name="x", version="1", rules=rules)


def test_a_held_request_goes_through_the_server_once_approved(approvals: Approvals) -> None:
    """The whole way: 403 with what to do, a word, the answer, and 403 again."""
    from fastapi.testclient import TestClient
    from word_check import WordCheck

    from prudent.server.app import create_app
    from prudent.server.settings import Settings
    from prudent.testing import ScriptedModels
    from prudent_responsible_ai.pipeline import Pipeline

    policy = Policy(name="pay", version="1", rules={Source.USER: [Rule(check="pay", action=Action.HOLD)]})
    app = create_app(
        Settings(model="scripted"),
        pool=ScriptedModels((ScriptedModel(id="scripted"),)),
        pipeline=Pipeline(policy, [WordCheck("pay")]),
        approvals=approvals,
    )
    body = {"model": "scripted", "messages": [{"role": "user", "content": "please pay Bob"}]}
    with TestClient(app, base_url="http://127.0.0.1") as client:
        held = client.post("/v1/chat/completions", json=body)
        assert held.status_code == 403
        error = held.json()["error"]
        assert error["code"] == ApprovalRequiredError.code
        assert "prudent approvals approve" in error["message"]
        assert "Bob" not in held.text
        approvals.decide(approvals.latest()[0].digest, approve=True)
        assert client.post("/v1/chat/completions", json=body).status_code == 200
        assert client.post("/v1/chat/completions", json=body).status_code == 403
