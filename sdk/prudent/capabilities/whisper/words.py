"""Tokens to words, and their times. Knows the byte-level tokenizer's output and positions; no graph.

Rules of OpenAI's whisper/tokenizer.py and timing.py: words begin at spaces, or at every character where a
language writes none; punctuation goes with its word; a word much longer than the others at the end or the
beginning of a sentence held silence, and is shortened.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from prudent.capabilities.whisper.transcript import Word

UNSPACED = frozenset({"zh", "ja", "th", "lo", "my", "yue"})
BEFORE = "\"'“¿([{-"
AFTER = "\"'.。,，!！?？:：”)]}、"
SENTENCE_ENDS = ".。!！?？"
SECONDS_PER_POSITION = 0.02
LONGEST_USUAL = 0.7
"""Seconds; a word twice as long as the usual one, and that at most this, holds silence."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A word's text and how many tokens it has."""

    text: str
    tokens: int


def split_words(tokens: Sequence[int], language: str, token_bytes: Callable[[int], bytes]) -> list[Piece]:
    """Words with the space before them."""
    characters = _split_characters(tokens, token_bytes)
    if language in UNSPACED:
        return characters
    words: list[Piece] = []
    for piece in characters:
        begins = piece.text.startswith(" ") or piece.text.strip() in string.punctuation or not words
        if begins:
            words.append(piece)
        else:
            words[-1] = Piece(words[-1].text + piece.text, words[-1].tokens + piece.tokens)
    return words


def _split_characters(tokens: Sequence[int], token_bytes: Callable[[int], bytes]) -> list[Piece]:
    """The smallest groups of tokens that are whole characters."""
    pieces: list[Piece] = []
    raw, count = b"", 0
    for token in tokens:
        raw += token_bytes(token)
        count += 1
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            continue
        pieces.append(Piece(text, count))
        raw, count = b"", 0
    if count:
        pieces.append(Piece(raw.decode("utf-8", errors="replace"), count))
    return pieces


def time_words(
    pieces: Sequence[Piece],
    positions: NDArray[np.int64],
    logprobs: Sequence[float],
    end: float,
) -> list[Word]:
    """Words with times in the window, in seconds, and the mean probability of their tokens.

    `positions` has the first position of each token and then of the end; `end` is the window's length.
    """
    words: list[Word] = []
    at = 0
    for piece in pieces:
        start, stop = (float(positions[i]) * SECONDS_PER_POSITION for i in (at, at + piece.tokens))
        probability = float(np.exp(logprobs[at : at + piece.tokens]).mean())
        words.append(Word(piece.text, min(start, end), min(stop, end), min(1.0, probability)))
        at += piece.tokens
    return _shorten(_merge_punctuation(words))


def _merge_punctuation(words: Sequence[Word]) -> list[Word]:
    """Opening marks go to the word after them, others to the word before."""
    merged: list[Word] = []
    opening: Word | None = None
    for word in words:
        mark = word.text.strip()
        if opening is not None:
            word = replace(word, text=opening.text + word.text.lstrip(" "))
            opening = None
        if mark and mark in BEFORE and word.text.startswith(" "):
            opening = word
        elif merged and mark and mark in AFTER:
            merged[-1] = replace(merged[-1], text=merged[-1].text + word.text.strip())
        else:
            merged.append(word)
    return [*merged, opening] if opening is not None else merged


def _shorten(words: Sequence[Word]) -> list[Word]:
    """Cut silence off words at the borders of sentences."""
    lengths = [word.end - word.start for word in words if word.end > word.start]
    if not lengths:
        return list(words)
    longest = 2 * min(LONGEST_USUAL, float(np.median(lengths)))
    shortened = list(words)
    for i, word in enumerate(words):
        if word.end - word.start <= longest:
            continue
        if word.text.strip()[-1:] in SENTENCE_ENDS or i == len(words) - 1:
            shortened[i] = replace(word, end=word.start + longest)
        elif i == 0 or words[i - 1].text.strip()[-1:] in SENTENCE_ENDS:
            shortened[i] = replace(word, start=word.end - longest)
    return shortened
