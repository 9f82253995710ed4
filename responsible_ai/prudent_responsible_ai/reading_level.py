"""How hard sentences are to read. Knows no check.

English: the grade of Kincaid et al. 1975 (Flesch-Kincaid), 0.39 words a sentence + 11.8 syllables a word
- 15.59, with syllables counted by groups of vowels. Chinese has no such standard; the measure here is the
longest clause, in characters between marks, since readers hold a clause in mind until it ends.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Za-z]+(?:['\u2019-][A-Za-z]+)*")
_VOWELS = re.compile(r"[aeiouy]+")
_CLAUSE_END = re.compile(r"[，、；：。！？,;:.!?\s—…]+")
_HAN = re.compile(r"[\u3400-\u9fff]")


def english_grade(sentence: str) -> float | None:
    """Years of schooling that a sentence asks for; None for one without words."""
    words = _WORD.findall(sentence)
    if not words:
        return None
    syllables = sum(map(_syllables, words))
    return 0.39 * len(words) + 11.8 * syllables / len(words) - 15.59


def words_of(sentence: str) -> int:
    """How many words of Latin letters there are."""
    return len(_WORD.findall(sentence))


def longest_chinese_clause(sentence: str) -> int:
    """Chinese characters of the longest clause."""
    return max((len(_HAN.findall(clause)) for clause in _CLAUSE_END.split(sentence)), default=0)


def _syllables(word: str) -> int:
    lowered = word.lower()
    groups = len(_VOWELS.findall(lowered))
    if lowered.endswith("e") and not lowered.endswith(("le", "ee")) and groups > 1:
        groups -= 1
    return max(1, groups)
