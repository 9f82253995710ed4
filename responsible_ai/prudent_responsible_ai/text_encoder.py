"""What the checks ask of the encoder: scores of texts by label, names in them, support for a sentence.

The protocol alone. It knows no weights, no check and no policy.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

HARMS = (
    "hate",
    "harassment",
    "violence",
    "self_harm",
    "sexual",
    "profanity",
    "offensive",
    "harmful_request",
    "unsafe",
)
ATTACKS = ("attack", "direct", "jailbreak", "indirect")
LABELS = (*HARMS, *ATTACKS)
"""What a text is scored for. `offensive` holds hate, harassment and profanity; `unsafe` all harms; `attack`
the three kinds of attack."""

SUPPORT = ("supported", "contradicted", "unsupported")

NameLabel: TypeAlias = Literal["PERSON", "LOCATION", "ORG", "ADDRESS"]


@dataclass(frozen=True, slots=True)
class NameSpan:
    """A name: characters [start, end) of the text, what it names, and how probable that is (0-1)."""

    start: int
    end: int
    label: NameLabel
    score: float


@dataclass(frozen=True, slots=True)
class Window:
    """Whole sentences that were read together: characters [start, end) of the text.

    `scores` has a calibrated probability (0-1) for each of LABELS.
    """

    start: int
    end: int
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Support:
    """What a passage says of a sentence: three probabilities, of sum 1."""

    supported: float
    contradicted: float
    unsupported: float


class TextEncoder(Protocol):
    """A loaded encoder. Safe to use from several threads. A text's scores never depend on its neighbours."""

    @property
    def model_hash(self) -> str:
        """SHA-256 of the weights, for verdicts."""
        ...

    def read(self, text: str) -> tuple[Window, ...]:
        """The text in windows of at most 128 tokens, cut at ends of sentences; none where nothing is said.

        A window that was read before is not computed again.
        """
        ...

    def names(self, text: str) -> tuple[NameSpan, ...]:
        """The names in the text, in its order. What was read before is not computed again."""
        ...

    def scores(self, texts: Sequence[str]) -> list[Mapping[str, float]]:
        """For each text the highest score of its windows by label, computed together; 0 for a blank text."""
        ...

    def cuts(self, text: str) -> Collection[int]:
        """Where words begin in what is written without spaces, as the encoder's vocabulary has them."""
        ...

    def support(self, pairs: Sequence[tuple[str, str]]) -> list[Support]:
        """For each (passage, sentence) what the passage says of the sentence."""
        ...
