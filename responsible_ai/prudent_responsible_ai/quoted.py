"""Finds where a text repeats what the developer wrote for the model alone. Knows no policy and no check.

A quotation is a long run of the same letters, so that a phrase which anybody might use is none. What the
developer wrote is often data that answers are meant to quote: only orders to the model, and whatever is
encoded, are marked as such.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prudent_responsible_ai.decoded_views import decoded_views
from prudent_responsible_ai.plain_letters import PlainLetters, plain_letters, shared_runs

SHORTEST = 60
"""Letters of a quotation, about twelve words; a Chinese character counts as three."""

_HAN_WEIGHT = 3
_MOST_CHARACTERS = 20_000
"""Of a longer text only so much is compared; answers come sentence by sentence."""
_HAN = re.compile(r"[\u3400-\u9fff]")
_ORDER = re.compile(
    r"you(?:are|re|must|should|will|haveto)|your(?:role|task|job|instructions|rules)|donot|dont|never|always"
    r"|refuse|confidential|dubist|dumusst|tues|tudois|vousêtes|eres|debes"
    r"|你是|你的|你必须|你要|不要|不得|请勿|禁止|保密"
)
"""In letters alone, since marks may have been put between them."""


@dataclass(frozen=True, slots=True)
class Quotation:
    """Characters [start, end) repeat the developer's text. `way` says how they are encoded, "" for not."""

    start: int
    end: int
    order: bool
    way: str


def quotations(text: str, secret: Sequence[str], known: Sequence[str]) -> list[Quotation]:
    """Where `text` repeats one of the texts in `secret` that is in none of those in `known`."""
    hidden = [plain_letters(one).text for one in secret if one.strip()]
    if not hidden:
        return []
    open_texts = [plain_letters(one).text for one in known]
    found: list[Quotation] = []
    text = text[:_MOST_CHARACTERS]
    letters = plain_letters(text)
    for start, end in _runs(letters.text, hidden, open_texts):
        first, last = letters.span(start, end)
        found.append(Quotation(first, last, _ORDER.search(letters.text, start, end) is not None, ""))
    for way, turned in _turned(letters):
        for start, end in _runs(turned.text, hidden, open_texts):
            span = sorted((turned.offsets[start], turned.offsets[end - 1]))
            found.append(Quotation(span[0], span[1] + 1, order=True, way=way))
    for view in decoded_views(text, strict=False):
        if any(_runs(plain_letters(view.text).text, hidden, open_texts)):
            found.append(Quotation(view.start, view.end, order=True, way=view.way))
    return sorted(set(found), key=lambda one: (one.start, one.end, one.way))


def _turned(letters: PlainLetters) -> Iterator[tuple[str, PlainLetters]]:
    yield "backwards", letters.backwards()
    turned = PlainLetters(codecs.encode(letters.text, "rot13"), letters.offsets)
    if turned.text != letters.text:
        yield "rot13", turned
        yield "rot13, backwards", turned.backwards()


def _runs(letters: str, hidden: Sequence[str], known: Sequence[str]) -> Iterator[tuple[int, int]]:
    piece = SHORTEST // _HAN_WEIGHT // 2 if _HAN.search(letters) else SHORTEST // 2
    for one in hidden:
        reached = 0
        # The pieces are those of the answer, which is short: what the developer wrote may be long.
        for begin, after, start in shared_runs(one, letters, piece):
            end = start + after - begin
            if end <= reached:
                continue
            run = letters[start:end]
            if _weight(run) >= SHORTEST and not any(run in text for text in known):
                reached = end
                yield start, end


def _weight(run: str) -> int:
    return len(run) + (_HAN_WEIGHT - 1) * len(_HAN.findall(run))
