"""The packaged encoder finds names in plain sentences, and hardly any in logs, code and numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from prudent.types.content import Source
from prudent_responsible_ai.check import CheckContext
from prudent_responsible_ai.checks.names import NamesCheck
from prudent_responsible_ai.safety_models import LocalSafetyModels
from prudent_responsible_ai.text_view import Reading

pytestmark = pytest.mark.model

BENIGN = Path(__file__).parents[1] / "checks" / "data" / "benign.txt"
FALSE_AT_MOST = 0.05
"""Share of benign lines in which a person or an address may be seen."""


@pytest.fixture(scope="module")
def names() -> NamesCheck:
    return NamesCheck(LocalSafetyModels())


def _found(names: NamesCheck, text: str) -> list[tuple[str, str]]:
    findings = names.check(text, CheckContext(Source.USER, Reading(text)))
    return [(text[span.start : span.end], span.label) for one in findings for span in one.spans]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "Hi Tom, could you call Maria Fernandez at Contoso Ltd in Lisbon tomorrow?",
            [
                ("Tom", "person"),
                ("Maria Fernandez", "person"),
                ("Contoso Ltd", "org"),
                ("Lisbon", "location"),
            ],
        ),
        (
            "我和李晓梅昨天在杭州见了张伟经理。",
            [("李晓梅", "person"), ("杭州", "location"), ("张伟", "person")],
        ),
        (
            "My name is Olga Petrova and I live at 14 Rosewood Avenue, Brighton BN1 3XY.",
            [("Olga Petrova", "person"), ("14 Rosewood Avenue, Brighton BN1 3XY", "address")],
        ),
        (
            "请把合同寄到北京市朝阳区建国路88号，收件人王建国。",
            [("北京市朝阳区建国路88号", "address"), ("王建国", "person")],
        ),
        (
            "Bonjour, je suis Camille Laurent, j'habite à Lyon.",
            [("Camille Laurent", "person"), ("Lyon", "location")],
        ),
        ("Please sort the list and return the top three items.", []),
        ("请解释一下二分查找的时间复杂度。", []),
    ],
)
def test_names_in_plain_sentences(names: NamesCheck, text: str, found: list[tuple[str, str]]) -> None:
    assert _found(names, text) == found


def test_logs_code_and_numbers_hold_hardly_any_names(names: NamesCheck) -> None:
    lines = [line for line in BENIGN.read_text(encoding="utf-8").splitlines() if line[:2] not in ("", "# ")]
    flagged = [
        line for line in lines if any(label in ("person", "address") for _, label in _found(names, line))
    ]
    assert len(lines) > 90
    assert len(flagged) <= FALSE_AT_MOST * len(lines), flagged
