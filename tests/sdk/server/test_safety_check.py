"""Verdicts for the asking: part by part, nothing refused, on record, over any way to the server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from prudent.client import Client
from prudent.client.transports import AppTransport
from prudent.errors import InvalidRequestError
from prudent.testing import ScriptedModel, scripted_app
from prudent.types.content import Source
from prudent.types.safety import Action
from prudent.types.safety_check import PartToCheck
from prudent_responsible_ai.audit import AuditLog
from prudent_responsible_ai.pipeline import Pipeline

Connect = Callable[..., Client]


def test_a_text_gets_its_verdicts_and_is_never_refused(connect: Connect) -> None:
    client = connect(ScriptedModel())
    fine, refused = client.safety.check("hello"), client.safety.check("a forbidden word")
    assert (fine.blocked, fine.action, fine.parts[0].text) == (False, Action.ALLOW, "hello")
    assert (refused.blocked, refused.action, refused.parts[0].text) == (True, Action.BLOCK, None)
    assert refused.parts[0].content_filter_results["forbidden"].filtered
    assert refused.safety is not None


def test_each_part_is_checked_by_the_rules_of_its_source(connect: Connect) -> None:
    parts = [PartToCheck(text="private"), {"text": "private", "source": "tool"}]
    answer = connect(ScriptedModel()).safety.check(parts)
    assert [(part.source, part.action) for part in answer.parts] == [
        (Source.USER, Action.REDACT),
        (Source.TOOL, Action.ALLOW),
    ]
    assert "private" not in (answer.parts[0].text or "")
    assert answer.parts[1].text == "private"


def test_it_leaves_one_record_without_the_text(words: Pipeline, tmp_path: Path) -> None:
    audit = AuditLog(tmp_path / "audit.db", key=b"k" * 32)
    transport = AppTransport(lambda: scripted_app(ScriptedModel(), pipeline=words, audit=audit))
    with httpx.Client(transport=transport) as http:
        Client(http_client=http).safety.check("a forbidden word", user="jo")
    (record,) = audit.latest(5)
    assert (record["body"]["route"], record["body"]["outcome"]) == ("/v1/safety/check", "completed")
    assert record["body"]["action"] == "block"


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ([], "input"),
        ([{"text": "x", "source": "nobody"}], "input[0].source"),
        ([{"text": "x", "sorce": "user"}], "input[0].sorce"),
        ([{"txt": "x"}], "input[0]"),
        (7, "input"),
    ],
)
def test_wrong_parts_are_an_error_that_names_them(connect: Connect, wrong: object, param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        connect(ScriptedModel()).safety.check(wrong)  # pyright: ignore[reportArgumentType]
    assert (caught.value.param or "").startswith(param)
