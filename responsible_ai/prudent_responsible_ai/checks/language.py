"""Says in which language a text is, where the checks were not measured on it or the policy does not want it.

It judges nothing else, and knows no model.
"""

from __future__ import annotations

from pydantic import Field

from prudent.types.safety import CheckState
from prudent_responsible_ai.check import CheckContext, Finding, Unit
from prudent_responsible_ai.languages import MEASURED, NO_LANGUAGE, language_of, measured
from prudent_responsible_ai.setup import CheckSetup, Options

CATEGORY = "language"

_NOT_WANTED = 4
"""Severity of a text in a language that the policy does not name."""


class LanguageOptions(Options):
    """`allowed` are the ISO 639 codes that texts may be in; empty means all. `measured` those that count as
    measured, for a deployment that has tested more."""

    allowed: list[str] = Field(default_factory=list[str])
    measured: list[str] = Field(default_factory=lambda: list(MEASURED))


class LanguageCheck:
    """Unverified for a text outside the measured languages; severity 4 for one outside the allowed."""

    id = "language"
    categories = (CATEGORY,)
    essential = False
    model_hash: str | None = None
    unit = Unit.SENTENCE

    def __init__(self, options: LanguageOptions | None = None) -> None:
        self._options = options or LanguageOptions()

    @classmethod
    def from_setup(cls, setup: CheckSetup) -> LanguageCheck:
        """The check with the policy's options. Raises ConfigurationError: they do not fit."""
        return cls(setup.parsed(LanguageOptions))

    def warm_up(self) -> None:
        """Read a first text: the lists of words are made then."""
        language_of("warm up")

    def check(self, text: str, context: CheckContext) -> list[Finding]:
        """Return what the language of the new text is, where that matters."""
        fresh = text[context.reading.start :]
        language = language_of(fresh)
        allowed = self._options.allowed
        findings: list[Finding] = []
        if allowed and language not in (*allowed, NO_LANGUAGE):
            wanted = ", ".join(allowed)
            findings.append(Finding(CATEGORY, _NOT_WANTED, reason=f"language {language}, wanted {wanted}"))
        if not measured(fresh, self._options.measured):
            reason = f"the checks were not measured on this language ({language})"
            findings.append(Finding(CATEGORY, 0, reason=reason, state=CheckState.UNVERIFIED))
        return findings
