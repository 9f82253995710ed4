"""What was heard: text, segments, words, language. Plain data; knows no model and no wire format."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """A word with the space before and the punctuation after it; times in seconds, probability 0-1."""

    text: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech between two time stamps, or a whole window where none were asked for.

    Times are in seconds from the beginning of the recording. `tokens` holds the text's ids and, where asked
    for, those of the time stamps. `avg_logprob` (natural logarithm, a token), `compression_ratio` (of the
    text's UTF-8 by zlib), `no_speech_prob` and `temperature` are those of the window that it was decoded in.
    `words` is None where they were not asked for.
    """

    start: float
    end: float
    text: str
    tokens: tuple[int, ...]
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float
    temperature: float
    words: tuple[Word, ...] | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was heard in a window. No segments and an empty text mean that nobody spoke.

    `tokens` holds the text's ids without those of time stamps: fit for `DecodeOptions.prompt` of what follows
    and for `prefix` of the same window heard further. `language` is a code such as "en"; its probability is
    1.0 where it was given or the model knows one only.
    """

    text: str
    tokens: tuple[int, ...]
    segments: tuple[Segment, ...]
    language: str
    language_probability: float


@dataclass(frozen=True, slots=True)
class DetectedLanguage:
    """The most likely language, its probability, and the probabilities of all (code to 0-1, sum 1)."""

    language: str
    probability: float
    probabilities: dict[str, float]
