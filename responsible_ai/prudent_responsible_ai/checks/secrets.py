"""Finds credentials: published forms of keys and tokens, private keys, and `password = ...` in any spelling.

Free-standing random strings are not reported: hashes, ids and base64 data would drown the findings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from prudent_responsible_ai.check import CheckContext, Finding, Span, Unit, outermost
from prudent_responsible_ai.checks.detect_secrets_formats import detect_secrets_formats
from prudent_responsible_ai.checks.entropy import (
    bits_per_character,
    character_classes,
    looks_like_code,
    looks_like_placeholder,
    looks_like_template,
)
from prudent_responsible_ai.checks.patterns import VALUE, occurrences, value_span
from prudent_responsible_ai.checks.secret_formats import FORMATS, SecretFormat, continuing
from prudent_responsible_ai.text_view import View

_VALUE = r"[A-Za-z0-9!@#$%^&*()_=+\[\]{}|\\:./?~\-]"
_PASSWORD_WORD = (
    r"pass(?:word|wd|phrase|code)|pwd|credentials?|密码|口令|パスワード|비밀번호"  # noqa: S105
    r"|contraseña|mot de passe|kennwort|passwort"
)
_KEY_WORD = (
    r"secret|token|api[_\- ]?key|access[_\- ]?key|auth[_\- ]?key|client[_\- ]?key|account[_\- ]?key|密钥|令牌"
)
_NOT_REDACTED = r"(?![A-Z_]{0,20}_[0-9]{1,6}\])"
"""`[API_KEY_1]` stands for a value that was taken out; it does not name what follows it."""

_ASSIGNED = re.compile(
    rf"(?:(?P<password>{_PASSWORD_WORD})|(?P<key>{_KEY_WORD})){_NOT_REDACTED}[A-Za-z0-9_\-]{{0,20}}[\"'\])]{{0,2}}"
    r"(?:\s{0,3}(?::=|=>|={1,3}|:)\s{0,3}|\s(?:is|was)(?:\s?:)?\s|\s?(?:是|为)\s?:?\s?)"
    rf"(?:[@rbf]?(?P<quote>[\"'`]))?(?P<value>{_VALUE}{{6,100}})",
    re.IGNORECASE | re.ASCII,
)
_CONTINUES = continuing(_VALUE)
_WORDS = (
    "pass",
    "pwd",
    "credential",
    "secret",
    "token",
    "key",
    "密",
    "口令",
    "令牌",
    "パス",
    "비밀",
    "contras",
    "mot de",
    "kennwort",
)
_FIRST = 64
"""A long value is judged by its first characters, so that its end need not be known."""


class SecretsCheck:
    """Credentials in text. Severity 7 for keys with a published form, 5 to 6 for the rest."""

    id = "secrets"
    categories = ("secrets",)
    essential = True
    model_hash: str | None = None
    unit = Unit.WORD

    def check(self, text: str, context: CheckContext) -> list[Finding]:
        """Return the credentials in the text, each value once, by the longest form that fits it."""
        del text
        found = [finding for view in context.reading.views for finding in self._in_view(view)]
        return outermost(found)

    def warm_up(self) -> None:
        """Import detect-secrets."""
        detect_secrets_formats()

    def _in_view(self, view: View) -> Iterator[Finding]:
        lowered = view.text.lower()
        hinted = [form for hint, form in _hints() if hint in lowered]
        for form in dict.fromkeys(hinted):
            yield from _of_form(form, view)
        for word in _WORDS:
            if word in lowered:
                yield from _assigned(view)
                return


@cache
def _hints() -> tuple[tuple[str, SecretFormat], ...]:
    return tuple((hint, form) for form in (*FORMATS, *detect_secrets_formats()) for hint in form.hints)


def _of_form(form: SecretFormat, view: View) -> Iterator[Finding]:
    reached = 0
    for match in occurrences(form.pattern, view, form.context):
        start, end = value_span(match)
        if start < reached:
            continue
        value = view.text[start : min(end, start + _FIRST)]
        if form.mixed and not (any(c.isupper() for c in value) and any(c.isdigit() for c in value)):
            continue
        if form.context and looks_like_placeholder(value):
            continue
        if form.continues is not None:
            end = reached = _continued(form.continues, view, end)
        span = Span(*view.original(start, end), form.label)
        yield Finding("secrets", form.severity, (span,), form.reason, continues=form.continues)


def _assigned(view: View) -> Iterator[Finding]:
    reached = 0
    for match in occurrences(_ASSIGNED, view, 64):
        start, end = match.span(VALUE)
        if start < reached:
            continue
        value = view.text[start : min(_without_punctuation(view, start, end), start + _FIRST)]
        label = "password" if match["password"] else "api_key"
        if _is_secret(value, password=label == "password", quoted=match["quote"] is not None):
            reached = _continued(_CONTINUES, view, end)
            span = Span(*view.original(start, _without_punctuation(view, start, reached)), label)
            reason = f"a value given to {_ARTICLE[label]}"
            yield Finding("secrets", 5, (span,), reason, continues=_CONTINUES)


_ARTICLE = {"password": "a password", "api_key": "a key"}


def _continued(continues: re.Pattern[str], view: View, end: int) -> int:
    """Return where a value ends that goes on as long as characters of its kind follow."""
    found = continues.match(view.text, end)
    return found.end() if found else end


def _without_punctuation(view: View, start: int, end: int) -> int:
    """Leave the end of a sentence or bracket out of the value, unless the value goes on beyond the text."""
    if end == len(view.text) and not view.complete:
        return end
    while end > start and view.text[end - 1] in ".:?!)]}\\":
        end -= 1
    return end


def _is_secret(value: str, *, password: bool, quoted: bool) -> bool:
    if len(value) < 6 or looks_like_placeholder(value):
        return False
    if not quoted and looks_like_code(value):
        return False
    if password:
        return character_classes(value) >= 2 and (quoted or any(c.isdigit() for c in value))
    if looks_like_template(value):
        return False
    return len(value) >= 16 and any(c.isdigit() for c in value) and bits_per_character(value) >= 3.0
