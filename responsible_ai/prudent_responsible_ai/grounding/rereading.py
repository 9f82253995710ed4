"""Has doubtful sentences read by a chat model, and weighs what it says with what the signs said.

A sentence of which the signs are sure is not read: that costs seconds. Weights and the band of doubt come
with the package (`weights/reader.json`, by model); training/fit_reader.py fits them. It knows no policy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

from prudent_responsible_ai.grounding.judge import Judged, Shape, WeightsPart, shape_of, state_of
from prudent_responsible_ai.grounding.passages import Documents
from prudent_responsible_ai.grounding.reader import Question, Reader
from prudent_responsible_ai.severity import Thresholds

LONGEST_WHOLE = 900
"""Bytes (UTF-8, some 200 tokens) of documents that are read whole; of longer ones the nearest passages are. A
model of 1.5 billion weights reads 100 tokens in about a second on one core."""
FARTHEST = 8.0
"""Log-odds beyond which neither the signs nor the model are believed to be surer."""
_FILE = "reader.json"
_LEAST = 1e-6


class Fusion(WeightsPart):
    """P(not supported) = 1 / (1 + exp(-z)), z = intercept + signs x s + reader x r.

    s are the log-odds by the signs, r those of the chat model, both held to FARTHEST. A sentence is read
    where s lies in [from_log_odds, to_log_odds].
    """

    intercept: float
    signs: float
    reader: float
    from_log_odds: float
    to_log_odds: float
    low: float
    medium: float
    high: float

    def doubtful(self, score: float) -> bool:
        """Whether the signs leave it open."""
        return self.from_log_odds <= log_odds_of(score) <= self.to_log_odds

    def probability(self, score: float, doubt: float) -> float:
        """The probability that documents do not support it, by the signs' score and the model's log-odds."""
        signs, read = log_odds_of(score), held(doubt)
        total = self.intercept + self.signs * signs + self.reader * read
        return 1.0 / (1.0 + math.exp(-total))


class ReaderFit(WeightsPart):
    """The fit of one chat model, and what it was fitted on. Stale where the encoder is another one."""

    shapes: dict[Shape, Fusion]
    encoder_sha256: str | None
    rows: dict[str, int]
    data_sha256: dict[str, str]


class ReaderWeights(WeightsPart):
    """The fits by the id of the chat model in the catalog."""

    models: dict[str, ReaderFit]

    @classmethod
    def packaged(cls) -> ReaderWeights:
        """Those of the package."""
        return cls.model_validate_json((files("prudent_responsible_ai") / "weights" / _FILE).read_bytes())


def log_odds_of(probability: float) -> float:
    """log(p / (1 - p)), held to FARTHEST."""
    inner = min(1.0 - _LEAST, max(_LEAST, probability))
    return held(math.log(inner / (1.0 - inner)))


def held(value: float) -> float:
    """A value held to FARTHEST."""
    return max(-FARTHEST, min(FARTHEST, value))


def question_of(judged: Judged, documents: Documents) -> Question:
    """What the chat model is asked of a sentence: on all documents where they are short."""
    evidence = judged.evidence
    answers = shape_of(evidence.claim, evidence.question) == "answer"
    short = len(documents.whole.encode("utf-8", "surrogatepass")) <= LONGEST_WHOLE
    return Question(
        documents.whole if short else evidence.context,
        evidence.claim.strip(),
        evidence.question.strip() if answers else "",
    )


@dataclass(frozen=True)
class Reread:
    """The sentences as they stand after reading. Of `unread` the signs alone were heard, for want of time."""

    judged: list[Judged]
    unread: int


def reread(
    judged: Sequence[Judged], documents: Documents, fit: ReaderFit, reader: Reader, seconds: float
) -> Reread:
    """Read the doubtful ones for `seconds` at most, in their order.

    Raises:
        PrudentError: the chat model cannot be had, or failed.
    """
    doubtful = [index for index, one in enumerate(judged) if is_doubtful(one, fit)]
    if not doubtful:
        return Reread(list(judged), 0)
    questions = [question_of(judged[index], documents) for index in doubtful]
    doubts = reader.doubts(questions, seconds) if seconds > 0 else [None] * len(doubtful)
    found = list(judged)
    for index, doubt in zip(doubtful, doubts, strict=True):
        if doubt is not None:
            found[index] = weighed(judged[index], fit, doubt)
    return Reread(found, doubts.count(None))


def is_doubtful(judged: Judged, fit: ReaderFit) -> bool:
    """Whether the signs leave a sentence open. Where no passage speaks of it there is nothing to read."""
    return bool(judged.evidence.passages) and _fusion(fit, judged).doubtful(judged.score)


def weighed(judged: Judged, fit: ReaderFit, doubt: float) -> Judged:
    """The sentence with the chat model's log-odds weighed in."""
    fusion = _fusion(fit, judged)
    score = fusion.probability(judged.score, doubt)
    thresholds = Thresholds(fusion.low, fusion.medium, fusion.high)
    state = state_of(score, thresholds, contradicts=judged.contradicts)
    return replace(judged, score=score, thresholds=thresholds, state=state, read=True)


def _fusion(fit: ReaderFit, judged: Judged) -> Fusion:
    return fit.shapes[shape_of(judged.evidence.claim, judged.evidence.question)]
