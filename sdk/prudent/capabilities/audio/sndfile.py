"""Sound files through libsndfile: one typed adapter around the soundfile package. Knows no other decoder."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any, cast

import numpy as np
import soundfile
from numpy.typing import NDArray

from prudent.errors import InvalidRequestError, UnsupportedMediaError

_soundfile = cast("Any", soundfile)  # the package has no hints

BLOCK_VALUES = 2**19
"""Samples, all channels counted, that are decoded at a time: 2 MB."""

_UNBOUNDED = ("FLOAT", "DOUBLE")
"""Encodings whose samples may lie outside -1..1."""

_STREAMED = ("WAV", "WAVEX", "RF64", "W64", "MP3")
"""Formats whose header often promises a length that nobody kept: what is there is all there is."""

_DAMAGED = ("lost sync", "corrupt", "unexpected end")

_REASONS = {
    "SF_INFO struct incomplete": "its header names an impossible sample rate",
    "Channel count is zero": "its header says that it has no channels",
    "fmt": "its header is wrong, or names an encoding that is not known",
}


class SndfileReader:
    """One file, read through a descriptor that stays the caller's."""

    def __init__(self, descriptor: int, name: str) -> None:
        """Read the header.

        Raises:
            UnsupportedMediaError: libsndfile does not know the format, or finds its header impossible.
            InvalidRequestError: the file is of a known format and damaged.
        """
        self._name = name
        os.lseek(descriptor, 0, os.SEEK_SET)
        try:
            self._file = _soundfile.SoundFile(descriptor, closefd=False)
        except (_soundfile.LibsndfileError, TypeError, ValueError) as error:
            if any(sign in str(error) for sign in _DAMAGED):
                raise self._damaged() from None
            raise UnsupportedMediaError(
                f"{name} is not sound in a format that can be read: {_reason(error)}.", param="file"
            ) from None
        self.rate = int(self._file.samplerate)
        self.channels = int(self._file.channels)
        self._frames = int(self._file.frames)
        self._done = 0

    @property
    def seconds(self) -> float | None:
        """The length that the header and the size of the file give."""
        return self._frames / self.rate if 0 <= self._frames < 2**60 and self.rate > 0 else None

    def blocks(self) -> Generator[NDArray[np.float32]]:
        """Samples (frames, channels), within -1..1 but for the overshoot of lossy codecs.

        A file of floats is gone through twice: one that is louder than -1..1 is scaled as a whole.
        """
        scale = 1.0
        if self._file.subtype in _UNBOUNDED:
            peak = max((self._peak(block) for block in self._read()), default=0.0)
            scale = 1.0 if not np.isfinite(peak) or peak <= 1.0 else 1.0 / peak
            self._file.seek(0)
            self._done = 0
        for block in self._read():
            yield block if scale == 1.0 else block * np.float32(scale)
        if self._done < self._frames and self._file.format not in _STREAMED:
            raise self._damaged()

    @staticmethod
    def _peak(block: NDArray[np.float32]) -> float:
        return float(np.abs(block).max(initial=0.0))

    def _read(self) -> Generator[NDArray[np.float32]]:
        frames = max(1, BLOCK_VALUES // self.channels)
        while True:
            try:
                block = cast("NDArray[np.float32]", self._file.read(frames, dtype="float32", always_2d=True))
            except _soundfile.LibsndfileError:
                raise self._damaged() from None
            if len(block) == 0:
                return
            self._done += len(block)
            yield block

    def _damaged(self) -> InvalidRequestError:
        return InvalidRequestError(
            f"{self._name} is damaged or cut short: it cannot be decoded to its end.", param="file"
        )

    def close(self) -> None:
        """Free the decoder."""
        self._file.close()


def _reason(error: Exception) -> str:
    """What is wrong with the file, as far as libsndfile says."""
    said = str(error)
    return next((reason for sign, reason in _REASONS.items() if sign in said), "its format is not known")
