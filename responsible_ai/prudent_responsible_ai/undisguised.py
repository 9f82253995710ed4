"""A second view of a text with disguises undone: digits for letters, letters set apart, foreign letters.

For judging what is said, beside the text as it stands and never instead of it: a number that looks like a
disguise may be a number. It knows nothing of what is looked for. Offsets lead back to the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

from prudent_responsible_ai.text_view import View, canonical, is_invisible

_LETTER_OF = dict(zip("01345789@$!|+€", "oieastbgasiite", strict=True))
_LOOKALIKES = dict(
    zip(
        "авеёкмнорстухіјѕԁһԛԝАВЕКМНОРСТУХІЈЅαβεικνορτυχγηωΑΒΕΗΙΚΜΝΟΡΤΥΧΖ",
        "abeekmhopctyxijsdhqwABEKMHOPCTYXIJSabeiknoptuxynwABEHIKMNOPTYXZ",
        strict=True,
    )
)
"""Cyrillic and Greek letters by the Latin ones they look like (Unicode's confusables, the plain ones)."""

_MARK = r"[ .\-_*·•~/|,]"
_SET_APART = re.compile(rf"(?<![^\W_])[^\W\d_]({_MARK}{{1,2}})(?:[^\W\d_]\1)+[^\W\d_](?![^\W_])")
"""Three or more single letters with the same mark or spaces between them."""
_HAN_SET_APART = re.compile(r"[\u4e00-\u9fff](?:[.\-_*·•~/|]{1,2}[\u4e00-\u9fff])+")
_WORD = re.compile(r"[^\s.,;:?()\[\]{}\"'<>]*[^\W\d_][^\s.,;:?()\[\]{}\"'<>]*")
_LATIN = re.compile(r"[A-Za-z]")
_OTHER_SCRIPT = re.compile(r"[\u0370-\u052f]")
_DIGIT_INSIDE = re.compile(
    r"(?<=[A-Za-z])[01345789@$!|+€]+(?=[A-Za-z])"
    r"|(?<![^\W_])[01345789@$€]+(?=[A-Za-z][A-Za-z01345789@$!])"
    r"(?!(?:st|nd|rd|th|am|pm|px|km|kg|cm|mm|gb|mb|ml|hz)\b)"
)
_DIGIT_AT_END = re.compile(r"(?<=[A-Za-z]{2})[013457@$!]\b")
_REPEATED = re.compile(r"([^\W\d_])\1{2,}")
_DOUBLED = frozenset("elost")
"""Letters that English often doubles: of a longer run two are kept, of others one."""
_COMBINING = frozenset(map(chr, (*range(0x0300, 0x0370), *range(0x0483, 0x048A))))


def undisguised(text: str) -> View | None:
    """The text with disguises undone, in lower case where they were; None where there is nothing to undo."""
    letters = _Letters(text)
    letters.drop(lambda character: is_invisible(character) or character in _COMBINING)
    letters.join(_SET_APART, _between_letters)
    letters.join(_HAN_SET_APART, lambda character: not "\u4e00" <= character <= "\u9fff")
    letters.respell()
    letters.shorten()
    return letters.view() if letters.changed else None


def _between_letters(character: str) -> bool:
    return not character.isalpha()


class _Letters:
    """Characters with the offsets that they had; only what is taken out or replaced counts as a change."""

    def __init__(self, text: str) -> None:
        # Characters for characters alone: what widens under NFKC stays as it is.
        self._text = canonical(text)
        self._offsets = list(range(len(text)))
        self.changed = self._text != text and any(
            plain != raw and unicodedata.category(raw)[0] in "LN"
            for plain, raw in zip(self._text, text, strict=True)
        )

    def view(self) -> View:
        """What has become of the text."""
        return View(self._text, 0, offsets=self._offsets)

    def drop(self, unwanted: Callable[[str], bool]) -> None:
        """Take out characters."""
        if not self._text.isascii():
            self._drop_at(at for at, character in enumerate(self._text) if unwanted(character))

    def join(self, pattern: re.Pattern[str], between: Callable[[str], bool]) -> None:
        """Take out what lies between the letters of each match."""
        self._drop_at(
            at
            for found in pattern.finditer(self._text)
            for at in range(found.start(), found.end())
            if between(self._text[at])
        )

    def respell(self) -> None:
        """Put letters for digits and signs within words, and Latin ones for their likes in mixed words."""
        respelt = {
            word.start() + at: letter
            for word in _WORD.finditer(self._text)
            for at, letter in _respelt(word[0])
        }
        if not respelt:
            return
        text = "".join(respelt.get(at, character) for at, character in enumerate(self._text))
        self.changed = self.changed or text != self._text
        self._text = text

    def shorten(self) -> None:
        """Of a letter written three times or more, keep one, or two where words often have two."""
        self._drop_at(
            at
            for found in _REPEATED.finditer(self._text)
            for at in range(found.start() + (2 if found[1].lower() in _DOUBLED else 1), found.end())
        )

    def _drop_at(self, places: Iterable[int]) -> None:
        dropped = set(places)
        if not dropped:
            return
        self.changed = True
        self._text = "".join(letter for at, letter in enumerate(self._text) if at not in dropped)
        self._offsets = [offset for at, offset in enumerate(self._offsets) if at not in dropped]


def _respelt(word: str) -> Iterator[tuple[int, str]]:
    """Places of a word and the letters that belong there."""
    if not word.isascii():
        if not (_LATIN.search(word) and _OTHER_SCRIPT.search(word)):
            return
        yield from ((at, _LOOKALIKES[one]) for at, one in enumerate(word) if one in _LOOKALIKES)
        return
    if word.isalpha():
        return
    for pattern in (_DIGIT_INSIDE, _DIGIT_AT_END):
        for found in pattern.finditer(word):
            for at in range(found.start(), found.end()):
                if word[at] in _LETTER_OF:
                    yield at, _LETTER_OF[word[at]]
