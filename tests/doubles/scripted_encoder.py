"""A text encoder that finds what it was told to find: for tests of checks' rules, not of the model."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import cast

from prudent_responsible_ai.grounding.reader import Question
from prudent_responsible_ai.text_encoder import LABELS, NameLabel, NameSpan, Support, Window

_SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？\n]*\s*")


class ScriptedEncoder:
    """Scores 0.95 for a label where one of its words stands in a sentence, 0.01 otherwise.

    `names` are texts that are names, with their labels. A sentence is supported by a passage that holds it.
    """

    model_hash = "0" * 64

    def __init__(self, words: Mapping[str, Sequence[str]], names: Mapping[str, str] | None = None) -> None:
        self._words = words
        self._names = names or {}
        self.runs = 0

    def read(self, text: str) -> tuple[Window, ...]:
        """Each sentence is a window."""
        self.runs += 1
        return tuple(
            Window(found.start(), found.end(), self._scores(found[0]))
            for found in _SENTENCE.finditer(text)
            if found[0].strip()
        )

    def names(self, text: str) -> tuple[NameSpan, ...]:
        """Where the names stand."""
        named = [
            NameSpan(found.start(), found.end(), cast("NameLabel", label), 0.9)
            for name, label in self._names.items()
            for found in re.finditer(re.escape(name), text)
        ]
        return tuple(sorted(named, key=lambda name: name.start))

    def scores(self, texts: Sequence[str]) -> list[Mapping[str, float]]:
        """The text as a whole."""
        return [self._scores(text) for text in texts]

    def cuts(self, text: str) -> list[int]:
        """None that it knows."""
        del text
        return []

    def support(self, pairs: Sequence[tuple[str, str]]) -> list[Support]:
        """Supported where the passage holds the sentence."""
        return [
            Support(0.9, 0.02, 0.08) if sentence.strip() in passage else Support(0.05, 0.05, 0.9)
            for passage, sentence in pairs
        ]

    def _scores(self, text: str) -> dict[str, float]:
        lowered = text.lower()
        return {
            label: 0.95 if any(word in lowered for word in self._words.get(label, ())) else 0.01
            for label in LABELS
        }


class ScriptedReader:
    """A reader that believes the sentences it is told to, and no other. It reads `most` of them in time."""

    def __init__(self, believed: Sequence[str], most: int = 1_000) -> None:
        self._believed = tuple(believed)
        self._most = most
        self.asked: list[Question] = []

    def warm_up(self) -> None:
        """Nothing to load."""

    def doubts(self, questions: Sequence[Question], seconds: float) -> list[float | None]:
        """Sure either way, of the first `most`."""
        del seconds
        self.asked += questions
        sure = [-8.0 if one.sentence in self._believed else 8.0 for one in questions[: self._most]]
        return [*sure, *[None] * (len(questions) - len(sure))]


class ScriptedModels:
    """SafetyModels with a given encoder and reader, and no embedder."""

    def __init__(self, encoder: ScriptedEncoder, reader: ScriptedReader | None = None) -> None:
        self._encoder = encoder
        self._reader = reader

    def encoder(self) -> ScriptedEncoder:
        """The given one."""
        return self._encoder

    def embedder(self) -> object:
        """There is none."""
        raise NotImplementedError

    def reader(self, name: str) -> ScriptedReader:
        """The given one, whatever it is called."""
        del name
        if self._reader is None:
            raise NotImplementedError
        return self._reader
