"""Harmless messages, one a line: those written for this project, and those that a local model wrote.

A line is `language<tab>subject<tab>text`. A text that is nearly one of a test is left out. It knows no model.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from filling import split_of
from rows import Row, plain

from prudent_responsible_ai.text_encoder import LABELS

FILES = ("harmless_sentences", "generated_harmless")
_FOLDER = Path(__file__).parent / "templates"
_LONGEST = 500
"""Characters of a test text that a line could be nearly the same as."""
_RUN = 5
"""Letters of the runs that texts are compared by."""
_NEARLY = 0.6
"""Share of common runs from which two texts count as one."""


def rows(labelled: Sequence[Row]) -> list[Row]:
    """All rows, for train and validation. `labelled` are rows of all splits; those of tests say what is left
    out."""
    tested = [_runs(row.text) for row in labelled if row.split == "test" and len(row.text) <= _LONGEST]
    where: dict[str, list[int]] = defaultdict(list)
    for index, runs in enumerate(tested):
        for run in runs:
            where[run].append(index)

    def is_new(text: str) -> bool:
        mine = _runs(text)
        shared = Counter(index for run in mine for index in where.get(run, ()))
        return all(count < _NEARLY * len(mine | tested[index]) for index, count in shared.items())

    return [row for name in FILES for row in _read(name) if is_new(row.text)]


def _read(name: str) -> Iterator[Row]:
    labels = np.zeros(len(LABELS), np.float32)
    # What a user asks may be an order where it stands in a document.
    labels[LABELS.index("indirect")] = np.nan
    for line in (_FOLDER / f"{name}.tsv").read_text(encoding="utf-8").splitlines():
        language, subject, text = line.split("\t")
        yield Row(
            id=f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:10]}",
            text=text,
            labels=labels.copy(),
            source=f"authored_{name}",
            language=language,
            split=split_of(text),
            kind="benign_hard",
            injected=None,
            about={"group": subject},
        )


def _runs(text: str) -> frozenset[str]:
    letters = plain(text)
    return frozenset(letters[start : start + _RUN] for start in range(max(1, len(letters) - _RUN + 1)))
