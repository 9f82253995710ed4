"""What becomes of a personal value by the policy's options: let through, or something put in its place.

Knows values and options; it finds nothing and decides nothing about findings.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import replace
from enum import StrEnum
from functools import cached_property
from typing import Self

from pydantic import Field, field_validator, model_validator

from prudent_responsible_ai.check import Finding, Span
from prudent_responsible_ai.setup import Options
from prudent_responsible_ai.text_view import canonical

_SEPARATORS = re.compile(r"[\s()\-./\u200b]+")
_KEY_BYTES = 32
_HASH_DIGITS = 12
"""48 bits: two of a million different values are one in 500 times."""
_LONGEST_MASK = 24


class Mode(StrEnum):
    """What a redaction puts in a value's place: `[EMAIL_1]`, `***`, or `[EMAIL:1f0c...]`."""

    PLACEHOLDER = "placeholder"
    MASK = "mask"
    HASH = "hash"


class PersonalDataOptions(Options):
    """Options of the checks of personal data.

    `mode` says what stands for a value that is redacted: a placeholder that is numbered in the request;
    stars; or a keyed hash, the same for one value as long as the server runs, so that requests compare.
    `restore` puts the request's values back for their placeholders in the answer, before the user sees it.
    `allow` are values that are no findings, whatever their spacing and case; `allow_patterns` are regular
    expressions of whole values.
    """

    mode: Mode = Field(default=Mode.PLACEHOLDER, strict=False)
    restore: bool = False
    allow: list[str] = Field(default_factory=list[str])
    allow_patterns: list[str] = Field(default_factory=list[str])

    @field_validator("allow_patterns")
    @classmethod
    def _compile(cls, patterns: list[str]) -> list[str]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"'{pattern}' is no regular expression: {error}") from None
        return patterns

    @model_validator(mode="after")
    def _can_restore(self) -> Self:
        if self.restore and self.mode is not Mode.PLACEHOLDER:
            raise ValueError(
                f"restore needs the mode 'placeholder'; nothing can be put back for a {self.mode}"
            )
        return self


class PersonalValues:
    """Applies the options to what a check found. The key of hashes is made here and kept in memory alone."""

    def __init__(self, options: PersonalDataOptions | None = None) -> None:
        self._options = options or PersonalDataOptions()
        self._key = secrets.token_bytes(_KEY_BYTES)

    def treated(self, findings: list[Finding], text: str) -> list[Finding]:
        """The findings of a text without those that are let through, and with what stands in their place."""
        return [treated for one in findings if (treated := self._treated(one, text)) is not None]

    def _treated(self, finding: Finding, text: str) -> Finding | None:
        options = self._options
        values = [text[span.start : span.end] for span in finding.spans]
        if values and all(map(self._is_allowed, values)):
            return None
        if options.mode is Mode.PLACEHOLDER and not options.restore:
            return finding
        spans = (self._span(span, value) for span, value in zip(finding.spans, values, strict=True))
        return replace(finding, spans=tuple(spans))

    def _span(self, span: Span, value: str) -> Span:
        mode = self._options.mode
        if mode is Mode.MASK:
            replacement = "*" * min(len(value), _LONGEST_MASK)
        elif mode is Mode.HASH:
            digest = hmac.digest(
                self._key, f"{span.label} {plain(value)}".encode("utf-8", "surrogatepass"), "sha256"
            )
            replacement = f"[{span.label.upper()}:{digest.hex()[:_HASH_DIGITS]}]"
        else:
            replacement = None
        return replace(span, replacement=replacement, restore=self._options.restore)

    def _is_allowed(self, value: str) -> bool:
        return plain(value) in self._allowed or any(one.fullmatch(value) for one in self._patterns)

    @cached_property
    def _allowed(self) -> frozenset[str]:
        return frozenset(map(plain, self._options.allow))

    @cached_property
    def _patterns(self) -> list[re.Pattern[str]]:
        return [re.compile(pattern) for pattern in self._options.allow_patterns]


def plain(value: str) -> str:
    """One form for the spellings of a value: separators and case do not count."""
    return _SEPARATORS.sub("", canonical(value)).casefold()
