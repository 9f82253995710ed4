"""Sound files through ffmpeg, in a process of its own with limits. Knows no other decoder.

The file is somebody's upload, so ffmpeg may do little with it: it opens this one descriptor and nothing else
(no network, no other file), takes containers and not playlists that name further files, and has limits on
memory, time and output.
"""

from __future__ import annotations

import os
import resource
import selectors
import shutil
import subprocess
import sys
import threading
from collections.abc import Generator
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from prudent.errors import InvalidRequestError, UnsupportedMediaError

CONTAINERS = (
    *("aac", "ac3", "aiff", "amr", "asf", "avi", "caf", "eac3", "flac", "flv", "matroska", "webm"),
    *("mov", "mp4", "m4a", "3gp", "3g2", "mj2", "mp3", "mpeg", "mpegts", "ogg", "wav", "w64", "wv"),
)
"""Demultiplexers that read one file and follow no reference out of it (hls, concat, dash, sdp do)."""

BLOCK_BYTES = 2**20
SILENT_S = 30.0
"""How long ffmpeg may say nothing before it is given up; it decodes far faster than real time."""

MEMORY_BYTES = 2 * 2**30
CPU_S = 60
CPU_PER_SECOND = 0.1
"""Processor seconds: these, and this share of the longest recording that is allowed."""

_WORDS_BYTES = 2**13
_NO_SOUND = ("matches no streams", "does not contain any stream")
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def find_ffmpeg() -> str | None:
    """Where ffmpeg is installed, or None."""
    return shutil.which("ffmpeg")


class FfmpegReader:
    """One file, decoded to mono at the rate that is asked for. `seconds` is not known before the end."""

    channels = 1
    seconds = None

    def __init__(self, ffmpeg: str, descriptor: int, name: str, *, rate: int, longest: float) -> None:
        """Start ffmpeg; `longest` is in seconds of sound, and a little more than that is decoded."""
        self.rate = rate
        self._name = name
        os.lseek(descriptor, 0, os.SEEK_SET)
        self._process = subprocess.Popen(  # noqa: S603 a list of arguments without a shell; the file is a descriptor
            _arguments(ffmpeg, descriptor, rate, longest),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(descriptor,),
            env={key: os.environ[key] for key in _ENVIRONMENT if key in os.environ},
            close_fds=True,
        )
        _limit(self._process.pid, longest)
        self._words = _Words(cast("BinaryIO", self._process.stderr))

    def blocks(self) -> Generator[NDArray[np.float32]]:
        """Samples (frames, 1).

        Raises:
            UnsupportedMediaError: ffmpeg does not know the format.
            InvalidRequestError: there is no sound in the file, it is damaged, or takes too long.
        """
        taken = 0
        for data in self._output():
            taken += len(data)
            yield np.frombuffer(data, "<f4").astype(np.float32, copy=False)[:, None]
        code = self._process.wait(SILENT_S)
        words = self._words.text()
        if any(sign in words for sign in _NO_SOUND):
            raise InvalidRequestError(f"{self._name} has no audio stream.", param="file")
        if code != 0 and taken == 0:
            raise UnsupportedMediaError(
                f"{self._name} is not sound in a format that can be read.", param="file"
            )
        if code != 0:
            raise InvalidRequestError(
                f"{self._name} is damaged: it cannot be decoded beyond {taken / 4 / self.rate:.2f} s.",
                param="file",
            )

    def _output(self) -> Generator[bytes]:
        """What ffmpeg writes, in pieces of whole samples."""
        pipe = cast("BinaryIO", self._process.stdout)
        rest = b""
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while True:
                if not selector.select(SILENT_S):
                    self.close()
                    raise InvalidRequestError(
                        f"{self._name} could not be decoded within {SILENT_S:g} seconds.", param="file"
                    )
                data = os.read(pipe.fileno(), BLOCK_BYTES)
                if not data:
                    return
                data = rest + data
                whole = len(data) - len(data) % 4
                rest = data[whole:]
                if whole:
                    yield data[:whole]

    def close(self) -> None:
        """End ffmpeg if it still runs."""
        self._process.kill()
        self._process.wait()
        self._words.text()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()


class _Words:
    """The first of what a process says, however much it says. Read in a thread, so that it never blocks."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._kept = b""
        self._thread = threading.Thread(target=self._read, args=(pipe,), daemon=True)
        self._thread.start()

    def _read(self, pipe: BinaryIO) -> None:
        while data := os.read(pipe.fileno(), _WORDS_BYTES):
            self._kept = (self._kept + data)[:_WORDS_BYTES]

    def text(self) -> str:
        """All that is kept, once the process has ended."""
        self._thread.join()
        return self._kept.decode("utf-8", "replace")


def _arguments(ffmpeg: str, descriptor: int, rate: int, longest: float) -> list[str]:
    asked = ["-nostdin", "-hide_banner", "-loglevel", "error", "-threads", "1"]
    allowed = ["-protocol_whitelist", "file", "-format_whitelist", ",".join(CONTAINERS)]
    source = [*allowed, "-i", f"file:/dev/fd/{descriptor}"]
    wanted = ["-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1", "-t", f"{longest + 1:g}"]
    return [ffmpeg, *asked, *source, *wanted, "-ac", "1", "-ar", str(rate), "-f", "f32le", "pipe:1"]


def _limit(process: int, longest: float) -> None:
    """Bound the process where the system can do it from outside (Linux)."""
    if sys.platform != "linux":
        return
    seconds = int(CPU_S + CPU_PER_SECOND * longest)
    for kind, most in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, seconds)):
        try:
            resource.prlimit(process, kind, (most, most))
        except (ProcessLookupError, PermissionError):
            return
