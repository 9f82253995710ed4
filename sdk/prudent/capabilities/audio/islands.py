"""Probabilities of speech to islands of speech: where somebody begins and ends to speak. Knows no sound.

The rules are those of Silero's `get_speech_timestamps`, with faster-whisper's values for batches.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IslandOptions:
    """Speech begins at a window of `threshold` and ends with `silence` seconds below `threshold` - 0.15.

    Islands shorter than `shortest` are dropped, longer ones than `longest` cut, at the last pause in them if
    there is one (all in seconds).
    """

    threshold: float = 0.5
    silence: float = 0.16
    shortest: float = 0.1
    longest: float = 29.0


@dataclass(frozen=True, slots=True)
class Island:
    """A stretch of speech, in windows: [start, end)."""

    start: int
    end: int


_HYSTERESIS = 0.15
_PAUSE = 0.098
"""Seconds of silence that make a place to cut a long island at."""


class IslandFinder:
    """Takes probabilities in order, gives islands as they end."""

    def __init__(self, options: IslandOptions, window_seconds: float) -> None:
        self._options = options
        self._silence = max(1, round(options.silence / window_seconds))
        self._shortest = max(1, round(options.shortest / window_seconds))
        self._longest = max(2, int(options.longest / window_seconds))
        self._pause = max(1, round(_PAUSE / window_seconds))
        self._index = 0
        self._start: int | None = None
        self._quiet: int | None = None
        self._cut: tuple[int, int] | None = None

    @property
    def start(self) -> int | None:
        """Where the island that is open begins, or None."""
        return self._start

    def feed(self, probabilities: Iterable[float]) -> list[Island]:
        """Take the next windows; return the islands that have ended with them."""
        ended: list[Island] = []
        for probability in probabilities:
            self._step(probability, ended)
            self._index += 1
        return ended

    def _step(self, probability: float, ended: list[Island]) -> None:
        if self._start is None:
            if probability >= self._options.threshold:
                self._start = self._index
            return
        if probability >= self._options.threshold:
            if self._quiet is not None and self._index - self._quiet >= self._pause:
                self._cut = (self._quiet, self._index)
            self._quiet = None
        elif probability < self._options.threshold - _HYSTERESIS and self._quiet is None:
            self._quiet = self._index
        if self._quiet is not None and self._index + 1 - self._quiet >= self._silence:
            self._end(self._quiet, ended)
            self._start = None
        elif self._index + 1 - self._start >= self._longest:
            self._break(ended)

    def _break(self, ended: list[Island]) -> None:
        """Cut an island that has become too long; what follows the cut goes on as the next."""
        if self._cut is not None:
            end, start = self._cut
        elif self._quiet is not None:
            end, start = self._quiet, self._index + 1
        else:
            end = start = self._index + 1
        quiet = self._quiet if self._quiet is not None and self._quiet >= start else None
        self._end(end, ended)
        self._start, self._quiet = start, quiet

    def _end(self, end: int, ended: list[Island]) -> None:
        assert self._start is not None
        if end - self._start >= self._shortest:
            ended.append(Island(self._start, end))
        self._quiet = self._cut = None

    def finish(self) -> list[Island]:
        """Say that the recording has ended; return the island that was open, if there was one."""
        ended: list[Island] = []
        if self._start is not None:
            self._end(self._quiet if self._quiet is not None else self._index, ended)
            self._start = None
        return ended
