"""Everything the encoder learns from: windows with label weights, tagged tokens, pairs of texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import augment_attack
import augment_harm
import augment_prose
import augment_swapped
import numpy as np
import written_sentences
from names import Tagged, tagged
from numpy.typing import NDArray
from pairs import Pair, pairs
from rows import Row, read_rows
from windows import Window, windows_of

from prudent.tokenizer.unigram import UnigramTokenizer
from prudent_responsible_ai.text_encoder import LABELS

SEED = 20261128
MOST_PAIRS = 9_000
_MOST_OF_A_SOURCE = 2_500
"""Training rows of one source and label: COLD and Davidson's tweets would drown the others."""


@dataclass(frozen=True)
class Labelled:
    """Windows with a weight for each label: float32 (windows, LABELS), 0 where the label is not known.

    `sources` are those of the rows that the windows are of.
    """

    windows: list[Window]
    sources: list[str]
    weights: NDArray[np.float32]


@dataclass(frozen=True)
class Examples:
    """What is learnt from, and the rows that thresholds are set on."""

    labelled: Labelled
    tagged: list[Tagged]
    pairs: list[Pair]
    rows: list[Row]
    """All rows of all splits, those written for training included."""


def gather(folder: Path, tokenizer: UnigramTokenizer) -> Examples:
    """Read the labelled data and what was written for training."""
    windows, rows = labelled(folder, tokenizer)
    return Examples(
        labelled=windows,
        tagged=[one for one in tagged(folder, tokenizer) if one.split == "train"],
        pairs=[one for one in pairs(folder, tokenizer, limit=MOST_PAIRS) if one.split == "train"],
        rows=rows,
    )


def labelled(
    folder: Path, tokenizer: UnigramTokenizer, *, thinned: bool = True
) -> tuple[Labelled, list[Row]]:
    """The windows that labels are learnt from, and all rows of all splits.

    `thinned` False takes every training row of the large sources too, for what learns them in seconds.
    """
    read = read_rows(folder)
    rows = [*read, *written(read)]
    learnt = [row for row in rows if row.split == "train"]
    learnt = _thinned(learnt) if thinned else learnt
    windows = windows_of(learnt, tokenizer, seed=SEED)
    sources = [learnt[window.row].source for window in windows]
    return Labelled(windows, sources, _weights(learnt, windows)), rows


def written(labelled: Sequence[Row]) -> list[Row]:
    """What was written for training and validation, and what is made of labelled rows."""
    own = [
        *augment_harm.rows(SEED),
        *augment_attack.rows(SEED, labelled),
        *written_sentences.rows(labelled),
    ]
    return [*own, *augment_prose.rows(SEED, [*labelled, *own]), *augment_swapped.rows(SEED, labelled)]


def _thinned(rows: Sequence[Row]) -> list[Row]:
    """At most so many rows of a source with the same labels, drawn by chance."""
    drawn = np.random.default_rng(SEED).permutation(len(rows))
    seen: Counter[tuple[str, bytes]] = Counter()
    kept: list[int] = []
    for index in drawn:
        row = rows[index]
        group = (row.source, row.labels.tobytes())
        seen[group] += 1
        if seen[group] <= _MOST_OF_A_SOURCE:
            kept.append(index)
    return [rows[index] for index in sorted(kept)]


def _weights(rows: Sequence[Row], windows: Sequence[Window]) -> NDArray[np.float32]:
    """Sources and classes by the root of their size, each label's mean weight 1 where it is known."""
    sources = [rows[window.row].source for window in windows]
    labels = np.stack([window.labels for window in windows])
    weights = np.zeros_like(labels)
    for column in range(len(LABELS)):
        known = np.flatnonzero(~np.isnan(labels[:, column]))
        groups = [(sources[index], bool(labels[index, column])) for index in known]
        sizes = Counter(groups)
        raw = np.array([sizes[group] ** -0.5 for group in groups], np.float32)
        weights[known, column] = raw / raw.mean()
    return weights
