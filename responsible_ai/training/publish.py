"""From a trained encoder to what the package ships: weights as float16, calibration and the card.

    python responsible_ai/training/publish.py DATA TRAINED E5FILE [--out FOLDER]

TRAINED is what train.py or fit_heads.py wrote.

The calibration is fitted on validation rows, on the compiled int8 encoder as it is used, together with the
weights of n-grams that fit_ngrams.py has written; no test row is read.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import metrics
import numpy as np
from examples import written
from fit_ngrams import INVERSE_PENALTY
from numpy.typing import NDArray
from rows import EASY, Row, read_rows
from safetensors.numpy import load_file, save_file  # pyright: ignore[reportUnknownVariableType]
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from stored import shipped

from prudent.compiler.compile_text_encoder import compile_text_encoder
from prudent.compiler.identity import ModelIdentity
from prudent.runtime.artifact import SourceFile
from prudent.runtime.text_encoder_artifact import TextEncoderArtifact
from prudent_responsible_ai.encoder.card import ANY_LANGUAGE, Bands, EncoderCard, LabelCard
from prudent_responsible_ai.encoder.cutting import Cutter
from prudent_responsible_ai.encoder.local import LocalTextEncoder
from prudent_responsible_ai.encoder.ngrams import BITS, NgramModel
from prudent_responsible_ai.text_encoder import ATTACKS, LABELS

NAME = "prudent-text-guard"
BASE = "multilingual-e5-small"
FALSE_POSITIVES = {"low": 0.05, "medium": 0.01, "high": 0.002}
"""Shares of harmless validation rows that a band may flag."""
MISSED = {"low": None, "medium": 0.02, "high": 0.1}
"""Shares of the positives that a band need not find: it begins no lower than that, though it flagged less.
Validation rows are easier than what people send, and of a label that is told apart well there the score that
one in a hundred harmless rows reaches is next to nothing."""
FEWEST_POSITIVES = 20
"""With fewer a language is judged by the positives of all."""
FEWEST_NEGATIVES = 150
"""With fewer a language has no bands of its own."""
LOWEST, HIGHEST = 0.02, 0.995
POSSIBLE, LIKELY = 0.1, 0.5
"""Medium begins no lower than one in ten: where validation rows tell a label apart well, next to nothing
would flag. High begins no lower than even odds: what is less likely than not stops no answer, though few
validation rows reach it."""
MOST_BESIDE_ELSEWHERE = 1.0
MOST_BESIDE = {"hate": 0.0, "offensive": 2.0, "attack": 2.0, "direct": 2.0, "jailbreak": 2.0}
"""What n-grams may count at most beside a logit that is the sum of two heads' (see fit_heads.py). On
validation rows of a source that they did not learn from, they help a little up to half of one head for harm
(not at all for hate) and up to the whole of one for a user's attacks, and do harm beyond, whatever a fit on
known sources says. Offence is learnt from few sources, and the Chinese of it from one."""
_FOLDS = 5
_FEWEST_OF_A_SOURCE = 5
"""Positives and negatives below which a source does not count for whether n-grams help."""
_MOST_CHARACTERS = 40_000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("trained", type=Path)
    parser.add_argument("base", type=Path)
    parser.add_argument("--out", type=Path, default=Path("responsible_ai/prudent_responsible_ai/weights"))
    asked = parser.parse_args()
    asked.out.mkdir(exist_ok=True)
    weights = asked.out / "encoder.safetensors"
    training = json.loads(asked.trained.with_suffix(".json").read_text())
    training["ngrams"] = {"places": 1 << BITS, "inverse_penalty": INVERSE_PENALTY}
    save_file(shipped(load_file(str(asked.trained)), training["frozen"]), str(weights))
    weights.chmod(0o644)
    content = weights.read_bytes()
    ngrams = asked.out / "ngrams.safetensors"
    card = EncoderCard(
        name=NAME,
        base=BASE,
        labels={label: LabelCard(slope=1, intercept=0, bands={}) for label in LABELS},
        support_temperature=1.0,
        measures={},
        training=training,
        weights_sha256=hashlib.sha256(content).hexdigest(),
        weights_bytes=len(content),
        ngrams_sha256=hashlib.sha256(ngrams.read_bytes()).hexdigest(),
    )
    with tempfile.TemporaryDirectory() as scratch:
        encoder = LocalTextEncoder(_compiled_file(weights, asked.base, Path(scratch)), card)
        read = read_rows(asked.data)
        rows = [row for row in (*read, *written(read)) if row.split == "validation"]
        scored = Scored.of(encoder, NgramModel(ngrams), rows)
    labels = {label: _label_card(scored, rows, i) for i, label in enumerate(LABELS)}
    card = card.model_copy(update={"labels": labels})
    (asked.out / "encoder.json").write_text(card.model_dump_json(indent=1) + "\n")
    sys.stdout.write(f"{len(rows)} validation rows\n")
    for label, one in labels.items():
        sys.stdout.write(f"{label}: {one.model_dump()}\n")


def compiled(tensors: dict[str, NDArray[Any]], base: Path, folder: Path) -> TextEncoderArtifact:
    """The int8 encoder of tensors as they are shipped."""
    path = folder / "shipped.safetensors"
    save_file(tensors, str(path))
    return _compiled_file(path, base, folder)


def _compiled_file(tuned: Path, base: Path, folder: Path) -> TextEncoderArtifact:
    identity = ModelIdentity(NAME, "MIT", BASE, (SourceFile(name="x", sha256="0", bytes=1),))
    return compile_text_encoder(base, tuned, folder / "encoder", identity)


@dataclass(frozen=True)
class Scored:
    """Logits of encoder and n-grams: float32 (windows, LABELS), and where each row's windows begin."""

    encoder: NDArray[np.float32]
    ngrams: NDArray[np.float32]
    starts: NDArray[np.intp]

    @classmethod
    def of(cls, encoder: LocalTextEncoder, ngrams: NgramModel, rows: Sequence[Row]) -> Scored:
        """Both for the windows of rows."""
        cutter = Cutter(encoder.tokenizer)
        pieces: list[str] = []
        starts: list[int] = []
        for row in rows:
            starts.append(len(pieces))
            pieces += [piece for _, piece in cutter.pieces(row.text[:_MOST_CHARACTERS])]
        return cls(encoder.logits(pieces), ngrams.logits(pieces), np.array(starts))

    def encoder_rows(self, column: int) -> NDArray[np.float32]:
        """For each row the highest of its windows' logits of one label, of the encoder alone."""
        return np.maximum.reduceat(self.encoder[:, column], self.starts)

    def ngram_rows(self, column: int) -> NDArray[np.float32]:
        """The same of the n-grams."""
        return np.maximum.reduceat(self.ngrams[:, column], self.starts)

    def rows(self, column: int, share: float) -> NDArray[np.float32]:
        """For each row the highest sum over its windows, where the n-grams count `share`."""
        return np.maximum.reduceat(self.encoder[:, column] + share * self.ngrams[:, column], self.starts)


def _label_card(scored: Scored, rows: Sequence[Row], column: int) -> LabelCard:
    known = np.array([not np.isnan(row.labels[column]) for row in rows])
    truth = np.array([row.labels[column] == 1 for row in rows])
    sources = np.array([row.source for row in rows])
    share = _share_of_ngrams(scored, LABELS[column], (known, truth, sources))
    combined = scored.rows(column, share)
    fitted = LogisticRegression(C=1e3).fit(combined[known, None], truth[known])
    slope, intercept = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    scores = 1 / (1 + np.exp(-(slope * combined + intercept)))
    harmless = _harmless(rows, column)
    languages = np.array([row.language for row in rows])
    bands = {ANY_LANGUAGE: _bands(scores[harmless], scores[truth])}
    for language in sorted(set(languages[harmless])):
        own = harmless & (languages == language)
        if own.sum() >= FEWEST_NEGATIVES:
            positive = metrics.own_or_all(truth, languages == language, FEWEST_POSITIVES)
            bands[language] = _bands(scores[own], scores[positive])
    return LabelCard(
        slope=round(slope, 5), ngrams=round(share * slope, 5), intercept=round(intercept, 5), bands=bands
    )


def _share_of_ngrams(
    scored: Scored, label: str, about: tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.str_]]
) -> float:
    """What the n-grams' logit counts for one of the encoder's: as a logistic regression on both says.

    0 where they do not help: the loss on rows that were left out of the fit is to fall, and the mean over
    sources of the AUROC not to, since a source with many rows is not to decide for the others.
    """
    known, truth, sources = about
    column = LABELS.index(label)
    both = np.stack([scored.encoder_rows(column), scored.ngram_rows(column)], axis=1)[known]
    slope, beside = LogisticRegression(C=1e3).fit(both, truth[known]).coef_[0]
    share = float(np.clip(beside / slope, 0.0, MOST_BESIDE.get(label, MOST_BESIDE_ELSEWHERE)))
    ways = [scored.rows(column, one)[known, None] for one in (0.0, share)]
    losses = [
        -cross_val_score(
            LogisticRegression(C=1e3), way, truth[known], cv=_FOLDS, scoring="neg_log_loss"
        ).mean()
        for way in ways
    ]
    areas = [_area_by_source(truth[known], way[:, 0], sources[known]) for way in ways]
    helps = losses[1] < losses[0] and areas[1] >= areas[0]
    sys.stdout.write(
        f"{label}: fitted {beside / slope:.2f}, loss {losses[0]:.4f} {losses[1]:.4f}, "
        f"AUROC by source {areas[0]:.4f} {areas[1]:.4f}, {'kept' if helps else 'left out'}\n"
    )
    return share if helps else 0.0


def _area_by_source(
    truth: NDArray[np.bool_], scores: NDArray[np.float64], sources: NDArray[np.str_]
) -> float:
    areas = [
        metrics.auroc(truth[own].astype(np.float32), scores[own])
        for own in (sources == source for source in sorted(set(sources)))
        if min(truth[own].sum(), (~truth[own]).sum()) >= _FEWEST_OF_A_SOURCE
    ]
    return float(np.mean(areas))


def _harmless(rows: Sequence[Row], column: int) -> NDArray[np.bool_]:
    """Rows of which nothing is known to be wrong; for an attack, texts that could have held one."""
    attacks = LABELS[column] in ATTACKS
    unsafe, attack = LABELS.index("unsafe"), LABELS.index("attack")
    return np.array(
        [
            (row.labels[attack] == row.labels[column] == 0 and row.source not in EASY)
            if attacks
            else (row.labels[unsafe] == 0 and row.labels[column] != 1)
            for row in rows
        ]
    )


def _bands(harmless: NDArray[np.floating[Any]], positive: NDArray[np.floating[Any]]) -> Bands:
    low, medium, high = (
        metrics.threshold_for(harmless, positive, FALSE_POSITIVES[band], MISSED[band])
        for band in ("low", "medium", "high")
    )
    low = min(max(low, LOWEST), HIGHEST - 0.02)
    medium = min(max(medium, low + 0.005, POSSIBLE), HIGHEST - 0.01)
    high = max(high, LIKELY)
    return Bands(
        low=round(low, 4), medium=round(medium, 4), high=round(min(max(high, medium + 0.005), HIGHEST), 4)
    )


if __name__ == "__main__":
    main()
