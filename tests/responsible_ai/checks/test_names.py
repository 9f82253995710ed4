"""The names check's rules, with an encoder that finds what it is told to find; dates and plates by form."""

from __future__ import annotations

import pytest
from scripted_encoder import ScriptedEncoder, ScriptedModels

from prudent.errors import PrudentError
from prudent.types.content import Source
from prudent.types.safety import Action, CheckState
from prudent_responsible_ai import Part, Policy, build_pipeline
from prudent_responsible_ai.check import CheckContext
from prudent_responsible_ai.checks.birth_dates import birth_dates
from prudent_responsible_ai.checks.names import NamesCheck, NamesOptions
from prudent_responsible_ai.checks.number_plates import number_plates
from prudent_responsible_ai.policy import OnFailure, Rule
from prudent_responsible_ai.text_view import Reading

NAMES = {"Ann Lee": "PERSON", "Leeds": "LOCATION", "Acme Ltd": "ORG", "1 High St, Leeds": "ADDRESS"}


def _found(text: str, start: int = 0, **options: object) -> list[tuple[str, str, int]]:
    check = NamesCheck(ScriptedModels(ScriptedEncoder({}, NAMES)), NamesOptions.model_validate(options))
    findings = check.check(text, CheckContext(Source.USER, Reading(text, start)))
    return [
        (text[span.start : span.end], span.label, one.severity)
        for one in findings
        if one.state is CheckState.CHECKED
        for span in one.spans
    ]


def test_names_are_found_where_they_stand() -> None:
    text = "Ann Lee of Acme Ltd moved. She lives at 1 High St, Leeds, born 3 May 1990, drives 京A·12345."
    assert _found(text) == [
        ("Ann Lee", "person", 4),
        ("Acme Ltd", "org", 2),
        ("1 High St, Leeds", "address", 5),
        ("3 May 1990", "birth_date", 5),
        ("京A·12345", "number_plate", 4),
    ]


def test_what_stood_before_is_not_found_again() -> None:
    assert _found("Ann Lee is here. Leeds is not.", start=16) == [("Leeds", "location", 2)]


def test_options_let_names_through() -> None:
    assert _found("Ann Lee, Leeds", allow=["leeds"]) == [("Ann Lee", "person", 4)]
    assert _found("Ann Lee, Leeds", least=0.95) == []


def test_a_language_without_measured_rows_is_unverified() -> None:
    check = NamesCheck(ScriptedModels(ScriptedEncoder({}, {})))
    text = "Καλημέρα, μένω στην Αθήνα."
    (finding,) = check.check(text, CheckContext(Source.USER, Reading(text)))
    assert finding.state is CheckState.UNVERIFIED


class NoModels:
    """Models that cannot be had."""

    def encoder(self) -> object:
        raise PrudentError("The checks' encoder is missing.")

    def embedder(self) -> object:
        raise PrudentError("There is none.")


@pytest.mark.parametrize("on_error", list(OnFailure))
def test_without_an_encoder_the_policy_decides(on_error: OnFailure) -> None:
    rule = Rule(check="names", severity=2, action=Action.REDACT, on_error=on_error)
    pipeline = build_pipeline(Policy(name="own", version="1", rules={Source.USER: [rule]}), NoModels())
    review = pipeline.review([Part("Ann Lee", Source.USER)])
    (result,) = review.results
    assert result.content_filter_results["pii_names"].state is CheckState.ERROR
    assert review.blocked is (on_error is OnFailure.BLOCK)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("She was born on 12 May 1990 in Leeds.", "12 May 1990"),
        ("DOB: 05/12/1990", "05/12/1990"),
        ("Date of birth\n1990-05-12", "1990-05-12"),
        ("geboren am 12. Mai 1990", "12. Mai 1990"),
        ("geb. 12.05.1990", "12.05.1990"),
        ("née le 3 août 1975", "3 août 1975"),
        ("nació el 3 de enero de 1975", "3 de enero de 1975"),
        ("出生日期：1990年5月12日", "1990年5月12日"),
        ("1990年5月12日出生", "1990年5月12日"),
        ("生年月日：1990/05/12", "1990/05/12"),
        ("birthday: May 12, 1990", "May 12, 1990"),
    ],
)
def test_dates_of_birth_are_told_by_the_words_before(text: str, date: str) -> None:
    assert [text[start:end] for start, end in birth_dates(text)] == [date]


@pytest.mark.parametrize(
    "text",
    [
        "The release of 12 May 1990 was the first.",
        "She was born in Leeds. The house was sold on 12 May 1990.",
        "built 2024-05-12T10:00:00Z, revision 19900512",
        "DOB: 45/45/1990",
        "生产日期：1990年5月12日",
        "1990年5月12日生产",
        "The stillborn plan of 1990-05-12",
    ],
)
def test_other_dates_are_left_alone(text: str) -> None:
    assert list(birth_dates(text)) == []


@pytest.mark.parametrize(
    ("text", "plates"),
    [
        ("车牌京A·XK52G违停", ["京A·XK52G"]),
        ("车牌沪B5G3JF和粤BD12345", ["沪B5G3JF", "粤BD12345"]),
        ("京ABCDEF", []),
        ("车牌粤CHRANX违停", ["粤CHRANX"]),
        ("云A区和川B座", []),
        ("京A1234567890", []),
    ],
)
def test_plates_are_told_by_form(text: str, plates: list[str]) -> None:
    assert [text[start:end] for start, end in number_plates(text)] == plates
