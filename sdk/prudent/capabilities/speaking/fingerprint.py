"""What tells a piece of sound apart from others, without its text: for the audit. Knows no file and no voice.

`sha256` is of the 16-bit samples as they were made. `robust` is 128 bits that change little when the sound
is stored in a lossy format: signs of differences of energy between neighbouring bands and moments, as in
Haitsma and Kalker, "A highly robust audio fingerprinting system" (ISMIR 2002), over sixteen parts of the
whole.
"""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_FRAME = 0.05
"""Seconds."""

_PARTS = 16
_BANDS = [300 * (4000 / 300) ** (step / 9) for step in range(10)]
"""Bounds in Hz of nine bands: eight differences."""

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Both as hexadecimal digits; `seconds` is how long the sound is."""

    sha256: str
    robust: str
    seconds: float


class Fingerprinting:
    """Takes samples as they come; keeps nine numbers for each frame of them."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._size = round(rate * _FRAME)
        self._digest = hashlib.sha256()
        self._rest: FloatArray = np.zeros(0, np.float32)
        self._energies: list[NDArray[np.float64]] = []
        self._samples = 0
        edges = [round(bound * self._size / rate) for bound in _BANDS]
        self._bands = [slice(low, high) for low, high in itertools.pairwise(edges)]
        self._window = np.hanning(self._size)

    def add(self, samples: FloatArray) -> None:
        """More samples, float32 (T) between -1 and 1."""
        self._samples += len(samples)
        self._digest.update(np.rint(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        joined = np.concatenate([self._rest, samples])
        whole = len(joined) // self._size
        frames = joined[: whole * self._size].reshape(whole, self._size)
        self._rest = joined[whole * self._size :]
        power = np.abs(np.fft.rfft(frames * self._window, axis=1)) ** 2
        for row in power.astype(np.float64):
            self._energies.append(np.array([row[band].sum() for band in self._bands]))

    def finish(self) -> Fingerprint:
        """The fingerprint of all that was added."""
        return Fingerprint(self._digest.hexdigest(), self._bits(), self._samples / self._rate)

    def _bits(self) -> str:
        if not self._energies:
            return "0" * 32
        energies = np.array(self._energies)
        bounds = [part * len(energies) / (_PARTS + 1) for part in range(_PARTS + 2)]
        parts = np.stack(
            [
                energies[int(low) : max(int(high), int(low) + 1)].mean(axis=0)
                for low, high in itertools.pairwise(bounds)
            ]
        )
        across = np.diff(parts, axis=1)
        signs = np.diff(across, axis=0) > 0
        return np.packbits(signs.reshape(-1)).tobytes().hex()


def distance(first: str, second: str) -> int:
    """In how many of the 128 bits two robust fingerprints differ; of unrelated sounds it is about 64."""
    return (int(first, 16) ^ int(second, 16)).bit_count()
