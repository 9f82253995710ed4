"""Which token comes next: what may be written, times in pairs and in order, the most likely or a sample.

Rules of OpenAI's decoder (whisper/decoding.py: SuppressTokens, SuppressBlank, ApplyTimestampRules). It knows
logits and tokens so far, and no graph.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prudent.runtime.transcriber_artifact import TranscriberConfig

FIRST_TIME_LIMIT = 50
"""The first time stamp is at most a second (in steps of 0.02 s) after the window's beginning."""

_NEGLIGIBLE = 18.0


@dataclass(frozen=True, slots=True)
class Choice:
    """A token and the logarithm of its probability among those that were allowed."""

    token: int
    logprob: float


class Rules:
    """The rules of one way of decoding."""

    def __init__(self, config: TranscriberConfig, *, times: bool) -> None:
        special = config.special
        self._end = special.end
        self._first_time = special.first_time
        self._times = times
        self._never = np.array([id for id in config.never if id < special.end], np.int64)
        self._never_first = np.array(config.never_first, np.int64)

    def choose(
        self,
        logits: NDArray[np.float32],
        written: Sequence[int],
        temperature: float,
        random: np.random.Generator,
    ) -> Choice:
        """The next token after those `written`, given logits (vocab_size), which are overwritten."""
        allowed = self._allow(logits, written)
        if temperature > 0.0:
            noise = random.gumbel(size=allowed.shape).astype(np.float32)
            token = int(np.argmax(allowed / np.float32(temperature) + noise))
        else:
            token = int(np.argmax(allowed))
        highest, chosen = float(allowed.max()), float(allowed[token])
        # The exponential is what takes time, and tokens that unlikely sum to less than a thousandth.
        near = allowed[allowed > highest - _NEGLIGIBLE]
        return Choice(token, chosen - highest - math.log(float(np.exp(near - highest).sum())))

    def _allow(self, logits: NDArray[np.float32], written: Sequence[int]) -> NDArray[np.float32]:
        """What may not be written is set to minus infinity; without times everything after the end is cut."""
        logits[self._never] = -np.inf
        if not written:
            logits[self._never_first] = -np.inf
        if not self._times:
            return logits[: self._end + 1]
        logits[self._end + 1 : self._first_time] = -np.inf
        self._pair(logits, written)
        self._prefer_time(logits)
        return logits

    def _pair(self, logits: NDArray[np.float32], written: Sequence[int]) -> None:
        """Times come in pairs, never go back, and the first one is near the beginning."""
        first, end = self._first_time, self._end
        if not written:
            logits[:end] = -np.inf
            logits[first + FIRST_TIME_LIMIT + 1 :] = -np.inf
            return
        last_is_time = written[-1] >= first
        before_is_time = len(written) < 2 or written[-2] >= first
        if last_is_time and before_is_time:
            logits[first:] = -np.inf
        elif last_is_time:
            logits[:end] = -np.inf
        latest = next((token for token in reversed(written) if token >= first), None)
        if latest is not None:
            # A segment has a length: only a time that opens one may repeat the last.
            least = latest if last_is_time and not before_is_time else latest + 1
            logits[first:least] = -np.inf

    def _prefer_time(self, logits: NDArray[np.float32]) -> None:
        """A time is written where all times together are likelier than any one token of text."""
        times = logits[self._first_time :]
        highest = float(times.max())
        if highest == -math.inf:
            return
        together = highest + math.log(float(np.exp(times - highest).sum()))
        if together > float(logits[: self._first_time].max()):
            logits[: self._first_time] = -np.inf
