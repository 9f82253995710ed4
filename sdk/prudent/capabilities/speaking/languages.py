"""Whether a voice can say a text at all, by the scripts of its letters. Knows no words."""

from __future__ import annotations

import unicodedata

from prudent.errors import InvalidRequestError

_NAMES = {"en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian"}
_SCRIPTS = {
    "CJK": "Chinese",
    "HIRAGANA": "Japanese",
    "KATAKANA": "Japanese",
    "HANGUL": "Korean",
    "CYRILLIC": "Cyrillic",
    "ARABIC": "Arabic",
    "HEBREW": "Hebrew",
    "THAI": "Thai",
    "DEVANAGARI": "Devanagari",
    "BENGALI": "Bengali",
    "TAMIL": "Tamil",
    "ARMENIAN": "Armenian",
    "GEORGIAN": "Georgian",
    "ETHIOPIC": "Ethiopic",
    "BOPOMOFO": "Chinese",
}


def language_name(code: str) -> str:
    """A language's English name, else its code: `en-US` is English."""
    return _NAMES.get(code.partition("-")[0], code)


def require_speakable(text: str, language: str, voices: str) -> None:
    """Return where every letter of the text is of a script that the voice's language is written in.

    Voices whose language is written in Latin letters are known; `voices` says for the error what there is.

    Raises:
        InvalidRequestError: it is not; espeak-ng would name the letters or leave them out.
    """
    for character in text:
        if character.isascii() or not character.isalpha():
            continue
        script = _SCRIPTS.get(unicodedata.name(character, "").partition(" ")[0])
        if script is not None:
            raise InvalidRequestError(
                f"The input has {script} letters, and this voice speaks {language_name(language)} only.",
                hint=f"{voices} Leave the other letters out, or write them in Latin letters.",
                param="input",
            )
