"""Which language a text is written in, as far as script and frequent words tell. Knows no check.

Coarse on purpose: it has to tell the languages that the checks were measured on from all others, at once and
without a model. It does not know dialects, nor languages that share a script and are not in its lists.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection
from functools import lru_cache

from prudent_responsible_ai.language_words import languages_of_words

MEASURED = ("en", "zh")
"""Languages with test rows for every label; figures for others are in the card, for single labels."""

UNKNOWN = "und"
"""Code of a text whose language is not known (ISO 639-2)."""

NO_LANGUAGE = "zxx"
"""Code of a text without words: numbers, signs, emoji (ISO 639-2)."""

_MOST_CHARACTERS = 4_000
"""Of a long text only so much is looked at, from its beginning, middle and end."""
_FOREIGN_SHARE = 0.2
"""Share of letters in another script that makes a text count as outside."""
_LONG = 12
"""Words of ASCII without one known word of English: fewer may be names or code, more are another language."""
_KEPT = 4_096

_SCRIPTS = (
    ("han", r"\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af", "zh"),
    ("kana", r"\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f", "ja"),
    ("hangul", r"\u1100-\u11ff\u3130-\u318f\uac00-\ud7af", "ko"),
    ("cyrillic", r"\u0400-\u052f", "ru"),
    ("greek", r"\u0370-\u03ff\u1f00-\u1fff", "el"),
    ("arabic", r"\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufeff", "ar"),
    ("hebrew", r"\u0590-\u05ff", "he"),
    ("devanagari", r"\u0900-\u097f", "hi"),
    ("bengali", r"\u0980-\u09ff", "bn"),
    ("gurmukhi", r"\u0a00-\u0a7f", "pa"),
    ("gujarati", r"\u0a80-\u0aff", "gu"),
    ("tamil", r"\u0b80-\u0bff", "ta"),
    ("telugu", r"\u0c00-\u0c7f", "te"),
    ("kannada", r"\u0c80-\u0cff", "kn"),
    ("malayalam", r"\u0d00-\u0d7f", "ml"),
    ("thai", r"\u0e00-\u0e7f", "th"),
    ("lao", r"\u0e80-\u0eff", "lo"),
    ("khmer", r"\u1780-\u17ff", "km"),
    ("myanmar", r"\u1000-\u109f", "my"),
    ("georgian", r"\u10a0-\u10ff", "ka"),
    ("armenian", r"\u0530-\u058f", "hy"),
    ("ethiopic", r"\u1200-\u137f", "am"),
    ("latin", r"A-Za-z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff", "en"),
)
_LETTERS = re.compile("|".join(f"(?P<{name}>[{letters}]+)" for name, letters, _ in _SCRIPTS))
_WITHOUT_LETTERS = dict.fromkeys(map(ord, string.ascii_letters))
_LANGUAGE_OF = {name: language for name, _, language in _SCRIPTS}
_WORD = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]+(?:['\u2019][A-Za-z\u00c0-\u024f]+)*")
_NOT_WORDS = re.compile(r"https?://\S+|\S+@\S+|[\w./\\-]*[\w]*[_/\\=<>{}()\[\];]+[\w./\\-]*")
_IN_NO_WORD = re.compile(r"[_/\\=<>{}()\[\];@]")
"""Each match of _NOT_WORDS has one of these."""
_IN_ENGLISH_TOO = frozenset("éèêëçñïöüáàâ")
"""Letters that loan words and names bring into English."""
_OWN_LETTERS = {
    **dict.fromkeys("łżśźńćąę", "pl"),
    **dict.fromkeys("ğış", "tr"),
    **dict.fromkeys("șță", "ro"),
    **dict.fromkeys("ãõ", "pt"),
    **dict.fromkeys("řěů", "cs"),
    **dict.fromkeys("őű", "hu"),
    **dict.fromkeys("ơưđạả", "vi"),
    "ß": "de",
    "ñ": "es",
    "œ": "fr",
    "å": "sv",
    "ø": "da",
}
"""Letters that mostly one language has, of those in the lists."""
_CANTONESE = re.compile("[嘅咗喺唔佢哋啲冇嚟嘢咁噉乜啱攞瞓]|邊度|點[呀樣解]|聽日|幾多")
_CANTONESE_SHARE = 0.04
_FEW_WORDS_DIFFER = 1.0
"""In a short text with English words and no foreign letters, less is chance: "count to ten" is Polish too."""
_OWN_LETTER = 0.4
"""What a word with a letter of its own says, against 1 for a frequent word."""
_PERSIAN = re.compile("[پچژگ]")
_URDU = re.compile("[ٹڈڑںے]")
_UKRAINIAN = re.compile("[іїєґІЇЄҐ]")


@lru_cache(maxsize=_KEPT)
def language_of(text: str) -> str:
    """The ISO 639 code of the language that most of the text is in; `und` or `zxx` where there is none.

    By script first. In Latin script the language with the most frequent words wins, English where none does
    and the text has no letters that English lacks.
    """
    letters = _letters(_sample(text))
    if not letters:
        return NO_LANGUAGE
    script = max(letters, key=lambda name: (letters[name], name))
    if letters["kana"] and letters["han"] and letters["kana"] * 10 > letters["han"]:
        return "ja"
    if script == "latin":
        return _latin(text)
    return _refined(script, text)


def measured(text: str, languages: Collection[str] = MEASURED) -> bool:
    """Whether the text is in languages that the checks were measured on, as far as can be told.

    A text without words is: there is nothing to misjudge. A text with a fifth of its letters in a script of
    another language is not.
    """
    language = language_of(text)
    if language == NO_LANGUAGE:
        return True
    if language not in languages:
        return False
    letters = _letters(_sample(text))
    own = {name for name, code in _LANGUAGE_OF.items() if code in languages}
    foreign = sum(count for name, count in letters.items() if name not in own)
    return foreign <= _FOREIGN_SHARE * sum(letters.values())


def _sample(text: str) -> str:
    """The text in composed form; of a long one three pieces."""
    if len(text) > _MOST_CHARACTERS:
        piece = _MOST_CHARACTERS // 3
        middle = (len(text) - piece) // 2
        text = "\n".join((text[:piece], text[middle : middle + piece], text[-piece:]))
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _letters(text: str) -> Counter[str]:
    """Letters by script."""
    counts: Counter[str] = Counter()
    if text.isascii():
        if letters := len(text) - len(text.translate(_WITHOUT_LETTERS)):
            counts["latin"] = letters
        return counts
    for run in _LETTERS.finditer(text):
        counts[str(run.lastgroup)] += run.end() - run.start()
    return counts


def _latin(text: str) -> str:
    sample = _sample(text)
    if _IN_NO_WORD.search(sample):
        sample = _NOT_WORDS.sub(" ", sample)
    words = [word.lower().replace("\u2019", "'") for word in _WORD.findall(sample)]
    scores: defaultdict[str, float] = defaultdict(float)
    for word in words:
        languages = languages_of_words().get(word, ())
        for language in languages:
            # A word of many languages says little, a letter alone almost nothing.
            weight = (1 if len(word) > 1 else 0.25) / len(languages) ** 0.5
            scores[language] += weight if language == "en" or "en" not in languages else weight / 2
        if not word.isascii():
            for language in {_OWN_LETTERS[letter] for letter in word if letter in _OWN_LETTERS}:
                scores[language] += _OWN_LETTER
    foreign = sum(any(letter > "\x7f" and letter not in _IN_ENGLISH_TOO for letter in word) for word in words)
    english = scores.pop("en", 0.0)
    best, most = max(scores.items(), key=lambda one: (one[1], one[0]), default=(UNKNOWN, 0.0))
    close = english > 0 and most - english < _FEW_WORDS_DIFFER and len(words) < _LONG
    if most > english and not (close and not foreign):
        return best
    if english == 0 and (foreign * 3 > len(words) or len(words) >= _LONG):
        return UNKNOWN
    return "en"


def _refined(script: str, text: str) -> str:
    if script == "han":
        signs = len(_CANTONESE.findall(text))
        return "yue" if signs > _CANTONESE_SHARE * len(text) else "zh"
    if script == "arabic":
        return "ur" if _URDU.search(text) else "fa" if _PERSIAN.search(text) else "ar"
    if script == "cyrillic":
        return "uk" if _UKRAINIAN.search(text) else "ru"
    return _LANGUAGE_OF[script]
