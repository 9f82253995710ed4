"""Finds names of people, places and organisations, postal addresses, dates of birth and number plates.

Names are the encoder's business; dates and plates are told by form and by the words before them. Identifiers
with a form of their own are `personal_data`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from prudent_responsible_ai.check import CheckContext, Finding, Span, Unit, outermost
from prudent_responsible_ai.checks.birth_dates import birth_dates
from prudent_responsible_ai.checks.encoder_user import EncoderUser
from prudent_responsible_ai.checks.number_plates import number_plates
from prudent_responsible_ai.checks.unmeasured import unmeasured
from prudent_responsible_ai.personal_values import PersonalDataOptions, PersonalValues
from prudent_responsible_ai.setup import CheckSetup, SafetyModels
from prudent_responsible_ai.text_encoder import NameLabel

CATEGORY = "pii_names"

LANGUAGES = ("en", "zh", "de", "es", "fr", "it", "ja", "nl", "pl", "pt")
"""Languages with rows of names to learn from or to measure on."""

_SEVERITIES: dict[NameLabel, int] = {"ADDRESS": 5, "PERSON": 4, "ORG": 2, "LOCATION": 2}
_REASONS: dict[NameLabel, str] = {
    "ADDRESS": "a postal address",
    "PERSON": "a person's name",
    "ORG": "an organisation's name",
    "LOCATION": "a place's name",
}


class NamesOptions(PersonalDataOptions):
    """`least` is the probability from which a name counts; see PersonalDataOptions for the others."""

    least: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.5


class NamesCheck(EncoderUser):
    """Severity 5 for addresses and dates of birth, 4 for people and number plates, 2 for places and
    organisations. In a language that it was not measured on, its findings stand beside one that says so."""

    id = "names"
    categories = (CATEGORY,)
    essential = True
    unit = Unit.SENTENCE

    def __init__(self, models: SafetyModels, options: NamesOptions | None = None) -> None:
        super().__init__(models)
        self._options = options or NamesOptions()
        self._values = PersonalValues(self._options)

    @classmethod
    def from_setup(cls, setup: CheckSetup) -> NamesCheck:
        """The check with the policy's options. Raises ConfigurationError: they do not fit."""
        return cls(setup.models, setup.parsed(NamesOptions))

    def check(self, text: str, context: CheckContext) -> list[Finding]:
        """Return names that reach into the new part of the text, in its order.

        Raises:
            PrudentError: there is no encoder.
        """
        start = context.reading.start
        found = [*self._named(text), *_by_form(context.reading.canonical)]
        kept = outermost([one for one in found if one.spans[0].end > start])
        findings = self._values.treated(kept, text)
        fresh = text[start:]
        findings += unmeasured(fresh, [CATEGORY], LANGUAGES)
        return findings

    def _named(self, text: str) -> Iterator[Finding]:
        for name in self.encoder.names(text):
            if name.score >= self._options.least:
                span = Span(name.start, name.end, name.label.lower(), round(name.score, 4))
                severity, reason = _SEVERITIES[name.label], _REASONS[name.label]
                yield Finding(CATEGORY, severity, (span,), reason, name.score)


def _by_form(text: str) -> Iterator[Finding]:
    for start, end in birth_dates(text):
        yield Finding(CATEGORY, 5, (Span(start, end, "birth_date"),), "a date, named as one of birth")
    for start, end in number_plates(text):
        yield Finding(CATEGORY, 4, (Span(start, end, "number_plate"),), "a Chinese number plate by form")
