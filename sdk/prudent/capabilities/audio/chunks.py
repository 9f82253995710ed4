"""A recording to chunks of at most 30 seconds that hold its speech. Knows no file and no model of language.

A short recording is one chunk, from the first speech in it to the last. A longer one is gone through as it is
read: islands of speech, with a little silence on both sides, are packed into chunks until one is full. The
silence between them is left out. So no more of it is in memory than the chunk that is being filled.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prudent.capabilities.audio.islands import Island, IslandFinder, IslandOptions
from prudent.capabilities.audio.vad import WINDOW_SECONDS, VoiceActivityModel
from prudent.runtime.voice_activity_artifact import WINDOW

Samples = NDArray[np.float32]

SAMPLE_RATE = 16_000
CHUNK_SECONDS = 30.0
PAD_SECONDS = 0.4
"""Silence that is kept on both sides of an island: a soft first or last sound lies in it."""

_LONGEST = int(CHUNK_SECONDS * SAMPLE_RATE)
_PAD = int(PAD_SECONDS * SAMPLE_RATE)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a chunk: `length` samples from `start` in the recording stand at `offset` in the chunk."""

    offset: int
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Samples to be transcribed together, and where each part of them comes from."""

    samples: Samples
    pieces: tuple[Piece, ...]

    @property
    def start(self) -> float:
        """Where it begins in the recording, in seconds."""
        return self.pieces[0].start / SAMPLE_RATE

    @property
    def end(self) -> float:
        """Where it ends in the recording, in seconds."""
        return (self.pieces[-1].start + self.pieces[-1].length) / SAMPLE_RATE

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / SAMPLE_RATE

    def after(self, seconds: float) -> Chunk:
        """What follows a time in the chunk that is before its end."""
        cut = int(seconds * SAMPLE_RATE)
        pieces = [
            Piece(max(piece.offset - cut, 0), piece.start + skipped, piece.length - skipped)
            for piece in self.pieces
            if (skipped := max(cut - piece.offset, 0)) < piece.length
        ]
        return Chunk(self.samples[cut:], tuple(pieces))

    def recording_time(self, seconds: float, *, ends: bool = False) -> float:
        """A time in the chunk as a time in the recording, in seconds.

        Where two pieces meet, what `ends` there belongs to the first and what begins to the second.
        """
        at = seconds * SAMPLE_RATE
        piece = self.pieces[0]
        for later in self.pieces[1:]:
            if at < later.offset or (ends and at == later.offset):
                break
            piece = later
        return (piece.start + min(max(at - piece.offset, 0.0), piece.length)) / SAMPLE_RATE


def speech_chunks(
    blocks: Iterable[Samples], model: VoiceActivityModel, options: IslandOptions | None = None
) -> Generator[Chunk]:
    """The chunks of a recording whose blocks are mono samples at 16 kHz; none where nobody speaks."""
    options = options or IslandOptions()
    packer: _Packer | None = None
    head: list[Samples] = []
    length = 0
    for block in blocks:
        if packer is not None:
            yield from packer.feed(block)
            continue
        head.append(block)
        length += len(block)
        if length > _LONGEST:
            packer = _Packer(model, options)
            yield from packer.feed(np.concatenate(head))
            head.clear()
    if packer is not None:
        yield from packer.finish()
    elif head:
        yield from _whole(np.concatenate(head), model, options)


def speech_islands(
    samples: Samples, model: VoiceActivityModel, options: IslandOptions | None = None
) -> list[tuple[float, float]]:
    """Where somebody speaks: beginnings and ends in seconds."""
    found = _islands(samples, model, options or IslandOptions())
    return [(island.start * WINDOW_SECONDS, island.end * WINDOW_SECONDS) for island in found]


def _islands(samples: Samples, model: VoiceActivityModel, options: IslandOptions) -> list[Island]:
    activity, finder = model.listen(), IslandFinder(options, WINDOW_SECONDS)
    islands = finder.feed(activity.feed(samples).tolist())
    islands += finder.feed(activity.finish().tolist())
    return islands + finder.finish()


def _whole(samples: Samples, model: VoiceActivityModel, options: IslandOptions) -> Generator[Chunk]:
    islands = _islands(samples, model, options)
    if islands:
        start = max(0, islands[0].start * WINDOW - _PAD)
        end = min(len(samples), islands[-1].end * WINDOW + _PAD)
        yield Chunk(samples[start:end], (Piece(0, start, end - start),))


class _Packer:
    """Finds islands in samples as they come, and packs them."""

    def __init__(self, model: VoiceActivityModel, options: IslandOptions) -> None:
        self._activity = model.listen()
        self._finder = IslandFinder(options, WINDOW_SECONDS)
        self._sound = np.empty(0, np.float32)
        self._first = 0
        """Index in the recording of the first sample that is kept."""
        self._waiting: list[Island] = []
        self._taken = 0
        """Index in the recording of the first sample that no piece has."""
        self._parts: list[Samples] = []
        self._pieces: list[Piece] = []
        self._filled = 0

    def feed(self, samples: Samples) -> Generator[Chunk]:
        """Take more of the recording; give the chunks that are full."""
        self._sound = np.concatenate([self._sound, samples])
        self._waiting += self._finder.feed(self._activity.feed(samples).tolist())
        yield from self._pack(last=False)
        self._forget()

    def finish(self) -> Generator[Chunk]:
        """Give what is left."""
        self._waiting += self._finder.feed(self._activity.finish().tolist())
        self._waiting += self._finder.finish()
        yield from self._pack(last=True)
        if self._pieces:
            yield self._close()

    @property
    def _end(self) -> int:
        return self._first + len(self._sound)

    def _pack(self, *, last: bool) -> Generator[Chunk]:
        """Take the islands whose silence behind them is known."""
        while self._waiting:
            start = max(self._taken, self._waiting[0].start * WINDOW - _PAD)
            island_end = min(self._waiting[0].end * WINDOW, self._end)
            if len(self._waiting) > 1:
                following = self._waiting[1].start * WINDOW
            elif last:
                following = self._end + _PAD
            elif self._finder.start is not None:
                following = self._finder.start * WINDOW
            elif self._end >= island_end + _PAD:
                following = self._end + _PAD
            else:
                return
            between = island_end + max(0, following - island_end) // 2
            end = min(island_end + _PAD, between, self._end)
            self._waiting.pop(0)
            yield from self._add(start, end)

    def _add(self, start: int, end: int) -> Generator[Chunk]:
        """Add [start, end) of the recording to the chunk, beginning a new one where it does not fit."""
        while start < end:
            if self._pieces and self._filled + end - start > _LONGEST:
                yield self._close()
            length = min(end - start, _LONGEST)
            self._parts.append(self._sound[start - self._first : start - self._first + length].copy())
            self._pieces.append(Piece(self._filled, start, length))
            self._filled += length
            start += length
            self._taken = start

    def _close(self) -> Chunk:
        chunk = Chunk(np.concatenate(self._parts), tuple(self._pieces))
        self._parts, self._pieces, self._filled = [], [], 0
        return chunk

    def _forget(self) -> None:
        """Let go of the sound that no island can need any more."""
        needed = self._end - _PAD - WINDOW
        if self._waiting:
            needed = min(needed, self._waiting[0].start * WINDOW - _PAD)
        if self._finder.start is not None:
            needed = min(needed, self._finder.start * WINDOW - _PAD)
        needed = max(needed, self._taken)
        if needed > self._first:
            self._sound = self._sound[needed - self._first :].copy()
            self._first = needed
