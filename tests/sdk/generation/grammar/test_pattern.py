"""Patterns against Python's own engine where both dialects say the same, and refusals where they do not."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prudent.errors import GrammarError
from prudent.generation.grammar import JsonSchema, Regex
from prudent.generation.grammar.formats import PATTERNS
from prudent.generation.grammar.pattern import PatternError, translate

if TYPE_CHECKING:
    from conftest import Walker

# Python reads '&&' and '~~' in a class as ECMA does, and warns that it may not for ever.
pytestmark = pytest.mark.filterwarnings("ignore:Possible:FutureWarning")

ALIKE = [
    "^a", "b$", "^[^a]{2}$", "^.{1,3}$", "a|b", "^$", r"^\d+$", r"^[\w.-]+$", r"^[\s\S]{2}$", '^[^"\\\\]*$',
    "^[a&&b]$", r"^[\[a]]$", "^[!-~]{3}$", "^(ab)+$", "^(?:a|bc)?$", r"^\$[^$]$", r"^\S+\s\S+$", "(?i)^abc$",
    "(?s)^a.b$", r"^[\x00-\x20]$", "^[^\\n]$", r"^\x41\u0042$", "^a{2}$", "^[a~~b]$",
    r"^\W\D\S$", r"^[^\w\s]{2}$", r"^[^\W\d]$", r"^[^\S]$", r"^\^\*\.$",
]  # fmt: skip


@pytest.mark.parametrize("pattern", ALIKE)
def test_what_is_written_matches_the_pattern(walker: Walker, pattern: str) -> None:
    source = JsonSchema(json.dumps({"type": "string", "pattern": pattern}))
    for seed in range(30):
        text = walker.walk(source, seed)
        assert text is None or re.search(pattern, json.loads(text)), text


@pytest.mark.parametrize("pattern", ALIKE)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet='abc1 ."\\-$^[]~&\n', max_size=5))
def test_what_does_not_match_cannot_be_written(walker: Walker, pattern: str, text: str) -> None:
    schema = {"type": "string", "pattern": pattern}
    exact = re.sub(r"(?<!\\)\$$", r"\\Z", pattern)  # Python's $ also matches before a last line end
    assert walker.accepts_json(schema, text) == (re.search(exact, text) is not None)


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(?=a)", "look-around"),
        ("(?<!a)b", "look-around"),
        (r"(a)\1", "back-reference"),
        (r"\bword", "word edge"),
        ("a++", "repeats"),
        ("a{2}{3}", "repeats"),
        ("*a", "repeats"),
        ("(?x)a b", "group of this kind"),
        ("(?>a)", "group of this kind"),
        (r"\A", "escape"),
        (r"\a", "escape"),
        ("[]a]", "empty class"),
        ("[^]", "empty class"),
        ("a{,3}", "{0,"),
        ("[a", "no end"),
        ("a\\", "middle"),
        ("\x01", "U+0001"),
        (r"\x7f", "U+007F"),
        (r"\ud83d", "surrogate"),
        (r"\pL", "escape"),
        (r"\cA", "escape"),
    ],
)
def test_what_cannot_be_enforced_is_named(pattern: str, says: str) -> None:
    with pytest.raises(PatternError, match=re.escape(says)):
        translate(pattern)


def test_surrogate_pairs_are_one_character(walker: Walker) -> None:
    assert walker.accepts(Regex(r"\ud83d\udc32"), "🐲")
    assert walker.accepts(Regex(r"[\u{1F432}]"), "🐲")


def test_errors_of_syntax_are_those_of_the_expression(walker: Walker) -> None:
    with pytest.raises(GrammarError, match="not valid: unclosed group"):
        walker.accepts(Regex("(a"), "a")


@pytest.mark.parametrize(
    ("name", "valid", "invalid"),
    [
        (
            "date",
            ["2024-02-29", "2000-02-29", "2026-11-30"],
            ["2023-02-29", "1900-02-29", "2026-11-31", "2026-13-01"],
        ),
        ("time", ["23:59:59Z", "00:00:00.5+02:30"], ["24:00:00Z", "12:00:60Z", "12:00:00", "12:00Z"]),
        ("date-time", ["2024-02-29T12:00:00Z"], ["2024-02-30T12:00:00Z", "2024-02-29 12:00:00Z"]),
        (
            "hostname",
            ["a", "a-b.example.com", f"{'a' * 63}.b"],
            ["-a", "a-", "xn--a", f"{'a' * 64}", "a..b", "a_b", ".".join(["a" * 50] * 6)],
        ),
        ("byte", ["", "aGk=", "aGkh"], ["a", "aGk", "aG=="[:3]]),
        ("json-pointer", ["", "/a/0/~1"], ["a", "/~2"]),
        ("uuid", ["12345678-1234-1234-1234-1234567890ab"], ["1234"]),
        ("ipv4", ["127.0.0.1"], ["127.0.0.256", "1.2.3"]),
        ("email", ["a.b@example.com"], ["a@", "@b.c"]),
    ],
)
def test_formats(walker: Walker, name: str, valid: list[str], invalid: list[str]) -> None:
    schema = {"type": "string", "format": name}
    assert [text for text in valid if not walker.accepts_json(schema, text)] == []
    assert [text for text in invalid if walker.accepts_json(schema, text)] == []


def test_every_pattern_of_a_format_is_of_the_common_dialect() -> None:
    for pattern in PATTERNS.values():
        assert re.compile(pattern)
        assert translate(pattern)
