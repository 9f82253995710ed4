"""A check that finds one word: what a policy does with it can be seen at a glance."""

from __future__ import annotations

import re

from prudent_responsible_ai.check import CheckContext, Finding, Span, Unit


class WordCheck:
    """Finds a word, wherever it stands. `unit` says how much of a text it asks to see."""

    def __init__(self, word: str, unit: Unit = Unit.WORD) -> None:
        self.id = word
        self.categories = (word,)
        self.essential = True
        self.model_hash = None
        self.unit = unit
        self._pattern = re.compile(rf"\b{word}\b")

        self.seen: list[str] = []
        """The new part of each text that it was given."""

    def check(self, text: str, context: CheckContext) -> list[Finding]:
        """One finding for each time that the word stands in the text."""
        self.seen.append(text[context.reading.start :])
        return [
            Finding(self.id, 6, (Span(match.start(), match.end(), self.id),), reason="the word is there")
            for match in self._pattern.finditer(text)
            if match.start() >= context.reading.start
        ]

    def warm_up(self) -> None:
        """Nothing to load."""
