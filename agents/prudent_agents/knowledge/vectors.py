"""Vectors kept as bytes, and a quick first look at all of them. Knows no text and no table.

Each number is kept in a byte, the largest of a vector as 127: cosines are off by some 0.0003. To look at all
of them only their signs are compared, 48 bytes a vector, and the nearest by that are then compared by their
numbers. The signs are of the difference to the mean: vectors of E5 lie in a narrow cone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_LEVELS: Final = 127
_WORD: Final = 64
_FIRST_ROOM: Final = 1024
_FAR: Final = np.uint16(0xFFFF)

Vectors = NDArray[np.float32]


def packed(vectors: Vectors) -> list[bytes]:
    """Each row (size numbers) as size bytes; its scale goes, since lengths are 1."""
    largest = np.maximum(np.abs(vectors).max(axis=1), np.finfo(np.float32).tiny)
    scaled: Vectors = vectors / largest[:, None] * _LEVELS
    return [np.rint(row).astype(np.int8).tobytes() for row in scaled]


def unpacked(rows: Sequence[bytes]) -> Vectors:
    """The rows again: float32 (rows, size), each of length 1."""
    numbers = np.frombuffer(b"".join(rows), np.int8).reshape(len(rows), -1).astype(np.float32)
    lengths = np.linalg.norm(numbers, axis=1, keepdims=True)
    return numbers / np.maximum(lengths, np.finfo(np.float32).tiny)


class SignIndex:
    """The signs of all vectors in memory, by word of 64, so that a search is a few passes over long arrays.

    Rows are only ever added; who deletes some finds them again and leaves them out, until `reset`.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.count = 0
        self.last = 0
        self._mean: Vectors | None = None
        self._ids: NDArray[np.int64] = np.empty(0, np.int64)
        self._ranks: NDArray[np.uint8] = np.empty(0, np.uint8)
        self._signs: NDArray[np.uint64] = np.empty((0, 0), np.uint64)

    @property
    def memory(self) -> int:
        """Bytes in use."""
        return self._ids.nbytes + self._ranks.nbytes + self._signs.nbytes

    @property
    def centred(self) -> bool:
        """Whether the mean is known."""
        return self._mean is not None

    def centre(self, sample: Vectors) -> None:
        """Take the mean of a sample; before the first row."""
        self._mean = sample.mean(axis=0)

    def extend(self, rows: Iterable[tuple[int, int, bytes]]) -> None:
        """Add rows of id, rank of confidentiality and packed vector, in order of their ids."""
        listed = list(rows)
        if not listed:
            return
        signs = self._signs_of(unpacked([row[2] for row in listed]))
        end = self.count + len(listed)
        if end > len(self._ids):
            room = max(_FIRST_ROOM, end, 2 * len(self._ids))
            more = room - len(self._ids)
            self._ids = np.pad(self._ids, (0, more))
            self._ranks = np.pad(self._ranks, (0, more))
            words = self._signs if self.count else np.empty((signs.shape[1], 0), np.uint64)
            self._signs = np.pad(words, ((0, 0), (0, more)))
        self._ids[self.count : end] = [row[0] for row in listed]
        self._ranks[self.count : end] = [row[1] for row in listed]
        self._signs[:, self.count : end] = signs.T
        self.count, self.last = end, listed[-1][0]

    def nearest(self, vector: Vectors, rank: int, count: int) -> list[int]:
        """Ids of the `count` rows whose signs differ least, of those up to this rank; in no order."""
        if not self.count:
            return []
        asked = self._signs_of(vector[None])[0]
        distances = np.zeros(self.count, np.uint16)
        for word, signs in zip(asked, self._signs, strict=True):
            distances += np.bitwise_count(signs[: self.count] ^ word)
        distances[self._ranks[: self.count] > rank] = _FAR
        if count < self.count:
            places = np.argpartition(distances, count)[:count]
        else:
            places = np.arange(self.count)
        return [int(one) for one in self._ids[places[distances[places] < _FAR]]]

    def _signs_of(self, vectors: Vectors) -> NDArray[np.uint64]:
        mean = np.float32(0) if self._mean is None else self._mean
        signs = vectors > mean
        over = -signs.shape[1] % _WORD
        if over:
            signs = np.pad(signs, ((0, 0), (0, over)))
        return np.packbits(signs, axis=1).view(np.uint64)
