"""What was heard, on its way to the wire: what a check took out is in no segment and no word.

Knows no check, no model and no HTTP.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from prudent.capabilities.whisper.transcript import Segment, Word
from prudent.types.transcription import TranscriptionSegment, TranscriptionWord

HUNDREDTHS = 100
"""OpenAI's `seek` counts frames of 10 ms."""


def text_of(segments: Iterable[Segment]) -> str:
    """The text of segments, as they follow each other: each brings the space before it."""
    return "".join(segment.text for segment in segments)


def with_text(segments: Sequence[Segment], text: str) -> tuple[Segment, ...]:
    """The segments with another text, of which only the middle differs from theirs.

    Segments that lie in the part before or behind keep everything; those between become one.
    """
    original = text_of(segments)
    if text == original:
        return tuple(segments)
    before = _common(original, text)
    behind = _common(original[before:][::-1], text[before:][::-1])
    kept_before = _leading(segments, before)
    kept_behind = _leading(segments[kept_before:][::-1], behind)
    if kept_before + kept_behind == len(segments):  # something stands between two segments: one takes it in
        kept_before, kept_behind = max(0, kept_before - 1), kept_behind - (not kept_before)
    first = segments[:kept_before]
    last = segments[len(segments) - kept_behind :]
    middle = segments[kept_before : len(segments) - kept_behind]
    changed = text[len(text_of(first)) : len(text) - len(text_of(last))]
    return (*first, *_merged(middle, changed), *last)


def _merged(segments: Sequence[Segment], text: str) -> tuple[Segment, ...]:
    """One segment in place of several, with the words that are certain to be in its text."""
    if not segments or not text.strip():
        return ()
    start, end = segments[0].start, segments[-1].end
    sure = min(segment.avg_logprob for segment in segments)
    words = None
    if all(segment.words is not None for segment in segments):
        said = [word for segment in segments for word in segment.words or ()]
        words = _with_words(said, text) if said else (Word(text, start, end, math.exp(sure)),)
    return (replace(segments[0], end=end, text=text, tokens=(), avg_logprob=sure, words=words),)


def _with_words(words: Sequence[Word], text: str) -> tuple[Word, ...]:
    original = "".join(word.text for word in words)
    before = _common(original, text)
    behind = _common(original[before:][::-1], text[before:][::-1])
    first: list[Word] = []
    while words and len(words[0].text) <= before - sum(len(word.text) for word in first):
        first.append(words[0])
        words = words[1:]
    last: list[Word] = []
    while words and len(words[-1].text) <= behind - sum(len(word.text) for word in last):
        last.insert(0, words[-1])
        words = words[:-1]
    if not words and (first or last):  # something stands between two words: one takes it in
        words = [first.pop() if first else last.pop(0)]
    begin = sum(len(word.text) for word in first)
    changed = text[begin : len(text) - sum(len(word.text) for word in last)]
    if not words or not changed.strip():
        return (*first, *last)
    one = Word(changed, words[0].start, words[-1].end, min(word.probability for word in words))
    return (*first, one, *last)


def _common(first: str, second: str) -> int:
    """How many characters two texts have in common at their beginning."""
    length = min(len(first), len(second))
    return next((at for at in range(length) if first[at] != second[at]), length)


def _leading(segments: Sequence[Segment], characters: int) -> int:
    """How many segments, from the first, have their whole text within so many characters."""
    count = 0
    for segment in segments:
        characters -= len(segment.text)
        if characters < 0:
            break
        count += 1
    return count


def wire_segments(segments: Iterable[Segment], *, first: int = 0) -> list[TranscriptionSegment]:
    """Segments as the OpenAI API has them, counted from `first`."""
    return [
        TranscriptionSegment(
            id=index,
            seek=int(segment.start * HUNDREDTHS),
            start=segment.start,
            end=segment.end,
            text=segment.text,
            tokens=list(segment.tokens),
            temperature=segment.temperature,
            avg_logprob=segment.avg_logprob,
            compression_ratio=segment.compression_ratio,
            no_speech_prob=segment.no_speech_prob,
        )
        for index, segment in enumerate(segments, first)
    ]


def wire_words(segments: Iterable[Segment]) -> list[TranscriptionWord]:
    """The words of segments as the OpenAI API has them: without the space before."""
    return [
        TranscriptionWord(word=word.text.strip(), start=word.start, end=word.end)
        for segment in segments
        for word in segment.words or ()
        if word.text.strip()
    ]
