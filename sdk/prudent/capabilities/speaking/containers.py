"""Samples to the bytes of a file of sound, piece by piece or whole, marked as generated. Knows no voice.

soundfile (libsndfile) writes FLAC, MP3, Opus and whole WAV files; raw PCM and the header of a WAV stream
are ours. A piece that has gone out cannot be changed: a streamed WAV says 0xFFFFFFFF for its sizes, as
ffmpeg does into a pipe, and FLAC is only written whole: libsndfile does not read one whose number of
samples is unknown.
"""

from __future__ import annotations

import io
import struct
from typing import Any, Literal, Protocol, TypeAlias, cast

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from prudent.capabilities.speaking.marks import Marks
from prudent.capabilities.speaking.mpeg import without_count

SpeechFormat: TypeAlias = Literal["mp3", "opus", "flac", "wav", "pcm"]

_soundfile = cast("Any", soundfile)  # the packages have partial hints
_soxr = cast("Any", soxr)

_KINDS: dict[str, tuple[str, str]] = {
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "opus": ("OGG", "OPUS"),
    "flac": ("FLAC", "PCM_16"),
    "wav": ("WAV", "PCM_16"),
}
_RATES: dict[str, int] = {"opus": 24_000, "pcm": 24_000}
"""Opus has no rate of 22,050 Hz. Raw samples are 24 kHz in OpenAI's API, and nothing in them says so."""

_CONSTANT = {"bitrate_mode": "CONSTANT", "compression_level": 0.6}
"""64 kilobits a second for an MP3 of 22,050 Hz: without counts, players tell time by bytes."""

_FULL_SCALE = 32767
_UNKNOWN_SIZE = 0xFFFFFFFF

FloatArray: TypeAlias = NDArray[np.float32]


class SoundWriter(Protocol):
    """Takes samples, float32 (T) between -1 and 1, and gives bytes."""

    def write(self, samples: FloatArray) -> bytes:
        """The bytes that can go out; maybe none yet."""
        ...

    def finish(self) -> bytes:
        """The rest."""
        ...


def rate_of(kind: SpeechFormat, rate: int) -> int:
    """The sample rate of a file of this kind, given the voice's."""
    return _RATES.get(kind, rate)


def open_writer(kind: SpeechFormat, rate: int, marks: Marks, *, whole: bool) -> SoundWriter:
    """Begin a file of samples of a `rate`. `whole` gives all bytes at the end, with their sizes in them."""
    wanted = rate_of(kind, rate)
    writer: SoundWriter
    if kind == "pcm":
        writer = _Pcm()
    elif kind == "wav" and not whole:
        writer = _WavStream(wanted, marks)
    else:
        writer = _File(kind, wanted, marks, whole=whole)
    return writer if wanted == rate else _Resampled(writer, rate, wanted)


class _Pcm:
    """16-bit samples, little-endian."""

    def write(self, samples: FloatArray) -> bytes:
        return _sixteen_bits(samples).astype("<i2").tobytes()

    def finish(self) -> bytes:
        return b""


class _WavStream:
    """A header without sizes, then 16-bit samples."""

    def __init__(self, rate: int, marks: Marks) -> None:
        self._samples = _Pcm()
        self._header = _wav_header(rate, marks)

    def write(self, samples: FloatArray) -> bytes:
        header, self._header = self._header, b""
        return header + self._samples.write(samples)

    def finish(self) -> bytes:
        header, self._header = self._header, b""
        return header


class _File:
    """What libsndfile writes."""

    def __init__(self, kind: str, rate: int, marks: Marks, *, whole: bool) -> None:
        self._sink = _Sink(whole=whole)
        form, subtype = _KINDS[kind]
        how = _CONSTANT if kind == "mp3" else {}
        self._file: Any = _soundfile.SoundFile(self._sink, "w", rate, 1, subtype, format=form, **how)
        self._before = marks.id3() if kind == "mp3" else b""
        self._drops_first_frame = kind == "mp3" and not whole
        if kind != "mp3":  # there libsndfile would write ID3v1, which cuts texts after 30 letters
            self._file.title, self._file.software = marks.title, marks.software
            self._file.comment = marks.comment

    def write(self, samples: FloatArray) -> bytes:
        self._file.write(_sixteen_bits(samples))
        return self._taken(self._sink.take())

    def finish(self) -> bytes:
        self._file.close()
        self._sink.whole = False
        return self._taken(self._sink.take())

    def _taken(self, data: bytes) -> bytes:
        if not data:
            return b""
        if self._drops_first_frame:
            self._drops_first_frame = False
            data = without_count(data)
        before, self._before = self._before, b""
        return before + data


class _Resampled:
    """Another writer, at another rate."""

    def __init__(self, writer: SoundWriter, rate: int, wanted: int) -> None:
        self._writer = writer
        self._stream: Any = _soxr.ResampleStream(rate, wanted, 1, dtype="float32")

    def write(self, samples: FloatArray) -> bytes:
        return self._writer.write(self._stream.resample_chunk(samples))

    def finish(self) -> bytes:
        rest = self._stream.resample_chunk(np.zeros(0, np.float32), last=True)
        return self._writer.write(rest) + self._writer.finish()


class _Sink(io.RawIOBase):
    """A file in memory that bytes are taken from at its front; what is taken cannot be written over."""

    def __init__(self, *, whole: bool) -> None:
        super().__init__()
        self.whole = whole
        self._data = bytearray()
        self._gone = 0
        self._place = 0

    def take(self) -> bytes:
        """What has been written, once; nothing before the end where the file goes out whole."""
        if self.whole:
            return b""
        data = bytes(self._data)
        self._gone += len(data)
        self._data.clear()
        return data

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        from_where = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._gone + len(self._data)}
        self._place = max(0, from_where[whence] + offset)
        return self._place

    def write(self, data: Any) -> int:
        given = bytes(data)
        start = self._place - self._gone
        self._place += len(given)
        if start >= 0:
            self._data[start : start + len(given)] = given
        elif (kept := given[-start:]) and start + len(given) > 0:
            self._data[: len(kept)] = kept
        return len(given)


def _sixteen_bits(samples: FloatArray) -> NDArray[np.int16]:
    return np.rint(np.clip(samples, -1, 1) * np.float32(_FULL_SCALE)).astype(np.int16)


def _wav_header(rate: int, marks: Marks) -> bytes:
    """RIFF with the marks as LIST/INFO, up to the samples."""
    form = struct.pack("<HHIIHH", 1, 1, rate, 2 * rate, 2, 16)
    texts = ((b"INAM", marks.title), (b"ISFT", marks.software), (b"ICMT", marks.comment))
    info = b"INFO" + b"".join(_chunk(name, text.encode() + b"\0") for name, text in texts)
    sizes = struct.pack("<I", _UNKNOWN_SIZE)
    return b"RIFF" + sizes + b"WAVE" + _chunk(b"fmt ", form) + _chunk(b"LIST", info) + b"data" + sizes


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
