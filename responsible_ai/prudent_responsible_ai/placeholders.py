"""Names for values that were taken out of a text: `[EMAIL_1]`, the same name for the same value.

The values live in this object, in memory, for one request; nothing writes or prints them.
"""

from __future__ import annotations

import re

from prudent_responsible_ai.check import Finding, Span
from prudent_responsible_ai.text_view import canonical

PLACEHOLDER = re.compile(r"\[([A-Z][A-Z_]{0,40})_([1-9][0-9]{0,5})\]")

_SEPARATORS = re.compile(r"[\s()\-./\u200b]+")


class Placeholders:
    """The names given so far, and the values that trusted parts of the request held."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}
        self._reserved: set[str] = set()
        self._given: set[tuple[str, str]] = set()
        self._restored: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Placeholders({len(self._names)} values)"

    def fork(self) -> Placeholders:
        """Return a copy that goes its own way, so that two answers written at once number independently."""
        copy = Placeholders()
        copy._names = dict(self._names)
        copy._counts = dict(self._counts)
        copy._reserved = set(self._reserved)
        copy._given = set(self._given)
        copy._restored = dict(self._restored)
        return copy

    def reserve(self, text: str) -> None:
        """Never hand out a name that the text already holds: two things would share it."""
        if "_" in text and "[" in text:
            self._reserved.update(match[0] for match in PLACEHOLDER.finditer(text))

    def replacement(self, finding: Finding, span: Span, value: str) -> str:
        """Return what stands for a span whose text is `value`: its own replacement, or a placeholder."""
        if span.replacement is not None:
            return span.replacement
        # What is put back must be the spelling that was taken out, so each has a name of its own.
        key = (span.label, value) if span.restore else _key(finding, span, value)
        if key not in self._names:
            self._names[key] = self._next(span.label.upper())
        if span.restore:
            self._restored[self._names[key]] = value
        return self._names[key]

    @property
    def restored(self) -> dict[str, str]:
        """Placeholder to value, of those so far that are to become the value again."""
        return dict(self._restored)

    def give(self, finding: Finding, span: Span, value: str) -> None:
        """Remember that the user or developer wrote this value themselves."""
        self._given.add(_key(finding, span, value))

    def given(self, finding: Finding, span: Span, value: str) -> bool:
        """Whether the user or developer wrote this value themselves."""
        return _key(finding, span, value) in self._given

    def _next(self, stem: str) -> str:
        while True:
            self._counts[stem] = self._counts.get(stem, 0) + 1
            name = f"[{stem}_{self._counts[stem]}]"
            if name not in self._reserved:
                return name


def _key(finding: Finding, span: Span, value: str) -> tuple[str, str]:
    """One key for the spellings of a value: separators and case do not count."""
    return span.label, _SEPARATORS.sub("", canonical(finding.known(value))).casefold()
