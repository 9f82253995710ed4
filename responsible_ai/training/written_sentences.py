"""Texts one by one: those written for this project, and harmless messages that a local model wrote.

A line is `language<tab>labels<tab>subject<tab>text`, and for a document with an order in it a tab and that
order more. Labels are `-` (a harmless message), `document` (a harmless one), one kind of attack, or harms
with commas between. A text that is nearly one of a test is left out. It knows no model.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from filling import split_of
from numpy.typing import NDArray
from rows import Row, plain

from prudent_responsible_ai.text_encoder import ATTACKS, HARMS, LABELS

FILES = ("harmless_sentences", "generated_harmless", "harm_sentences", "attack_sentences")
MESSAGE, DOCUMENT = "-", "document"
_FOLDER = Path(__file__).parent / "templates"
_LONGEST = 500
"""Characters of a test text that a line could be nearly the same as."""
_RUN = 5
"""Letters of the runs that texts are compared by."""
_NEARLY = 0.6
"""Share of common runs from which two texts count as one."""
_OFFENSIVE = frozenset({"hate", "harassment", "profanity"})
_TOLD_APART = ("self_harm", "sexual")
"""Harms that a text with another harm does not have unless its line says so; the rest go together too often
for a line that names one to deny the others."""


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
    for line in (_FOLDER / f"{name}.tsv").read_text(encoding="utf-8").splitlines():
        language, named, subject, text, *order = (part.replace("\\n", "\n") for part in line.split("\t"))
        kind, labels = _labels(named)
        yield Row(
            id=f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:10]}",
            text=text,
            labels=labels,
            source=f"authored_{name}",
            language=language,
            split=split_of(text),
            kind=kind,
            injected=order[0] if order else None,
            about={"group": subject},
        )


def _labels(named: str) -> tuple[str, NDArray[np.float32]]:
    """The kind of a row and its labels. Raises ValueError: `named` names a label that there is not."""
    labels = np.zeros(len(LABELS), np.float32)
    if named == DOCUMENT:
        return "benign", labels
    # What a user says may be an order where it stands in a document.
    labels[LABELS.index("indirect")] = np.nan
    if named == MESSAGE:
        return "benign_hard", labels
    if named in ATTACKS:
        labels[:] = np.nan
        labels[[LABELS.index("attack"), LABELS.index(named)]] = 1
        return named, labels
    harms = named.split(",")
    if unknown := set(harms) - set(HARMS):
        raise ValueError(f"no label {', '.join(sorted(unknown))}")
    for harm in HARMS:
        if harm not in _TOLD_APART:
            labels[LABELS.index(harm)] = np.nan
    labels[[LABELS.index(name) for name in (*harms, "unsafe")]] = 1
    if not _OFFENSIVE.isdisjoint(harms):
        labels[LABELS.index("offensive")] = 1
    return "safety", labels


def _runs(text: str) -> frozenset[str]:
    letters = plain(text)
    return frozenset(letters[start : start + _RUN] for start in range(max(1, len(letters) - _RUN + 1)))
