"""Which languages the letters of a text tell. It knows Unicode's names of letters and no words."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import Final

_SCRIPTS: Final = {
    "CJK": "Hani",
    "HIRAGANA": "Kana",
    "KATAKANA": "Kana",
    "HANGUL": "Hang",
    "LATIN": "und-Latn",
    "CYRILLIC": "und-Cyrl",
    "GREEK": "el",
    "ARABIC": "und-Arab",
    "HEBREW": "he",
    "THAI": "th",
    "DEVANAGARI": "und-Deva",
}
"""First word of a letter's name, to the tag or script that it stands for."""

_LEAST_SHARE: Final = 0.02


def languages_of(texts: Iterable[str]) -> list[str]:
    """Language tags, the most frequent first; a script of many languages is und- and the script.

    Han characters are Chinese, beside kana Japanese. Scripts of less than 2 % of the letters are left out.
    """
    counts: Counter[str] = Counter()
    for text in texts:
        for letter in text:
            if letter.isalpha():
                word = unicodedata.name(letter, "").partition(" ")[0]
                counts[_SCRIPTS.get(word, "und")] += 1
    total = sum(counts.values())
    found = [script for script, count in counts.most_common() if count >= _LEAST_SHARE * total]
    han = "ja" if "Kana" in found else "zh"
    names = {"Hani": han, "Kana": "ja", "Hang": "ko"}
    return list(dict.fromkeys(names.get(script, script) for script in found))
