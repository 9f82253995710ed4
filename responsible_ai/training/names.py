"""Texts with the names in them tagged token by token: the labelled rows, and rows written for this project.

Reads one file of labelled data and the templates beside it. It knows no model and no check.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import augment_names
import numpy as np
from numpy.typing import NDArray
from rows import Split
from windows import LONGEST

from prudent.tokenizer.unigram import UnigramTokenizer
from prudent_responsible_ai.name_spans import NAME_LABELS, TAGS

SEED = 20261128
IGNORED = -1
"""The tag of the marks of beginning and end, which are no text."""

_VALIDATION_SHARE = 10
_MARKS = 2
_BETWEEN_PARTS = re.compile(r"[\s,>?.;|-]{0,8}")
"""What may stand between the parts of an address: line ends, commas, marks of quoted lines."""

_TITLE = re.compile(r"(?:mrs?|ms|miss|dr|prof)\.?", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Tagged:
    """Token ids with both marks, and each token's place in TAGS (IGNORED for the marks)."""

    ids: NDArray[np.int32]
    tags: NDArray[np.int8]
    split: Split
    source: str


@dataclass(frozen=True)
class NamedText:
    """A text and its names: (start, end, label), end exclusive."""

    text: str
    spans: tuple[tuple[int, int, str], ...]
    split: Split
    source: str
    language: str


def tagged(folder: Path, tokenizer: UnigramTokenizer) -> list[Tagged]:
    """All rows of all splits as windows of at most LONGEST tokens."""
    found = [*read_named(folder), *written()]
    return [window for row in found for window in _windows(row, tokenizer)]


def written() -> list[NamedText]:
    """The rows written for this project, for training and validation."""
    return [
        NamedText(one.text, one.spans, one.split, one.source, one.language)
        for one in augment_names.rows(SEED)
    ]


def read_named(folder: Path) -> Iterator[NamedText]:
    """The labelled rows with the names among their spans; addresses written in parts are made whole."""
    with gzip.open(folder / "pii.jsonl.gz", "rt", encoding="utf-8") as lines:
        for found in map(json.loads, lines):
            yield NamedText(
                found["text"],
                tuple(whole_addresses(found["text"], name_spans(found))),
                _split(found),
                found["source"],
                found.get("lang") or "en",
            )


def name_spans(found: dict[str, Any]) -> list[tuple[int, int, str]]:
    """The spans of a labelled row that are names, in order; a title alone ("Mr.") is none."""
    return sorted(
        (span["start"], span["end"], span["label"])
        for span in found["spans"]
        if span["label"] in NAME_LABELS and not _TITLE.fullmatch(span["text"])
    )


def whole_addresses(text: str, spans: Sequence[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Street, place and postcode that follow each other are one address: some sources label each line."""
    whole: list[tuple[int, int, str]] = []
    for start, end, label in spans:
        if whole and {label, whole[-1][2]} <= {"ADDRESS", "LOCATION"} and "ADDRESS" in (label, whole[-1][2]):
            first, before, _ = whole[-1]
            if _BETWEEN_PARTS.fullmatch(text, before, start):
                whole[-1] = (first, end, "ADDRESS")
                continue
        whole.append((start, end, label))
    return whole


def _split(found: dict[str, Any]) -> Split:
    if found["split"] == "test":
        return "test"
    template = found["meta"].get("template_id")
    group = found["text"] if template is None else f"{found['source']} {template}"
    drawn = int.from_bytes(hashlib.sha256(f"names {group}".encode()).digest()[:4], "big")
    return "validation" if drawn % _VALIDATION_SHARE == 0 else "train"


def _windows(row: NamedText, tokenizer: UnigramTokenizer) -> Iterator[Tagged]:
    ids, offsets = tokenizer.encode_with_offsets(row.text)
    tags = token_tags(row, offsets[1:-1])
    room = LONGEST - _MARKS
    start = 0
    while start < len(tags):
        end = min(len(tags), start + room)
        while end < len(tags) and end > start + 1 and TAGS[tags[end]] != "O":
            end -= 1
        yield Tagged(
            np.array([tokenizer.bos_id, *ids[1 + start : 1 + end], tokenizer.eos_id], np.int32),
            np.array([IGNORED, *tags[start:end], IGNORED], np.int8),
            row.split,
            row.source,
        )
        start = end


def token_tags(row: NamedText, offsets: Sequence[tuple[int, int]]) -> list[int]:
    """The tag of each token; a token belongs to the name it overlaps."""
    tags = [0] * len(offsets)
    for start, end, label in row.spans:
        place = "B"
        for index, (first, last) in enumerate(offsets):
            if first < last and first < end and last > start:
                tags[index] = TAGS.index(f"{place}-{label}")
                place = "I"
    return tags
