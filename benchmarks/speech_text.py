"""Word and character error rates of transcripts, after bringing both sides to one form. Knows no audio.

English goes through OpenAI's own normaliser (whisper-normalizer: case, punctuation, numbers, "mr" to
"mister", contractions, "uh" and "um"). Other languages: lower case, NFKC, numbers in words, no punctuation,
no symbols; Chinese in simplified characters. Chinese, Japanese and Korean are counted in characters, since
they are not written in words or spaced freely.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

import jiwer
import num2words
import opencc
from whisper_normalizer.english import EnglishTextNormalizer

LONGEST_NUMBER = 4
BY_CHARACTER = frozenset({"zh", "ja", "ko"})


@cache
def _english() -> EnglishTextNormalizer:
    return EnglishTextNormalizer()


@cache
def _simplified() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def normalise(text: str, language: str) -> str:
    """A text in the form in which it is compared; words, or characters, with one space between them."""
    if language == "en":
        return " ".join(_english()(text).split())
    text = unicodedata.normalize("NFKC", text).lower()
    if language == "zh":
        text = _simplified().convert(text)
    text = re.sub(r"\d+", lambda number: f" {_in_words(number[0], language)} ", text)
    kept = "".join(" " if unicodedata.category(character)[0] in "PSZC" else character for character in text)
    words = kept.split()
    return " ".join("".join(words)) if language in BY_CHARACTER else " ".join(words)


def _in_words(number: str, language: str) -> str:
    """A number as it is said, one digit after the other where it is longer than a year."""
    digits = [number] if len(number) <= LONGEST_NUMBER else list(number)
    try:
        return " ".join(num2words.num2words(int(digit), lang=language) for digit in digits)
    except NotImplementedError:
        return number


@dataclass(frozen=True, slots=True)
class Errors:
    """Wrong, missing and surplus units of `units` in the references (words, or characters)."""

    errors: int
    units: int

    @property
    def rate(self) -> float:
        """Errors for each unit."""
        return self.errors / self.units if self.units else float(self.errors > 0)

    def __add__(self, other: Errors) -> Errors:
        return Errors(self.errors + other.errors, self.units + other.units)


def count_errors(reference: str, heard: str, language: str) -> Errors:
    """Compare a transcript with what was said."""
    wanted, got = normalise(reference, language), normalise(heard, language)
    if not wanted:
        return Errors(len(got.split()), 0)
    measured = jiwer.process_words(wanted, got)
    wrong = measured.substitutions + measured.deletions + measured.insertions
    return Errors(wrong, len(wanted.split()))
