"""Runs the encoder's graphs on rows of token ids: the lower layers, then the others. Knows no text.

Rows of like length go together, since padding costs as much as text. A row's states do not depend on the rows
beside it: rows are quantised one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from prudent.runtime.session import SessionOptions, Spinning, open_session
from prudent.runtime.text_encoder_artifact import TextEncoderArtifact

_TOKENS_A_RUN = 512
"""Tokens of one run, padding included; more are not faster."""
_LIKE = 0.85
"""Rows that are at least so long as the longest of a run are run with it."""


class EncoderGraphs:
    """The open graphs. Safe in several threads."""

    def __init__(self, artifact: TextEncoderArtifact, padding: int, threads: int) -> None:
        """Open them (about a second). `padding` is the id that fills rows up."""
        self._padding = padding
        options = SessionOptions(threads=threads, spinning=Spinning.WHILE_RUNNING, arena=True)
        self._first = open_session(artifact.graph, options)
        upper = artifact.upper_graph
        self._second = None if upper is None else open_session(upper, options)

    @property
    def split(self) -> bool:
        """Whether there are two graphs, so that `states` can be had by themselves."""
        return self._second is not None

    def states(self, rows: Sequence[Sequence[int]]) -> list[NDArray[np.float32]]:
        """What the lower layers make of each row: (tokens, hidden)."""
        found: list[NDArray[np.float32]] = [np.zeros((0, 0), np.float32)] * len(rows)
        for taken, ids, lengths in self._batches(rows):
            (states,) = self._first.run({"input_ids": ids, "lengths": lengths})
            for place, index in enumerate(taken):
                found[index] = states[place, : lengths[place]]
        return found

    def from_states(
        self, states: Sequence[NDArray[np.float32]]
    ) -> Iterator[tuple[int, NDArray[np.float32], NDArray[np.float32]]]:
        """What the upper layers make of them: the index, logits (labels) and tags (tokens, tags)."""
        if self._second is None:
            raise TypeError("The encoder has no second graph.")
        for taken, longest in _of_like_length([len(one) for one in states]):
            padded = np.zeros((len(taken), longest, states[taken[0]].shape[1]), np.float32)
            for place, index in enumerate(taken):
                padded[place, : len(states[index])] = states[index]
            lengths = np.array([len(states[index]) for index in taken], np.int32)
            logits, tags = self._second.run({"states": padded, "lengths": lengths})
            for place, index in enumerate(taken):
                yield index, logits[place], tags[place, : lengths[place]]

    def whole(
        self, rows: Sequence[Sequence[int]]
    ) -> Iterator[tuple[int, NDArray[np.float32], NDArray[np.float32]]]:
        """What all layers make of each row, as `from_states`."""
        if self.split:
            yield from self.from_states(self.states(rows))
            return
        for taken, ids, lengths in self._batches(rows):
            logits, tags = self._first.run({"input_ids": ids, "lengths": lengths})
            for place, index in enumerate(taken):
                yield index, logits[place], tags[place, : lengths[place]]

    def _batches(
        self, rows: Sequence[Sequence[int]]
    ) -> Iterator[tuple[list[int], NDArray[np.int64], NDArray[np.int32]]]:
        """Indices of rows that are run together, their ids and their lengths."""
        for taken, longest in _of_like_length([len(row) for row in rows]):
            ids = np.full((len(taken), longest), self._padding, np.int64)
            for place, index in enumerate(taken):
                ids[place, : len(rows[index])] = rows[index]
            yield taken, ids, np.array([len(rows[index]) for index in taken], np.int32)


def _of_like_length(lengths: Sequence[int]) -> Iterator[tuple[list[int], int]]:
    """Indices that go together, and the longest of their lengths."""
    order = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    while order:
        longest = lengths[order[0]]
        like = sum(lengths[index] >= _LIKE * longest for index in order)
        taken = order[: max(1, min(like, _TOKENS_A_RUN // longest))]
        order = order[len(taken) :]
        yield taken, longest
