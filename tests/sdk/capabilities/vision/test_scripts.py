"""Letters tell their languages, as far as they do."""

from __future__ import annotations

import pytest

from prudent.capabilities.vision.scripts import languages_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, world", ["und-Latn"]),
        ("清晨的集市", ["zh"]),
        ("清晨の市場が開く", ["ja"]),
        ("안녕하세요", ["ko"]),
        ("Добрый день", ["und-Cyrl"]),
        ("清晨的集市 ok", ["zh", "und-Latn"]),
        ("12:30 – 14:00", []),
        ("", []),
    ],
)
def test_languages(text: str, expected: list[str]) -> None:
    assert languages_of([text]) == expected
