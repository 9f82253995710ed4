"""Audit records in the terminal."""

from __future__ import annotations

from prudent.cli.audit_view import line, lines

FOUND = {"action": "redact", "labels": {"email": 2}, "rule": "user.2.pii", "severity": 4, "state": "checked"}
CLEAN = {"action": "allow", "labels": {}, "rule": None, "severity": 0, "state": "checked"}
RECORD = {
    "sequence": 7,
    "id": "aud_1",
    "time": "2026-03-01T10:20:30.123+00:00",
    "kind": "request",
    "body": {
        "action": "redact",
        "outcome": "completed",
        "model": None,
        "route": "/v1/safety/check",
        "policy": "default",
        "policy_hash": "0123456789abcdef",
        "metadata": {"租户": "甲"},
        "texts": [
            {
                "source": "user",
                "characters": 40,
                "fingerprint": "ab" * 16,
                "categories": {"pii": FOUND, "hate": CLEAN, "bias": {**CLEAN, "state": "skipped"}},
            }
        ],
    },
}


def test_a_line_says_how_it_ended_and_what_was_asked() -> None:
    assert line(RECORD) == (
        "     7  2026-03-01T10:20:30Z  aud_1  completed  redact    default     /v1/safety/check"
    )


def test_in_full_each_text_has_what_was_found_and_what_was_not() -> None:
    said = "\n".join(lines(RECORD))
    assert "policy      default (0123456789ab)" in said
    assert "metadata    租户: 甲" in said
    assert said.endswith(
        "user's text, 40 characters, fingerprint abababababab\n"
        "  pii: redact, severity 4 (2 x email), rule user.2.pii\n"
        "  bias: skipped\n"
        "  nothing found: hate"
    )


def test_a_record_of_another_kind_is_shown_too() -> None:
    record = {"sequence": 8, "id": "aud_2", "time": "2026-03-01T10:20:30+00:00", "kind": "expiry", "body": {}}
    assert "expiry" in line(record)
    assert next(lines(record)) == "aud_2  (record 8, expiry)"
