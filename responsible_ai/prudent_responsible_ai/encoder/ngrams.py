"""Words, pairs of words and runs of characters of a text as numbers, and what they weigh. Knows no encoder.

A linear model over n-grams, hashed so that no vocabulary has to be kept (Weinberger et al. 2009, Feature
Hashing for Large Scale Multitask Learning). It sees exact wordings, which a small encoder blurs, and costs a
few tenths of a millisecond for a hundred words.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file  # pyright: ignore[reportUnknownVariableType]

BITS = 18
"""2^18 places; n-grams that meet in one share its weight."""
SHORTEST, LONGEST = 2, 5
"""Characters of the runs. A character of its own tells something only in Chinese, and pairs hold it."""

_WORDS = re.compile(r"\w+")
_STEP = np.uint64(0x9E3779B97F4A7C15)
"""Multiplier of the rolling hash: 2^64 over the golden ratio (Knuth, The Art of Computer Programming 6.4)."""
_MIX = np.uint64(0xFF51AFD7ED558CCD)
_SHIFT = np.uint64(33)
"""The finaliser of MurmurHash3 (Appleby 2011), one round: the place is taken from the high bits."""
_LARGEST = 127
_WORD, _PAIR = 101, 102
"""What kinds of n-grams begin with, so that they do not share places; runs begin with their length."""


def places_of(text: str) -> NDArray[np.int64]:
    """The places of a text's n-grams, each once, in order. Empty for a blank text.

    Small and capital letters, compatibility forms and the width of blanks make no difference.
    """
    plain = " ".join(unicodedata.normalize("NFKC", text).lower().split())
    if not plain:
        return np.zeros(0, np.int64)
    places = np.concatenate([*_runs(f" {plain} "), *_words(plain)]).astype(np.int32)
    # As numpy.unique, which is five times slower.
    places.sort()
    return places[np.flatnonzero(np.diff(places, prepend=-1))].astype(np.int64)


def _runs(padded: str) -> list[NDArray[np.int64]]:
    letters = np.frombuffer(padded.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    rolled = letters
    found: list[NDArray[np.int64]] = []
    for length in range(2, min(LONGEST, len(letters)) + 1):
        rolled = rolled[: len(letters) - length + 1] * _STEP + letters[length - 1 :]
        if length >= SHORTEST:
            found.append(_places(rolled, length))
    return found


def _words(plain: str) -> list[NDArray[np.int64]]:
    words = np.array(
        [zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in _WORDS.findall(plain)], np.uint64
    )
    return [_places(words, _WORD), _places(words[:-1] * _STEP + words[1:], _PAIR)]


def _places(hashed: NDArray[np.uint64], kind: int) -> NDArray[np.int64]:
    mixed = (hashed + np.uint64(kind)) * _STEP
    mixed ^= mixed >> _SHIFT
    mixed *= _MIX
    return (mixed >> np.uint64(64 - BITS)).astype(np.int64)


def packed(
    weights: NDArray[np.float32], intercepts: NDArray[np.float32], rarity: NDArray[np.float32]
) -> dict[str, NDArray[Any]]:
    """Weights (places, labels) of rows that `rarity` scales, as the file has them: roots in 8 bits.

    Most weights are a hundredth of the largest: of their roots, 8 bits keep enough.
    """
    scaled = weights * rarity[:, None]
    largest = np.abs(scaled).max(axis=0).clip(1e-9)
    roots = np.sign(scaled) * np.sqrt(np.abs(scaled) / largest)
    return {
        "weights": np.rint(roots * _LARGEST).astype(np.int8),
        "scales": (largest / _LARGEST**2).astype(np.float32),
        "intercepts": intercepts.astype(np.float32),
        "rarity": rarity.astype(np.float16),
    }


class NgramModel:
    """The weights that come with the package. Immutable."""

    def __init__(self, path: Path) -> None:
        """Load them (some milliseconds). Raises OSError or SafetensorError: they are not there or damaged."""
        tensors = load_file(path)
        self._roots: NDArray[np.int8] = tensors["weights"]
        self._scales: NDArray[np.float32] = tensors["scales"]
        self._intercepts: NDArray[np.float32] = tensors["intercepts"]
        self._rarity: NDArray[np.float16] = tensors["rarity"]

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, labels): of each text what its n-grams weigh together, rare ones more; its length does not
        count."""
        found = np.tile(self._intercepts, (len(texts), 1))
        for row, text in enumerate(texts):
            places = places_of(text)
            if len(places):
                roots = self._roots.take(places, axis=0).astype(np.float32)
                summed = np.ones(len(places), np.float32) @ (roots * np.abs(roots))
                found[row] += self._scales * summed / np.linalg.norm(self._rarity[places].astype(np.float32))
        return found
