"""Keeps an app to its topics: what lies outside the allowed ones, or within a denied one. Takes no action.

Topics are given by example sentences, with which a text is compared on the vectors of the embedding model.
Give examples in each language of the app: a text is nearest to sentences in its own language.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from prudent.types.safety import CheckState
from prudent_responsible_ai.check import CheckContext, Finding, Span, Unit
from prudent_responsible_ai.grounding.words import telling, words
from prudent_responsible_ai.languages import language_of, measured
from prudent_responsible_ai.setup import CheckSetup, Options, SafetyModels
from prudent_responsible_ai.severity import Thresholds, severity_of
from prudent_responsible_ai.topic_background import BACKGROUND

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OFF_TOPIC = "off_topic"
DENIED_TOPIC = "denied_topic"

INTERCEPT, OWN, OTHER = -3.74, 15.44, -5.19
"""Log-odds that a text belongs to a topic = INTERCEPT + OWN x nearness to its examples + OTHER x nearness to
the background. A logistic regression on validation rows of CLINC150, over 24 random apps of one to three
domains with ten training sentences each; both kinds of text count the same."""

_THRESHOLDS = Thresholds(0.35, 0.5, 0.8)
_NEAREST = 2
_FEWEST_WORDS = 2
_LONGEST = 4_000
"""Characters of a text that are read: what a message is about shows early."""

Probability = Annotated[float, Field(gt=0.0, lt=1.0)]
Examples = Annotated[list[str], Field(min_length=1)]


class TopicOptions(Options):
    """Example sentences by topic, five or more of each. `threshold` is the probability that is severity 4."""

    allowed: dict[str, Examples] = Field(default_factory=dict[str, list[str]])
    denied: dict[str, Examples] = Field(default_factory=dict[str, list[str]])
    threshold: Probability = _THRESHOLDS.medium


@dataclass(frozen=True)
class Topics:
    """Centred vectors of length 1: of the examples, each with its topic, and of the background."""

    centre: NDArray[np.float32]
    examples: NDArray[np.float32]
    names: tuple[str, ...]
    background: NDArray[np.float32]

    def nearness(self, vectors: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """For vectors (texts, size): nearness to each topic of `topics` and to the background (texts,).

        A topic is as near as its two nearest examples on average; all are cosines of centred vectors.
        """
        import numpy as np

        seen = centred(vectors, self.centre)
        owner = np.array(self.names)
        near = [_top(seen @ self.examples[owner == name].T) for name in self.topics]
        return np.stack(near, axis=1), _top(seen @ self.background.T)

    @cached_property
    def topics(self) -> tuple[str, ...]:
        """Names of the topics."""
        return tuple(dict.fromkeys(self.names))


def centred(vectors: NDArray[np.float32], centre: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vectors from a centre, of length 1: E5's own all lie in one narrow cone."""
    import numpy as np

    moved = vectors - centre
    return moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-6)


def _top(cosines: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    count = min(_NEAREST, cosines.shape[1])
    return np.sort(cosines, axis=1)[:, -count:].mean(1)


def belonging(own: float, other: float) -> float:
    """Probability that a text belongs to a topic, by nearness to its examples and to the background."""
    return 1.0 / (1.0 + math.exp(-(INTERCEPT + OWN * own + OTHER * other)))


class TopicCheck:
    """At most one finding of each category. Texts of one word or none are not judged."""

    id = "topic"
    categories = (OFF_TOPIC, DENIED_TOPIC)
    essential = False
    model_hash: str | None = None
    unit = Unit.SENTENCE

    def __init__(self, models: SafetyModels, options: TopicOptions | None = None) -> None:
        self._models = models
        self._options = options or TopicOptions()

    @classmethod
    def from_setup(cls, setup: CheckSetup) -> TopicCheck:
        """The check with the policy's options. Raises ConfigurationError: they do not fit."""
        return cls(setup.models, setup.parsed(TopicOptions))

    @cached_property
    def _topics(self) -> Topics:
        import numpy as np

        given = [*self._options.allowed.items(), *self._options.denied.items()]
        names = [name for name, examples in given for _ in examples]
        sentences = [sentence for _, examples in given for sentence in examples]
        vectors = self._vectors([*BACKGROUND, *sentences])
        background, examples = np.split(vectors, [len(BACKGROUND)])
        centre = background.mean(0)
        return Topics(centre, centred(examples, centre), tuple(names), centred(background, centre))

    def warm_up(self) -> None:
        """Embed the examples and the background, where there are topics at all."""
        if self._options.allowed or self._options.denied:
            _ = self._topics

    def check(self, text: str, context: CheckContext) -> list[Finding]:
        """Return whether the new text is outside the allowed topics or within a denied one."""
        fresh = text[context.reading.start :][:_LONGEST]
        options = self._options
        if not (options.allowed or options.denied) or len(telling(words(fresh))) < _FEWEST_WORDS:
            return []
        near, other = self._topics.nearness(self._vectors([fresh]))
        chances = {
            name: belonging(float(own), float(other[0]))
            for name, own in zip(self._topics.topics, near[0], strict=True)
        }
        span = (Span(context.reading.start, len(text), OFF_TOPIC),)
        findings: list[Finding] = []
        if options.allowed:
            closest = max(options.allowed, key=lambda name: chances[name])
            reason = f"outside the app's topics; the nearest is {closest}"
            findings += self._finding(OFF_TOPIC, 1.0 - chances[closest], span, reason)
        if options.denied:
            closest = max(options.denied, key=lambda name: chances[name])
            findings += self._finding(DENIED_TOPIC, chances[closest], span, f"about {closest}")
        if findings and not measured(fresh):
            reason = f"not measured on this language ({language_of(fresh)})"
            findings.append(Finding(findings[0].category, 0, reason=reason, state=CheckState.UNVERIFIED))
        return findings

    def _finding(self, category: str, score: float, spans: Sequence[Span], reason: str) -> list[Finding]:
        medium = self._options.threshold
        below = _THRESHOLDS.low / _THRESHOLDS.medium * medium
        above = 1.0 - (1.0 - medium) * (1.0 - _THRESHOLDS.high) / (1.0 - _THRESHOLDS.medium)
        severity = severity_of(score, Thresholds(below, medium, above))
        if severity == 0:
            return []
        labelled = tuple(Span(span.start, span.end, category, weight=round(score, 4)) for span in spans)
        return [Finding(category, severity, labelled, reason, score)]

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._models.embedder().embed_counted(texts, kind="query", truncate=True).vectors
