"""From a trained encoder to what the package ships: weights as float16, calibration and the card.

    python responsible_ai/training/publish.py DATA TRAINED E5FILE [--out FOLDER]

The calibration is fitted on validation rows, on the compiled int8 encoder as it is used; no test row is read.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import augment_attack
import augment_harm
import numpy as np
from examples import SEED
from numpy.typing import NDArray
from rows import Row, read_rows
from safetensors.numpy import load_file, save_file  # pyright: ignore[reportUnknownVariableType]
from sklearn.linear_model import LogisticRegression

from prudent.compiler.compile_text_encoder import compile_text_encoder
from prudent.compiler.identity import ModelIdentity
from prudent.runtime.artifact import SourceFile
from prudent_responsible_ai.encoder.card import ANY_LANGUAGE, Bands, EncoderCard, LabelCard
from prudent_responsible_ai.encoder.cutting import Cutter
from prudent_responsible_ai.encoder.local import LocalTextEncoder
from prudent_responsible_ai.text_encoder import ATTACKS, LABELS

NAME = "prudent-text-guard"
BASE = "multilingual-e5-small"
FALSE_POSITIVES = {"low": 0.05, "medium": 0.01, "high": 0.002}
"""Shares of harmless validation rows that a band may flag."""
FEWEST_NEGATIVES = 150
"""With fewer a language has no bands of its own."""
LOWEST, HIGHEST = 0.02, 0.995
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
    save_file(_shipped(load_file(str(asked.trained)), training["frozen"]), str(weights))
    weights.chmod(0o644)
    content = weights.read_bytes()
    card = EncoderCard(
        name=NAME,
        base=BASE,
        labels={label: LabelCard(slope=1, intercept=0, bands={}) for label in LABELS},
        support_temperature=1.0,
        measures={},
        training=training,
        weights_sha256=hashlib.sha256(content).hexdigest(),
        weights_bytes=len(content),
    )
    with tempfile.TemporaryDirectory() as scratch:
        identity = ModelIdentity(NAME, "MIT", BASE, (SourceFile(name="x", sha256="0", bytes=1),))
        artifact = compile_text_encoder(asked.base, weights, Path(scratch) / "encoder", identity)
        encoder = LocalTextEncoder(artifact, card)
        written = [*augment_harm.rows(SEED), *augment_attack.rows(SEED)]
        rows = [row for row in (*read_rows(asked.data), *written) if row.split == "validation"]
        logits = row_logits(encoder, Cutter(encoder.tokenizer), rows)
    labels = {label: _label_card(logits[:, i], rows, i) for i, label in enumerate(LABELS)}
    card = card.model_copy(update={"labels": labels})
    (asked.out / "encoder.json").write_text(card.model_dump_json(indent=1) + "\n")
    sys.stdout.write(f"{len(rows)} validation rows\n")
    for label, one in labels.items():
        sys.stdout.write(f"{label}: {one.model_dump()}\n")


def _shipped(state: dict[str, NDArray[Any]], frozen: int) -> dict[str, NDArray[np.float16]]:
    """Tensors under the names of the base's file, as float16."""
    shipped: dict[str, NDArray[np.float16]] = {}
    for name, array in state.items():
        parts = name.split(".")
        if parts[0] == "layers":
            tensor, part = parts[2].rsplit("_", 1)
            name = f"l{int(parts[1]) + frozen}.{tensor}.{part}"
        shipped[name] = np.ascontiguousarray(array.astype(np.float16))
    return shipped


def row_logits(encoder: LocalTextEncoder, cutter: Cutter, rows: Sequence[Row]) -> NDArray[np.float32]:
    """For each row and label the highest logit of its windows: float32 (rows, LABELS)."""
    pieces: list[str] = []
    bounds = [0]
    for row in rows:
        pieces += [piece for _, piece in cutter.pieces(row.text[:_MOST_CHARACTERS])]
        bounds.append(len(pieces))
    logits = encoder.logits(pieces)
    return np.stack([logits[a:b].max(0) for a, b in pairwise(bounds)])


def _label_card(logits: NDArray[np.float32], rows: Sequence[Row], column: int) -> LabelCard:
    known = np.array([not np.isnan(row.labels[column]) for row in rows])
    truth = np.array([row.labels[column] == 1 for row in rows])
    fitted = LogisticRegression(C=1e3).fit(logits[known, None], truth[known])
    slope, intercept = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    scores = 1 / (1 + np.exp(-(slope * logits + intercept)))
    harmless = _harmless(rows, column)
    languages = np.array([row.language for row in rows])
    bands = {ANY_LANGUAGE: _bands(scores[harmless])}
    for language in sorted(set(languages[harmless])):
        own = harmless & (languages == language)
        if own.sum() >= FEWEST_NEGATIVES:
            bands[language] = _bands(scores[own])
    return LabelCard(slope=round(slope, 5), intercept=round(intercept, 5), bands=bands)


def _harmless(rows: Sequence[Row], column: int) -> NDArray[np.bool_]:
    """Rows of which nothing is known to be wrong."""
    attacks = LABELS[column] in ATTACKS
    unsafe, attack = LABELS.index("unsafe"), LABELS.index("attack")
    return np.array(
        [
            (row.labels[attack] == 0) if attacks else (row.labels[unsafe] == 0 and row.labels[column] != 1)
            for row in rows
        ]
    )


def _bands(scores: NDArray[np.floating[Any]]) -> Bands:
    low, medium, high = (float(np.quantile(scores, 1 - share)) for share in FALSE_POSITIVES.values())
    low = min(max(low, LOWEST), HIGHEST - 0.02)
    medium = min(max(medium, low + 0.005), HIGHEST - 0.01)
    return Bands(
        low=round(low, 4), medium=round(medium, 4), high=round(min(max(high, medium + 0.005), HIGHEST), 4)
    )


if __name__ == "__main__":
    main()
