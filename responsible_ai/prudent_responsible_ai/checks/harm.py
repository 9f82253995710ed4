"""Finds hate, harassment, violence, self-harm, sexual content, requests for harm, profanity. Takes no action.

Each text is judged as it stands and with its disguises undone, and the higher score counts. What a score
means is in the encoder's card; texts in languages that it was not measured on are judged all the same, and
called unverified.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field, field_validator

from prudent.types.content import Source
from prudent_responsible_ai.check import CheckContext, Finding, Span, Unit
from prudent_responsible_ai.checks.encoder_user import Bands, EncoderUser
from prudent_responsible_ai.checks.unmeasured import unmeasured
from prudent_responsible_ai.explain.findings import explained, scorer
from prudent_responsible_ai.explain.scoring import SWIFT, Effort
from prudent_responsible_ai.languages import language_of
from prudent_responsible_ai.setup import CheckSetup, ExplainedFrom, Options, SafetyModels, from_medium
from prudent_responsible_ai.severity import Thresholds, severity_of
from prudent_responsible_ai.undisguised import undisguised

LABEL_OF = {
    "hate": "hate",
    "harassment": "harassment",
    "violence": "violence",
    "self_harm": "self_harm",
    "sexual": "sexual",
    "illicit": "harmful_request",
    "profanity": "profanity",
}
"""The encoder's label of each category."""

_REASONS = {
    "hate": "an attack on people for what they are",
    "harassment": "an attack on a person",
    "violence": "a threat or praise of violence",
    "self_harm": "self-harm or the wish for it",
    "sexual": "sexual content",
    "illicit": "help asked or given for doing harm",
    "profanity": "profanity",
}
SUPPORT = {
    "en": "If you think of harming yourself: you are not alone. Please talk to somebody you trust, or call"
    " your local emergency number or a crisis line now.",
    "zh": "如果你有伤害自己的念头：你并不孤单。请马上联系你信任的人，或拨打当地的急救电话、心理援助热线。",
}
"""What a person is told whose text speaks of self-harm, by language."""

_ANY = "en"
_NEAREST_TO_CERTAIN = 1e-6

Probability = Annotated[float, Field(gt=0.0, lt=1.0)]


class HarmOptions(Options):
    """`thresholds` are probabilities from which a category is medium (4), in place of the card's, whose low
    and high move along in log-odds. `support` are messages about self-harm by language; empty means none."""

    thresholds: dict[str, Probability] = Field(default_factory=dict[str, Probability])
    support: dict[str, str] = Field(default_factory=lambda: dict(SUPPORT))

    @field_validator("thresholds")
    @classmethod
    def _are_categories(cls, thresholds: dict[str, float]) -> dict[str, float]:
        for name in thresholds:
            if name not in LABEL_OF:
                raise ValueError(f"'{name}' is no category; known are {', '.join(LABEL_OF)}")
        return thresholds


_ONE_LETTER = re.compile(r"\s*+([a-z0-9])(?:\s*+\1){3,}+[\s.!?,]*+", re.IGNORECASE | re.ASCII)
"""A key that was held down: nothing is said, whatever the encoder has seen beside such texts."""


@dataclass(frozen=True, slots=True)
class _Scored:
    """Characters [start, end) with a score by label; `disguised` where only the second view shows it."""

    start: int
    end: int
    scores: Mapping[str, float]
    disguised: bool = False


@dataclass(frozen=True, slots=True)
class _Hit:
    start: int
    end: int
    score: float
    disguised: bool


class HarmCheck(EncoderUser):
    """Severity by the card's bands: 2-3 low, 4-5 medium (the default threshold), 6-7 high.

    Spans are the sentences that were judged together. A message of support is part of the reason where a
    user's text speaks of self-harm, so that a refusal carries it.
    """

    id = "harm"
    categories = tuple(LABEL_OF)
    essential = True
    unit = Unit.SENTENCE

    def __init__(
        self,
        models: SafetyModels,
        options: HarmOptions | None = None,
        bands: Bands | None = None,
        effort: Effort = SWIFT,
        explained_from: ExplainedFrom = from_medium,
    ) -> None:
        """`bands` None takes those of the encoder's card when they are first needed.

        `effort` is what may be spent to explain a finding.
        """
        super().__init__(models, bands)
        self._options = options or HarmOptions()
        self._effort = effort
        self._explained_from = explained_from

    @classmethod
    def from_setup(cls, setup: CheckSetup) -> HarmCheck:
        """The check with the policy's options. Raises ConfigurationError: they do not fit."""
        return cls(
            setup.models,
            setup.parsed(HarmOptions),
            effort=setup.effort,
            explained_from=setup.explained_from,
        )

    def check(self, text: str, context: CheckContext) -> list[Finding]:
        """Return at most one finding for each category, and one that is unverified for each where due."""
        start = context.reading.start
        fresh = text[start:]
        if _ONE_LETTER.fullmatch(text):
            return []
        scored = list(self._scored(text, fresh, start))
        language = language_of(fresh)
        found = [self._finding(category, scored, language, context.source) for category in self.categories]
        findings = [
            self._explained(finding, text, language, context.source)
            for finding in found
            if finding is not None
        ]
        return [*findings, *unmeasured(fresh, self.categories)]

    def _explained(self, finding: Finding, text: str, language: str, source: Source) -> Finding:
        """The finding, with the words that carry it where some rule acts on it."""
        if finding.severity < self._explained_from(source, finding.category):
            return finding
        medium = self._thresholds(finding.category, language).medium
        score = scorer(self.encoder, LABEL_OF[finding.category], _plain)
        return explained(finding, text, score, threshold=medium, effort=self._effort, encoder=self.encoder)

    def _scored(self, text: str, fresh: str, start: int) -> Iterator[_Scored]:
        """The windows of the text and of what is new in it alone, each also without its disguises."""
        for piece, offset in [(text, 0)] if start == 0 else [(text, 0), (fresh, start)]:
            for window in self.encoder.read(piece):
                yield _Scored(window.start + offset, window.end + offset, window.scores)
                view = undisguised(piece[window.start : window.end])
                if view is None:
                    continue
                at = window.start + offset
                for plain in self.encoder.read(view.text):
                    first, end = view.original(plain.start, plain.end)
                    yield _Scored(at + first, at + end, plain.scores, disguised=True)

    def _finding(self, category: str, scored: list[_Scored], language: str, source: Source) -> Finding | None:
        label = LABEL_OF[category]
        thresholds = self._thresholds(category, language)
        hits = [
            _Hit(one.start, one.end, one.scores[label], one.disguised)
            for one in scored
            if one.scores[label] >= thresholds.low
        ]
        if not hits:
            return None
        score = max(hit.score for hit in hits)
        reason = _REASONS[category]
        if all(hit.disguised for hit in hits):
            reason += ", in disguise"
        if category == "self_harm" and source is Source.USER and self._options.support:
            support = self._options.support
            reason += ". " + support.get(language, support.get(_ANY, next(iter(support.values()))))
        spans = tuple(Span(hit.start, hit.end, category, weight=round(hit.score, 4)) for hit in _merged(hits))
        return Finding(category, severity_of(score, thresholds), spans, reason, score)

    def _thresholds(self, category: str, language: str) -> Thresholds:
        thresholds = self.bands.thresholds(LABEL_OF[category], language)
        medium = self._options.thresholds.get(category)
        return thresholds if medium is None else _moved(thresholds, medium)


def _plain(text: str) -> str | None:
    view = undisguised(text)
    return None if view is None else view.text


def _moved(thresholds: Thresholds, medium: float) -> Thresholds:
    """The thresholds moved together in log-odds, so that medium lies where it is wanted."""
    by = _log_odds(medium) - _log_odds(thresholds.medium)
    low, high = (_probability(_log_odds(one) + by) for one in (thresholds.low, thresholds.high))
    return Thresholds(low, medium, high)


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, _NEAREST_TO_CERTAIN), 1 - _NEAREST_TO_CERTAIN)
    return math.log(bounded / (1 - bounded))


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def _merged(hits: list[_Hit]) -> list[_Hit]:
    """Hits that overlap become one with the higher score."""
    merged: list[_Hit] = []
    for hit in sorted(hits, key=lambda one: (one.start, one.end)):
        if merged and hit.start < merged[-1].end:
            last = merged[-1]
            merged[-1] = replace(last, end=max(last.end, hit.end), score=max(last.score, hit.score))
        else:
            merged.append(hit)
    return merged
