"""Runs the encoder's graph on rows of token ids, those of like length together. Knows no text and no label.

Padding costs as much as text. What a row gives does not depend on the rows beside it, to the last bit: rows
are quantised one by one, and sums over tokens are products.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from prudent.runtime.session import SessionOptions, Spinning, open_session
from prudent.runtime.text_encoder_artifact import TextEncoderArtifact

_TOKENS_A_RUN = 512
"""Tokens of one run, padding included; more are not faster."""
_LIKE, _FEW = 0.85, 12
"""Rows of this share of the longest, or that lack so few tokens, are run with it: a run of its own costs as
much as a dozen tokens."""
_AT_ONCE = 4
"""Tokens that kernels add up at once. They add the last three in another order, so these get a fourth."""


class EncoderGraph:
    """The open graph. Safe in several threads."""

    def __init__(self, artifact: TextEncoderArtifact, padding: int, threads: int) -> None:
        """Open it (about a second). `padding` is the id that fills rows up."""
        self._padding = padding
        options = SessionOptions(threads=threads, spinning=Spinning.WHILE_RUNNING, arena=True)
        self._session = open_session(artifact.graph, options)

    def read(
        self, rows: Sequence[Sequence[int]]
    ) -> Iterator[tuple[int, NDArray[np.float32], NDArray[np.float32]]]:
        """Of each row, in any order: its index, logits (labels) and tags (tokens, tags)."""
        for taken, longest in _of_like_length([len(row) for row in rows]):
            width = longest + (longest % _AT_ONCE == _AT_ONCE - 1)
            ids = np.full((len(taken), width), self._padding, np.int64)
            for place, index in enumerate(taken):
                ids[place, : len(rows[index])] = rows[index]
            lengths = np.array([len(rows[index]) for index in taken], np.int32)
            logits, tags = self._session.run({"input_ids": ids, "lengths": lengths})
            for place, index in enumerate(taken):
                yield index, logits[place], tags[place, : lengths[place]]


def _of_like_length(lengths: Sequence[int]) -> Iterator[tuple[list[int], int]]:
    """Indices that go together, and the longest of their lengths."""
    order = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    while order:
        longest = lengths[order[0]]
        shortest = min(_LIKE * longest, longest - _FEW)
        like = sum(lengths[index] >= shortest for index in order)
        taken = order[: max(1, min(like, _TOKENS_A_RUN // longest))]
        order = order[len(taken) :]
        yield taken, longest
