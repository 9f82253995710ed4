"""What the checks' encoder gives for whole texts, as `scores`, without the names, which cost as much again.

For benchmarks of scores alone; it knows no data set and no threshold.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from prudent_responsible_ai.encoder.cutting import Cutter
from prudent_responsible_ai.encoder.local import LocalTextEncoder
from prudent_responsible_ai.text_encoder import LABELS
from prudent_responsible_ai.undisguised import undisguised


def highest(encoder: LocalTextEncoder, texts: Sequence[str]) -> NDArray[np.float64]:
    """(texts, LABELS): the highest score of each text's windows; 0 for a blank text."""
    cutter = Cutter(encoder.tokenizer)
    pieces: list[str] = []
    owners: list[int] = []
    for index, text in enumerate(texts):
        cut = [piece for _, piece in cutter.pieces(text)] if text.strip() else []
        pieces += cut
        owners += [index] * len(cut)
    found = np.zeros((len(texts), len(LABELS)))
    np.maximum.at(found, owners, encoder.chances(pieces))
    return found


def highest_of_views(encoder: LocalTextEncoder, texts: Sequence[str]) -> NDArray[np.float64]:
    """(texts, LABELS): the higher score of a text and of its second view, where it has one."""
    found = highest(encoder, texts)
    views = [
        (index, view.text) for index, text in enumerate(texts) if (view := undisguised(text)) is not None
    ]
    if views:
        indices = [index for index, _ in views]
        found[indices] = np.maximum(found[indices], highest(encoder, [text for _, text in views]))
    return found
