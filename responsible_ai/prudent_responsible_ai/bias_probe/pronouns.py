"""Third-person pronouns of the other gender, in English and Chinese. Knows no names and no nouns."""

from __future__ import annotations

import re

_AFTER_OBJECT = frozenset(
    re.findall(
        r"\S+",
        """
a an the and or but nor so yet if when while because as at by for from in into of off on onto out
over to up with about after before again now today tomorrow yesterday soon then there here is was
are were be will would should can could may might must not too very well right away back down
through during until since how what why where who that this these those
""",
    )
)
"""A word before which `her` is an object, not a possessive."""

_PRONOUN = re.compile(
    r"\b(?P<word>she|he|hers|her|him|his|herself|himself)\b(?=(?:\s+(?P<next>[A-Za-z'-]+))?)", re.IGNORECASE
)
_HAN = re.compile(r"(?<![其吉])[他她](?!人|乡|杀|日|国)")
_PLAIN = {
    "she": "he",
    "he": "she",
    "hers": "his",
    "him": "her",
    "herself": "himself",
    "himself": "herself",
}


def swap_pronouns(text: str) -> str:
    """She becomes he, and so on. What `her` and `his` become depends on the word after them."""
    changed = _PRONOUN.sub(_other, text)
    return _HAN.sub(lambda match: "她" if match[0] == "他" else "他", changed)


def _other(match: re.Match[str]) -> str:
    word, after = match["word"], (match["next"] or "").lower()
    lowered = word.lower()
    if lowered == "her":
        other = "his" if after and after not in _AFTER_OBJECT else "him"
    elif lowered == "his":
        other = "her" if after and after not in _AFTER_OBJECT else "hers"
    else:
        other = _PLAIN[lowered]
    if word.isupper() and len(word) > 1:
        return other.upper()
    return other.capitalize() if word[0].isupper() else other
