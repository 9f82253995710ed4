"""Tokens with times to segments. Knows ids and seconds; no sound and no words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from prudent.runtime.transcriber_artifact import TranscriberConfig

SECONDS_PER_TIME = 0.02


@dataclass(frozen=True, slots=True)
class Span:
    """A segment's ids (`tokens` with its times, `text` without) and its times in the window, in seconds."""

    start: float
    end: float
    tokens: tuple[int, ...]
    text: tuple[int, ...]


def split_spans(tokens: Sequence[int], config: TranscriberConfig, seconds: float) -> list[Span]:
    """Cut a window's tokens where its times are; `seconds` is the window's length.

    A segment that no time closes ends with the window, and times after its end are brought back to it.
    """
    first = config.special.first_time
    spans: list[Span] = []
    start, held, text = 0.0, list[int](), list[int]()
    for token in tokens:
        held.append(token)
        if token < first:
            text.append(token)
            continue
        time = min((token - first) * SECONDS_PER_TIME, seconds)
        if text:
            spans.append(Span(min(start, time), time, tuple(held), tuple(text)))
            held, text = [], []
        else:
            held = [token]
        start = time
    if text:
        spans.append(Span(start, seconds, tuple(held), tuple(text)))
    return spans
