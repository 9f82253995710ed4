"""A trained classifier's answers to vectors, and which words of a text an answer rests on.

Knows no file and no HTTP; how contents become vectors is the caller's.
"""

from __future__ import annotations

import re

import numpy as np

from prudent.capabilities.classifiers.features import Encoding
from prudent.capabilities.classifiers.head import Floats, softmax
from prudent.capabilities.classifiers.training import Trained
from prudent.errors import ConflictError, InvalidRequestError
from prudent.types.classifiers import Classification, ClassifierKind, LabelScore, WordWeight

_WORD = re.compile(r"[㐀-鿿豈-﫿぀-ヿ]|[^\W_㐀-鿿豈-﫿぀-ヿ]+(?:['’][^\W_]+)*")
"""A word; of Chinese and Japanese each character, since nothing parts their words."""

MOST_UNITS = 48
"""Texts with more words are taken apart into this many runs of words."""


def require_kind(trained: Trained, kind: ClassifierKind) -> None:
    """Raises InvalidRequestError where a text classifier is given images, or the other way round."""
    own = trained.record.kind
    if own != kind:
        raise InvalidRequestError(
            f"{trained.record.id} classifies {own}s, not {kind}s.",
            hint=f"Send {'input' if own == 'text' else 'image'}.",
            param="image" if kind == "image" else "input",
        )


def require_encoder(trained: Trained, encoding: Encoding) -> None:
    """Raises ConflictError where the classifier was trained on another encoder's vectors."""
    encoder = trained.record.card.encoder
    if encoder.sha256 != encoding.sha256:
        raise ConflictError(
            f"The classifier {trained.record.id!r} was trained with another version of {encoder.id}.",
            hint="Its answers would be wrong with this one: train it again from its examples.",
            param="model",
        )


def probabilities(trained: Trained, vectors: Floats) -> Floats:
    """Calibrated probabilities (n, classes)."""
    scores = trained.head.scores(trained.scaling(vectors))
    return softmax(scores / trained.record.card.method.temperature)


def classify(trained: Trained, vectors: Floats, *, top_k: int) -> list[Classification]:
    """The answer to each vector."""
    record = trained.record
    answers: list[Classification] = []
    for index, row in enumerate(probabilities(trained, vectors)):
        order: list[int] = np.argsort(-row, kind="stable")[:top_k].tolist()
        best = float(row[order[0]])
        answers.append(
            Classification(
                index=index,
                label=record.labels[order[0]],
                probability=round(best, 4),
                unknown=best < record.card.unknown_below,
                scores=[
                    LabelScore(label=record.labels[at], probability=round(float(row[at]), 4)) for at in order
                ],
            )
        )
    return answers


def weigh_words(trained: Trained, text: str, label: str, encoding: Encoding) -> list[WordWeight]:
    """By how much the probability of a label falls without each word of a text, the largest fall first.

    Leaving a word out is a question to the classifier itself, not a reading of its weights: what it says is
    true of this text, and says nothing of others (Li, Monroe and Jurafsky 2016, arXiv 1612.08220).
    """
    spans = _units(text)
    if len(spans) < 2:
        return []
    at = trained.record.labels.index(label)
    without = [f"{text[:start]} {text[end:]}".strip() for start, end in spans]
    likely = probabilities(trained, encoding.vectors([text, *without]))[:, at]
    weights = [
        WordWeight(text=text[start:end], start=start, end=end, weight=round(float(likely[0] - rest), 4))
        for (start, end), rest in zip(spans, likely[1:], strict=True)
    ]
    return sorted(weights, key=lambda word: -word.weight)


def _units(text: str) -> list[tuple[int, int]]:
    """The spans [start, end) of words, or of runs of words where there are many."""
    words = [match.span() for match in _WORD.finditer(text)]
    step = -(-len(words) // MOST_UNITS) or 1
    runs = [words[at : at + step] for at in range(0, len(words), step)]
    return [(run[0][0], run[-1][1]) for run in runs]
