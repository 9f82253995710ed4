"""Labelled texts for the checks' encoder: what each source annotated, and what must not be learnt from it.

Reads the JSON Lines files of the labelled data (see the README beside them for sources and licences). A label
that a source did not annotate is NaN, and counts neither in the loss nor in a metric.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from prudent_responsible_ai.text_encoder import HARMS, LABELS

Split = Literal["train", "validation", "test"]

NO_BENIGN_ROWS = frozenset({"ms", "te", "sw", "fa", "yue"})
"""Languages with harmful rows alone: whoever learns from them learns the language."""

INSTRUCTIONS = Path("quality") / "ifeval.jsonl"
"""Beside the folder of labelled data: prompts of IFEval (Apache-2.0)."""

_SPLITS_OF_INSTRUCTIONS: tuple[Split, ...] = ("test", "test", "test", "train", "train", "validation")

PASSAGES = Path("quality") / "boolq.jsonl"
"""Beside it too: passages of an encyclopaedia (BoolQ, CC-BY-SA-3.0), documents without an order."""

QUESTIONS = {
    Path("quality") / f"{name}.jsonl": field
    for name, field in (
        ("nq_open", "question"),
        ("triviaqa", "question"),
        ("truthfulqa", "question"),
        ("arc_easy", "question"),
        ("piqa", "question"),
        ("mbpp", "text"),
        ("humaneval", "prompt"),
    )
}
"""Beside it too: questions and tasks that harm nobody (licences in the README there), with their field."""

EASY = frozenset(path.stem for path in QUESTIONS)
"""Their sources. They share no word with attacks, so they set no threshold against them: it would be low."""

_SPLITS_OF_HARMLESS: tuple[Split, ...] = ("train", "train", "train", "validation")

_ATTACKS_OF_USERS = ("attack", "direct", "jailbreak")

_TEST_ONLY = frozenset({"hatecheck", "multilingual_hatecheck", "xstest", "notinject"})
_VALIDATION_SHARE = 10
"""One in so many training texts is kept for thresholds and calibration."""


@dataclass(frozen=True, eq=False)
class Row:
    """A text, its labels in the order of LABELS (1, 0 or NaN), and where it comes from.

    `kind` is `safety`, or what the injection files call it. `injected` is the attack inside a document.
    """

    id: str
    text: str
    labels: NDArray[np.float32]
    source: str
    language: str
    split: Split
    kind: str
    injected: str | None
    about: dict[str, Any]


def read_rows(folder: Path) -> list[Row]:
    """All rows for training, validation and test; none of a test text is left in the others."""
    rows = [*_safety(folder), *_injection(folder), *_quality(folder)]
    tested = {plain(row.text) for row in rows if row.split == "test"}
    return [row for row in rows if row.split == "test" or plain(row.text) not in tested]


def data_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file that rows are read from, for the card."""
    beside = [folder.parent / name for name in (INSTRUCTIONS, PASSAGES, *QUESTIONS)]
    paths = [*_files(folder), *(path for path in beside if path.is_file())]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def _safety(folder: Path) -> Iterator[Row]:
    for found in _read(folder, "safety"):
        language = found.get("lang") or "en"
        split = _split(found)
        if split != "test" and (language in NO_BENIGN_ROWS or found["source"] in _TEST_ONLY):
            continue
        labels = np.full(len(LABELS), np.nan, np.float32)
        for name, value in found["labels"].items():
            if value is None:
                continue
            if name == "safe":
                labels[LABELS.index("unsafe")] = 1 - value
            elif name in HARMS:
                labels[LABELS.index(name)] = value
        if 1 in (labels[LABELS.index("hate")], labels[LABELS.index("harassment")]):
            labels[LABELS.index("offensive")] = 1
        if labels[LABELS.index("unsafe")] == 0:
            # Whether it would be an order where it stands in a document is not known.
            labels[[LABELS.index(name) for name in _ATTACKS_OF_USERS]] = 0
        if found["source"] == "cold" and split != "test":
            # Offence there may be hate or harassment and nobody says which: no positives, so no negatives.
            labels[LABELS.index("hate")] = labels[LABELS.index("harassment")] = np.nan
        yield _row(found, labels, split, "safety", language)


def _injection(folder: Path) -> Iterator[Row]:
    for found in _read(folder, "injection"):
        split = _split(found)
        about = found.get("meta") or {}
        if about.get("ambiguous_without_system_prompt"):
            continue
        if split != "test" and found["source"] in _TEST_ONLY:
            continue
        labels = np.full(len(LABELS), np.nan, np.float32)
        labels[LABELS.index("attack") :] = 0
        if found["label"]:
            labels[LABELS.index("attack")] = 1
            labels[LABELS.index("direct") :] = np.nan
            labels[LABELS.index(found["kind"])] = 1
        elif found["kind"] == "benign" and split != "test":
            # Letters, records, news and questions, harmless by where they come from: long texts are otherwise
            # never seen without a harm. Of tests only what was annotated counts.
            labels[[LABELS.index(name) for name in HARMS]] = 0
        yield _row(found, labels, split, found["kind"], found.get("lang") or "en")


def _quality(folder: Path) -> Iterator[Row]:
    """Of the quality tests beside the folder: instructions, passages, questions and tasks, all harmless."""
    yield from _beside(folder, INSTRUCTIONS, "prompt", _SPLITS_OF_INSTRUCTIONS)
    for path, field in ((PASSAGES, "passage"), *QUESTIONS.items()):
        yield from _beside(folder, path, field, _SPLITS_OF_HARMLESS)


def _beside(folder: Path, path: Path, field: str, splits: tuple[Split, ...]) -> Iterator[Row]:
    """The harmless texts of one file, whose ids draw the split; none where the file is not there."""
    beside = folder.parent / path
    if not beside.is_file():
        return
    labels = np.zeros(len(LABELS), np.float32)
    if path != PASSAGES:
        # What a user asks may be an order where it stands in a document.
        labels[LABELS.index("indirect")] = np.nan
    for line in beside.read_text(encoding="utf-8").splitlines():
        found = json.loads(line)
        found |= {"source": path.stem, "text": found[field]}
        drawn = hashlib.sha256(found["id"].encode()).digest()[0] % len(splits)
        yield _row(found, labels.copy(), splits[drawn], "benign", "en")


def _row(found: dict[str, Any], labels: NDArray[np.float32], split: Split, kind: str, language: str) -> Row:
    about = found.get("meta") or {}
    injected = about.get("injected") if kind == "indirect" else None
    return Row(found["id"], found["text"], labels, found["source"], language, split, kind, injected, about)


def _split(found: dict[str, Any]) -> Split:
    if found["split"] == "test":
        return "test"
    group = (found.get("meta") or {}).get("group") or plain(found["text"])[:200]
    drawn = int.from_bytes(hashlib.sha256(f"validation {group}".encode()).digest()[:4], "big")
    return "validation" if drawn % _VALIDATION_SHARE == 0 else "train"


def _read(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    for path in _files(folder):
        if path.name.startswith(name):
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                yield from map(json.loads, lines)


def _files(folder: Path) -> list[Path]:
    return sorted(path for name in ("safety", "injection") for path in folder.glob(f"{name}*.jsonl.gz"))


def plain(text: str) -> str:
    """The letters and digits alone, small: texts that are the same in these are one."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).lower() if letter.isalnum())
