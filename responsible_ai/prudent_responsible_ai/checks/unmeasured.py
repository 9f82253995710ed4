"""What a check says of a text in a language that it was not measured on: that it cannot tell."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from prudent.types.safety import CheckState
from prudent_responsible_ai.check import Finding
from prudent_responsible_ai.languages import MEASURED, language_of, measured


def unmeasured(
    text: str, categories: Collection[str], languages: Collection[str] = MEASURED
) -> Iterator[Finding]:
    """An unverified finding for each category where the text is in none of the languages."""
    if not measured(text, languages):
        reason = f"not measured on this language ({language_of(text)})"
        for category in categories:
            yield Finding(category, 0, reason=reason, state=CheckState.UNVERIFIED)
