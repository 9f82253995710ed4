"""Finds identity attacks, stereotypes, and requests to decide about a person by a protected attribute.

Identity attacks are the encoder's `hate` where the same sentences name a group. Stereotypes and decisions are
found by patterns over our own lists of words (English, Chinese): what is said in other words is missed, so
silence here is no proof. It takes no action and swaps nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from prudent.types.content import Source
from prudent.types.safety import CheckState
from prudent_responsible_ai.check import CheckContext, Finding, Span, Unit
from prudent_responsible_ai.checks.bias_patterns import decisions, stereotypes
from prudent_responsible_ai.checks.encoder_user import EncoderUser
from prudent_responsible_ai.identity.attributes import attributes
from prudent_responsible_ai.identity.lexicon import Mention, mentions
from prudent_responsible_ai.languages import language_of, measured
from prudent_responsible_ai.setup import CheckSetup, Options
from prudent_responsible_ai.severity import Thresholds, severity_of

IDENTITY_ATTACK = "identity_attack"
STEREOTYPE = "stereotype"
PROTECTED_DECISION = "protected_decision"

LANGUAGES = ("en", "zh")
"""Languages that there are lists of words for."""

_DECISION_SEVERITY = 4
_MOST_CHARACTERS = 20_000
"""Of a longer text only the beginning is searched for stereotypes and decisions."""
_ASKED = 5_000
"""Characters of each other part that are searched for the decision that is asked for."""
_MAY_ASK = (Source.USER, Source.DEVELOPER)


class BiasCheck(EncoderUser):
    """Severity of an identity attack by the card's bands for hate; of a stereotype 2 without and 4 or 5 with
    a trait that it ascribes; of a decision 4."""

    id = "bias"
    categories = (IDENTITY_ATTACK, STEREOTYPE, PROTECTED_DECISION)
    essential = False
    unit = Unit.SENTENCE

    @classmethod
    def from_setup(cls, setup: CheckSetup) -> BiasCheck:
        """The check, which has no options. Raises ConfigurationError: the policy gives some."""
        setup.parsed(Options)
        return cls(setup.models)

    def warm_up(self) -> None:
        """Open the encoder and its card, and make the patterns."""
        mentions("warm up")
        stereotypes("warm up")
        super().warm_up()

    def check(self, text: str, context: CheckContext) -> list[Finding]:
        """Return what is found in the new text; unverified in a language without lists."""
        start = context.reading.start
        fresh = text[start:]
        if not measured(fresh, LANGUAGES):
            reason = f"no list of words for this language ({language_of(fresh)})"
            return [
                Finding(category, 0, reason=reason, state=CheckState.UNVERIFIED)
                for category in self.categories
            ]
        read = text[: start + _MOST_CHARACTERS]
        findings = list(_stereotypes(read, start))
        if context.source is not Source.ASSISTANT:
            findings += _decisions(read, start, context)
        findings += self._attacks(text, start)
        return findings

    def _attacks(self, text: str, start: int) -> list[Finding]:
        """Windows that are hateful and name a group. The encoder is asked only where some group is named."""
        named = mentions(text[: start + _MOST_CHARACTERS])
        if not named:
            return []
        thresholds = self._thresholds(language_of(text[start:]))
        hits: list[tuple[float, tuple[Span, ...]]] = []
        for window in self.encoder.read(text):
            score = window.scores["hate"]
            if window.end <= start or score < thresholds.low:
                continue
            inside = [one for one in named if window.start <= one.start < window.end]
            if inside:
                spans = (Span(window.start, window.end, IDENTITY_ATTACK, weight=round(score, 4)),)
                hits.append((score, spans))
        if not hits:
            return []
        score = max(score for score, _ in hits)
        spans = tuple(span for _, each in hits for span in each)
        reason = "hateful sentences that name a group of people"
        return [Finding(IDENTITY_ATTACK, severity_of(score, thresholds), spans, reason, score)]

    def _thresholds(self, language: str) -> Thresholds:
        return self.bands.thresholds("hate", language)


def _stereotypes(text: str, start: int) -> Iterator[Finding]:
    for found in stereotypes(text):
        if found.end > start:
            span = Span(found.start, found.end, STEREOTYPE)
            yield Finding(STEREOTYPE, found.severity, (span,), found.reason)


def _decisions(text: str, start: int, context: CheckContext) -> list[Finding]:
    """One finding where this part names an attribute and it, or a part that may ask, asks for a decision."""
    named = [one for one in attributes(text) if one.end > start]
    if not named:
        return []
    kind = next(iter(decisions(text)), None)
    if kind is None:
        others = (part.text[:_ASKED] for part in context.around if part.source in _MAY_ASK)
        kind = next((kind for other in others for kind in decisions(other)), None)
    if kind is None:
        return []
    axes = sorted({one.axis for one in named})
    reason = f"a decision about a person is asked for ({kind}) where their {', '.join(axes)} is named"
    spans = tuple(_span(one) for one in named)
    return [Finding(PROTECTED_DECISION, _DECISION_SEVERITY, spans, reason)]


def _span(mention: Mention) -> Span:
    return Span(mention.start, mention.end, mention.axis)
