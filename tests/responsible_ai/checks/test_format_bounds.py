"""The promise that lets streamed text go on: every match is told within LONGEST_MATCH characters."""

from __future__ import annotations

import re
from re import _parser  # type: ignore[attr-defined]

import pytest

from prudent_responsible_ai.check import LONGEST_MATCH
from prudent_responsible_ai.checks import CHECKS
from prudent_responsible_ai.checks.detect_secrets_formats import detect_secrets_formats
from prudent_responsible_ai.checks.national_ids import IBAN_FORMS, IDENTIFIERS
from prudent_responsible_ai.checks.secret_formats import FORMATS
from prudent_responsible_ai.safety_models import LocalSafetyModels
from prudent_responsible_ai.setup import CheckSetup

PATTERNS = [form.pattern for form in (*FORMATS, *detect_secrets_formats())]
PATTERNS += [kind.pattern for kind in IDENTIFIERS]
PATTERNS += list(IBAN_FORMS)


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.pattern[:40])
def test_a_match_is_told_within_the_bound(pattern: re.Pattern[str]) -> None:
    widest = _parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE).getwidth()[1]
    context = 320 if "PRIVATE" in pattern.pattern else 0
    assert widest - context <= LONGEST_MATCH


def test_every_check_names_itself_as_the_registry_does() -> None:
    made = {name: factory(CheckSetup(LocalSafetyModels(), name)) for name, factory in CHECKS.items()}
    assert {name: check.id for name, check in made.items()} == {name: name for name in CHECKS}
