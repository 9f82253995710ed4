"""Labelled rows of answers and their contexts: which answer its context does not support. It fits nothing."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rows import Split

_VALIDATION_SHARE = 10


@dataclass(frozen=True)
class GroundedRow:
    """`label` 1: the context does not support the response. `made_from` says how a wrong answer was drawn."""

    source: str
    language: str
    context: str
    question: str
    response: str
    label: int
    split: Split
    made_from: str | None


def grounded_rows(folder: Path) -> Iterator[GroundedRow]:
    """All labelled rows; of HaluEval's questions only pairs of like length: length tells the others."""
    for name in ("grounded.jsonl.gz", "grounded_more.jsonl.gz"):
        with gzip.open(folder / name, "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                about = row.get("meta") or {}
                if row["label"] is None or (
                    row["source"] == "halueval_qa" and not about.get("length_matched")
                ):
                    continue
                yield _row(row, about)


def _row(row: dict[str, Any], about: dict[str, Any]) -> GroundedRow:
    context = row["context"]
    if about.get("reference"):
        context = f"{context}\n{about['reference']}"
    question = row["question"] or ""
    return GroundedRow(
        row["source"],
        row["lang"],
        context,
        question,
        str(row["response"]),
        int(row["label"]),
        _split(row),
        about.get("from"),
    )


def _split(row: dict[str, Any]) -> Split:
    if row["split"] == "test":
        return "test"
    drawn = int.from_bytes(hashlib.sha256(f"validation {row['context']}".encode()).digest()[:4], "big")
    return "validation" if drawn % _VALIDATION_SHARE == 0 else "train"
