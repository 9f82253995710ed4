"""Finds what makes a text hard or unwelcoming: hard sentences, terms that leave people out, bare images.

Advice to a writer and never a reason to stop a text: its severity is 1, below the lowest that Azure's words
name. It knows no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import Field

from prudent_responsible_ai.check import CheckContext, Finding, Span, Unit
from prudent_responsible_ai.checks.inclusive_terms import terms
from prudent_responsible_ai.languages import language_of
from prudent_responsible_ai.reading_level import english_grade, longest_chinese_clause, words_of
from prudent_responsible_ai.setup import CheckSetup, Options

READING_LEVEL = "reading_level"
TERMS = "inclusive_terms"
ALTERNATIVE_TEXT = "alternative_text"

_SEVERITY = 1
_MOST_CHARACTERS = 100_000
"""Of a longer text only the beginning is read."""
_SHORTEST = 15
"""Words of a sentence whose grade says something."""
_SENTENCE = re.compile(r"[^.!?。！？\n]{1,2000}[.!?。！？\n]?")
_MARKDOWN_IMAGE = re.compile(r"!\[\s*\]\((?!\s*\))[^()\s]{1,2000}[^()\n]{0,200}\)")
_HTML_IMAGE = re.compile(r"<(?:img|area|input)\b[^<>]{0,2000}>", re.IGNORECASE)
_HAS_ALTERNATIVE = re.compile(
    r"\s(?:alt|aria-label|aria-labelledby|aria-hidden|title)\s*=|\srole\s*=\s*[\"']?(?:presentation|none)",
    re.IGNORECASE,
)
_IMAGE_INPUT = re.compile(r"\stype\s*=\s*[\"']?image\b", re.IGNORECASE)


class InclusiveOptions(Options):
    """What passes without remark: `grade` is the highest Flesch-Kincaid grade of an English sentence,
    `clause` the most characters of a Chinese clause."""

    grade: float = Field(default=18.0, gt=0)
    clause: int = Field(default=40, gt=0)


class InclusiveCheck:
    """Severity 1 for everything, with a suggestion where there is one."""

    id = "inclusive"
    categories = (READING_LEVEL, TERMS, ALTERNATIVE_TEXT)
    essential = False
    model_hash: str | None = None
    unit = Unit.SENTENCE

    def __init__(self, options: InclusiveOptions | None = None) -> None:
        self._options = options or InclusiveOptions()

    @classmethod
    def from_setup(cls, setup: CheckSetup) -> InclusiveCheck:
        """The check with the policy's options. Raises ConfigurationError: they do not fit."""
        return cls(setup.parsed(InclusiveOptions))

    def warm_up(self) -> None:
        """Compile the patterns."""
        terms()

    def check(self, text: str, context: CheckContext) -> list[Finding]:
        """Return hard sentences, terms and images, in the order of the text."""
        read = text[:_MOST_CHARACTERS]
        start = context.reading.start
        found = [*self._hard(read, start), *_terms(read, start), *_images(read, start)]
        return sorted(found, key=lambda one: (one.spans[0].start, one.category))

    def _hard(self, text: str, start: int) -> Iterator[Finding]:
        for match in _SENTENCE.finditer(text, start):
            reason = self._hardness(match[0])
            if reason is not None:
                first = match.start() + len(match[0]) - len(match[0].lstrip())
                span = Span(first, match.end(), "hard_sentence")
                yield Finding(READING_LEVEL, _SEVERITY, (span,), reason)

    def _hardness(self, sentence: str) -> str | None:
        clause = longest_chinese_clause(sentence)
        if clause > self._options.clause:
            return f"a clause of {clause} characters"
        if words_of(sentence) < _SHORTEST or language_of(sentence) != "en":
            return None
        grade = english_grade(sentence)
        if grade is None or grade <= self._options.grade:
            return None
        return f"a sentence of Flesch-Kincaid grade {grade:.0f}"


def _terms(text: str, start: int) -> Iterator[Finding]:
    for term in terms():
        for match in term.pattern.finditer(text, start):
            end = match.start() + len(match[0].rstrip())
            yield Finding(TERMS, _SEVERITY, (Span(match.start(), end, "term"),), f"better: {term.instead}")


def _images(text: str, start: int) -> Iterator[Finding]:
    for match in _MARKDOWN_IMAGE.finditer(text, start):
        yield _without_text(match.start(), match.end())
    for match in _HTML_IMAGE.finditer(text, start):
        tag = match[0]
        if tag[1:6].lower() == "input" and not _IMAGE_INPUT.search(tag):
            continue
        if not _HAS_ALTERNATIVE.search(tag):
            yield _without_text(match.start(), match.end())


def _without_text(start: int, end: int) -> Finding:
    reason = "an image without alternative text"
    return Finding(ALTERNATIVE_TEXT, _SEVERITY, (Span(start, end, "image"),), reason)
