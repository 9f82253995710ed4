"""A file of sound to mono samples at 16 kHz, block by block. Knows no model and no request.

libsndfile reads what it can (WAV, FLAC, Ogg Vorbis and Opus, MP3, AIFF and more); what it does not know goes
to ffmpeg where that is installed. What a file is, its bytes say, never its name. However long the recording,
a few megabytes of it are in memory at a time.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Final, Protocol

import numpy as np
import soxr
from numpy.typing import NDArray

from prudent.capabilities.audio.ffmpeg import FfmpegReader, find_ffmpeg
from prudent.capabilities.audio.sndfile import SndfileReader
from prudent.errors import InvalidRequestError, RequestTooLargeError, UnsupportedMediaError

SAMPLE_RATE: Final = 16_000
"""Samples a second of everything behind this module."""

Samples = NDArray[np.float32]

_COPY_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class AudioLimits:
    """What is refused: longer recordings (seconds), more channels, other sample rates (Hz)."""

    seconds: float = 4 * 3600.0
    channels: int = 32
    lowest_rate: int = 1_000
    highest_rate: int = 768_000


class Reader(Protocol):
    """A decoder of one file. `seconds` is what its header says, None where it does not say."""

    @property
    def rate(self) -> int: ...

    @property
    def channels(self) -> int: ...

    @property
    def seconds(self) -> float | None: ...

    def blocks(self) -> Generator[Samples]:
        """Samples float32 (frames, channels) in order; InvalidRequestError where the file is damaged."""
        ...

    def close(self) -> None:
        """Free it."""
        ...


class Recording:
    """An open recording. Not for several threads."""

    def __init__(self, reader: Reader, name: str, limits: AudioLimits) -> None:
        self._reader = reader
        self._name = name
        self._limits = limits
        self.read_seconds = 0.0
        """How much of it has been given out."""

    @property
    def seconds(self) -> float | None:
        """Its length as the header says, or None."""
        return self._reader.seconds

    def blocks(self) -> Generator[Samples]:
        """Mono float32 samples at 16 kHz in order, in blocks of some seconds.

        Raises:
            InvalidRequestError: the file is damaged, or holds samples that are not numbers.
            RequestTooLargeError: it is longer than the limit.
        """
        rate = self._reader.rate
        resample = None if rate == SAMPLE_RATE else soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")
        for block in self._reader.blocks():
            mono = block[:, 0] if block.shape[1] == 1 else block.mean(axis=1, dtype=np.float32)
            if not np.isfinite(mono).all():
                at = self.read_seconds + int(np.argmin(np.isfinite(mono))) / rate
                raise InvalidRequestError(
                    f"{self._name} holds samples that are not numbers, the first at {at:.2f} s.", param="file"
                )
            if resample is not None:
                mono = resample.resample_chunk(mono)
            if len(mono):
                yield self._counted(mono)
        if resample is not None and len(rest := resample.resample_chunk(np.empty(0, np.float32), last=True)):
            yield self._counted(rest)

    def _counted(self, samples: Samples) -> Samples:
        self.read_seconds += len(samples) / SAMPLE_RATE
        if self.read_seconds > self._limits.seconds:
            raise too_long(self._name, self._limits)
        return np.ascontiguousarray(samples)


@contextmanager
def open_recording(
    file: BinaryIO, *, name: str = "The file", limits: AudioLimits | None = None
) -> Generator[Recording]:
    """Open a recording from a seekable binary file, whatever its format; `name` stands in errors.

    Raises:
        UnsupportedMediaError: it is not sound in a format that can be read here.
        InvalidRequestError: it is empty, damaged, or has no sound in it.
        RequestTooLargeError: it is longer than the limit.
    """
    limits = limits or AudioLimits()
    with _on_disk(file) as descriptor:
        if os.fstat(descriptor).st_size == 0:
            raise InvalidRequestError(f"{name} is empty: it has no bytes.", param="file")
        reader = _reader(descriptor, name, limits)
        try:
            _check(reader, name, limits)
            yield Recording(reader, name, limits)
        finally:
            reader.close()


def _reader(descriptor: int, name: str, limits: AudioLimits) -> Reader:
    try:
        return SndfileReader(descriptor, name)
    except UnsupportedMediaError as error:
        ffmpeg = find_ffmpeg()
        if ffmpeg is not None:
            return FfmpegReader(ffmpeg, descriptor, name, rate=SAMPLE_RATE, longest=limits.seconds)
        raise UnsupportedMediaError(
            error.message,
            hint="Send WAV, FLAC, MP3, Ogg or AIFF. With ffmpeg installed M4A, WebM and others are read.",
            param="file",
        ) from None


def _check(reader: Reader, name: str, limits: AudioLimits) -> None:
    if reader.channels > limits.channels:
        raise InvalidRequestError(
            f"{name} has {reader.channels} channels; up to {limits.channels} are read.", param="file"
        )
    if not limits.lowest_rate <= reader.rate <= limits.highest_rate:
        raise InvalidRequestError(
            f"{name} has a sample rate of {reader.rate} Hz; rates from {limits.lowest_rate} to"
            f" {limits.highest_rate} Hz are read.",
            param="file",
        )
    if reader.seconds is not None and reader.seconds > limits.seconds:
        raise too_long(name, limits)


def too_long(name: str, limits: AudioLimits) -> RequestTooLargeError:
    """The error of a recording over the limit."""
    return RequestTooLargeError(
        f"{name} is longer than {limits.seconds / 60:g} minutes of sound.",
        hint="Send it in parts, or raise the server's setting max_audio_seconds.",
        param="file",
    )


@contextmanager
def _on_disk(file: BinaryIO) -> Generator[int]:
    """A descriptor of the file at its beginning; what lies in memory is written to a temporary file."""
    try:
        descriptor = file.fileno()
        file.seek(0)
    except (OSError, AttributeError):
        with tempfile.TemporaryFile() as copy:
            file.seek(0)
            shutil.copyfileobj(file, copy, _COPY_BYTES)
            copy.flush()
            os.lseek(copy.fileno(), 0, os.SEEK_SET)
            yield copy.fileno()
        return
    os.lseek(descriptor, 0, os.SEEK_SET)
    yield descriptor
