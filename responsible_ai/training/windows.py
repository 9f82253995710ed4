"""Texts as the encoder reads them: windows of whole sentences, each with the labels that hold in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rows import Row

from prudent.tokenizer.unigram import UnigramTokenizer
from prudent_responsible_ai.encoder.cutting import LONGEST, Cutter
from prudent_responsible_ai.text_encoder import ATTACKS, LABELS

_MOST_CHARACTERS = 40_000
_MOST_OF_A_ROW = 3
_FIRST_ATTACK = LABELS.index(ATTACKS[0])


@dataclass(frozen=True, eq=False)
class Window:
    """A piece of a text, its token ids with both marks, the labels, and the index of the row."""

    text: str
    ids: NDArray[np.int32]
    labels: NDArray[np.float32]
    row: int


def windows_of(
    rows: Sequence[Row], tokenizer: UnigramTokenizer, *, seed: int, longest: int = LONGEST
) -> list[Window]:
    """The windows of all rows, of at most `longest` tokens.

    Of a long training text some are drawn; of a test text all are kept. In a document with an injected text
    only the windows that hold most of it are attacks.
    """
    drawn = np.random.default_rng(seed)
    cutter = Cutter(tokenizer, longest)
    found: list[Window] = []
    for index, row in enumerate(rows):
        pieces = list(cutter.pieces(row.text[:_MOST_CHARACTERS]))
        labelled = [
            Window(text, np.array(cutter.ids(text), np.int32), _labels(row, start, text), index)
            for start, text in pieces
        ]
        if row.split == "train" and len(labelled) > _MOST_OF_A_ROW:
            labelled = _drawn(labelled, drawn)
        found += labelled
    return found


def _labels(row: Row, start: int, text: str) -> NDArray[np.float32]:
    if row.injected is None:
        return row.labels
    at = row.text.find(row.injected)
    shared = min(start + len(text), at + len(row.injected)) - max(start, at)
    if at < 0 or shared > 0.5 * min(len(row.injected), len(text)):
        return row.labels
    clean = row.labels.copy()
    clean[_FIRST_ATTACK:] = 0
    return clean


def _drawn(windows: list[Window], drawn: np.random.Generator) -> list[Window]:
    """A few of a text's windows, its attacks first."""
    attacks = [window for window in windows if window.labels[_FIRST_ATTACK] == 1]
    others = [window for window in windows if window.labels[_FIRST_ATTACK] != 1]
    room = max(1, _MOST_OF_A_ROW - len(attacks))
    kept = drawn.choice(len(others), min(room, len(others)), replace=False)
    return [*attacks[:_MOST_OF_A_ROW], *(others[index] for index in sorted(kept))]
