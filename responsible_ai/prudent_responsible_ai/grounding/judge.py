"""Says of a sentence whether documents support it, contradict it, or do not say it.

Cheap signs, exact facts and the encoder's opinion, and each two of them together, are weighed by a logistic
regression. Its weights come with the package (`weights/grounded.json`); training/fit_grounded.py fits them.
It knows no policy.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

from prudent_responsible_ai.grounding.answers import ANSWER_SIGNS, answer_evidence
from prudent_responsible_ai.grounding.claims import is_short_answer
from prudent_responsible_ai.grounding.features import CLAIM_SIGNS, Evidence, claim_evidence
from prudent_responsible_ai.grounding.passages import Documents
from prudent_responsible_ai.grounding.words import words
from prudent_responsible_ai.severity import Thresholds
from prudent_responsible_ai.text_encoder import Support, TextEncoder

Shape: TypeAlias = Literal["claim", "answer"]
State: TypeAlias = Literal["supported", "contradicted", "unsupported"]

ENCODER_SIGNS = ("encoder_supported", "encoder_contradicted")
SIGNS: dict[Shape, tuple[str, ...]] = {"claim": CLAIM_SIGNS, "answer": ANSWER_SIGNS}
TIMES = "*"
FARTHEST = 3.0
"""Standard deviations from the mean beyond which a sign says no more."""
_LARGEST = 30.0
_FILE = "grounded.json"
_WORD_FOR_WORD = 0.02
"""What a sentence that a document has word for word scores at most."""
_LEAST = 1e-4


class WeightsPart(BaseModel):
    """A part of a file of weights: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ShapeWeights(WeightsPart):
    """P(not supported) = 1 / (1 + exp(-z)), z = intercept + sum of weight x s + sum of weight x s x t.

    s and t are standardised signs: (sign - mean) / scale, held to FARTHEST. Products are named `sign*sign`.
    """

    mean: dict[str, float]
    scale: dict[str, float]
    weights: dict[str, float]
    products: dict[str, float] = {}
    intercept: float
    low: float
    medium: float
    high: float

    def probability(self, signs: Mapping[str, float]) -> float:
        """The probability that documents do not support what has these signs."""
        standard = {
            name: max(-FARTHEST, min(FARTHEST, (signs[name] - self.mean[name]) / self.scale[name]))
            for name in self.weights
        }
        total = self.intercept + sum(weight * standard[name] for name, weight in self.weights.items())
        for name, weight in self.products.items():
            one, _, other = name.partition(TIMES)
            total += weight * standard[one] * standard[other]
        return 1.0 / (1.0 + math.exp(-max(-_LARGEST, min(_LARGEST, total))))


class GroundedWeights(WeightsPart):
    """The fit, and what it was fitted on. `encoder_sha256` None: the encoder's opinion is not asked."""

    shapes: dict[Shape, ShapeWeights]
    encoder_sha256: str | None
    rows: dict[str, int]
    data_sha256: dict[str, str]

    @classmethod
    def packaged(cls) -> GroundedWeights:
        """Those of the package."""
        return cls.model_validate_json((files("prudent_responsible_ai") / "weights" / _FILE).read_bytes())

    @cached_property
    def sha256(self) -> str:
        """Names these weights in verdicts, where no encoder takes part."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


@dataclass(frozen=True)
class Judged:
    """What was found of a sentence. `score` is the probability that the documents do not support it.

    Where they do not, `contradicts` tells a sentence that they speak against from one that they do not say.
    `read` says that a chat model has read it too.
    """

    evidence: Evidence
    score: float
    state: State
    thresholds: Thresholds
    contradicts: bool
    read: bool = False


def state_of(score: float, thresholds: Thresholds, *, contradicts: bool) -> State:
    """What a score means."""
    if score < thresholds.low:
        return "supported"
    return "contradicted" if contradicts else "unsupported"


def shape_of(sentence: str, question: str) -> Shape:
    """An answer is read with its question where it says nothing alone."""
    return "answer" if question.strip() and is_short_answer(sentence) else "claim"


def evidence_of(sentence: str, question: str, documents: Documents) -> Evidence:
    """The signs and the nearest passages of a sentence, by its shape."""
    if shape_of(sentence, question) == "answer":
        return answer_evidence(sentence, question, documents)
    return claim_evidence(sentence, question, documents)


def pair_of(evidence: Evidence) -> tuple[str, str]:
    """What the encoder is asked: the passages, and the sentence, an answer behind its question."""
    claim = evidence.claim.strip()
    if shape_of(claim, evidence.question) == "answer":
        claim = f"{evidence.question.strip()} {claim}"
    return evidence.context, claim


def encoder_signs(support: Support) -> tuple[float, float]:
    """The values of ENCODER_SIGNS: log-odds of support, and of contradiction against silence."""
    against = max(_LEAST, support.contradicted + support.unsupported)
    return (
        math.log(max(_LEAST, support.supported) / against),
        math.log(max(_LEAST, support.contradicted) / max(_LEAST, support.unsupported)),
    )


def _stands_there(evidence: Evidence) -> bool:
    """Whether the claim is one of the documents' sentences, word for word."""
    said = [word.stem for word in words(evidence.claim)]
    return bool(said) and any(said == [word.stem for word in one.words] for one in evidence.passages)


class Judge:
    """Judges sentences against documents. Holds no state of a request."""

    def __init__(self, weights: GroundedWeights, encoder: Callable[[], TextEncoder]) -> None:
        """`encoder` is called where the weights ask for its opinion, and not before."""
        self.weights = weights
        self._encoder = encoder

    def judged(self, sentences: Sequence[str], question: str, documents: Documents) -> list[Judged]:
        """What the documents say of each sentence; the encoder reads them together."""
        evidence = [evidence_of(sentence, question, documents) for sentence in sentences]
        opinions: list[Support | None] = [None] * len(evidence)
        if self.weights.encoder_sha256 is not None:
            opinions = list(self._encoder().support([pair_of(one) for one in evidence]))
        return [self._judged(one, opinion) for one, opinion in zip(evidence, opinions, strict=True)]

    def _judged(self, evidence: Evidence, opinion: Support | None) -> Judged:
        shape = shape_of(evidence.claim, evidence.question)
        fit = self.weights.shapes[shape]
        signs = dict(zip(SIGNS[shape], evidence.signs, strict=True))
        if opinion is not None:
            signs |= dict(zip(ENCODER_SIGNS, encoder_signs(opinion), strict=True))
        score = fit.probability(signs) if evidence.passages else 1.0
        if shape == "claim" and _stands_there(evidence):
            score = min(score, _WORD_FOR_WORD)
        thresholds = Thresholds(fit.low, fit.medium, fit.high)
        opposed = opinion is not None and opinion.contradicted > opinion.unsupported
        contradicts = bool(evidence.passages) and (bool(evidence.conflicts) or opposed)
        state = state_of(score, thresholds, contradicts=contradicts)
        return Judged(evidence, score, state, thresholds, contradicts)
