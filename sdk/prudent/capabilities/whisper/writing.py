"""What was decoded of a window to its transcript: text, segments, words. Knows no graph.

A window in which nobody spoke has an empty transcript.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from prudent.capabilities.whisper.alignment import token_positions
from prudent.capabilities.whisper.decoding import Decoded, SoundDecoder, is_silent
from prudent.capabilities.whisper.options import DecodeOptions
from prudent.capabilities.whisper.segments import Span, split_spans
from prudent.capabilities.whisper.sound import Sound
from prudent.capabilities.whisper.transcript import DetectedLanguage, Segment, Transcript, Word
from prudent.capabilities.whisper.window import Window
from prudent.capabilities.whisper.words import split_words, time_words
from prudent.runtime.transcriber_artifact import TranscriberConfig
from prudent.tokenizer import Tokenizer


class Writer:
    """Writes the transcripts of one call."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        config: TranscriberConfig,
        decoder: SoundDecoder,
        options: DecodeOptions,
        language: DetectedLanguage,
    ) -> None:
        self._tokenizer = tokenizer
        self._config = config
        self._decoder = decoder
        self._options = options
        self._language = language

    def write(self, window: Window, sound: Sound, decoded: Decoded) -> Transcript:
        """The transcript of a window."""
        spans: list[Span] = []
        if not is_silent(decoded, self._options):
            written = (*self._options.prefix, *decoded.tokens)
            spans = split_spans(written, self._config, window.seconds)
            spans = [span for span in spans if self._tokenizer.decode(span.text).strip()]
        words = self._words(window, sound, decoded, spans) if self._options.word_timestamps else None
        segments = tuple(
            self._segment(span, decoded, window.offset, None if words is None else words[i])
            for i, span in enumerate(spans)
        )
        tokens = tuple(token for span in spans for token in span.text)
        return Transcript(
            self._tokenizer.decode(tokens).strip(),
            tokens,
            segments,
            self._language.language,
            self._language.probability,
        )

    def _segment(self, span: Span, decoded: Decoded, offset: float, words: Sequence[Word] | None) -> Segment:
        return Segment(
            start=offset + span.start,
            end=offset + span.end,
            text=self._tokenizer.decode(span.text),
            tokens=span.tokens if self._options.timestamps else span.text,
            avg_logprob=decoded.avg_logprob,
            compression_ratio=decoded.compression_ratio,
            no_speech_prob=decoded.no_speech_prob,
            temperature=decoded.temperature,
            words=None if words is None else tuple(words),
        )

    def _words(
        self, window: Window, sound: Sound, decoded: Decoded, spans: Sequence[Span]
    ) -> list[list[Word]]:
        """The words of each span, with times from the recording's beginning."""
        text = [token for span in spans for token in span.text]
        if not text:
            return [[] for _ in spans]
        positions = self._align(sound, text)
        first = self._config.special.first_time
        logprobs = [0.0] * len(self._options.prefix) + [
            logprob for token, logprob in zip(decoded.tokens, decoded.logprobs, strict=True) if token < first
        ]
        words: list[list[Word]] = []
        at = 0
        for span in spans:
            stop = at + len(span.text)
            pieces = split_words(span.text, self._language.language, self._tokenizer.token_bytes)
            timed = time_words(pieces, positions[at : stop + 1], logprobs[at:stop], window.seconds)
            words.append(
                [replace(w, start=w.start + window.offset, end=w.end + window.offset) for w in timed]
            )
            at = stop
        return words

    def _align(self, sound: Sound, text: Sequence[int]) -> NDArray[np.int64]:
        """The position at which each token begins, and that of the end."""
        special, languages = self._config.special, self._config.languages
        prompt = [special.start]
        if languages:
            task = special.translate if self._options.task == "translate" else special.transcribe
            prompt += [languages[self._language.language], task]
        tokens = [*prompt, special.no_times, *text]
        queries = self._decoder.alignment_queries(sound, tokens)
        keys = np.stack(
            [sound.keys[head.layer][head.head, : sound.positions] for head in self._config.alignment_heads]
        )
        # A row looks for the token after it: that of "no times" for the first of the text.
        return token_positions(queries, keys)[len(prompt) :]
