"""Finds values that must never leave, in whatever way they are written. Knows no policy and no conversation.

A value is found as it is, with marks or spaces put into it, backwards, in rot13, base64, base32, hex, as
character codes, in percent or HTML encoding, and in these within each other. Nothing here prints a value.
"""

from __future__ import annotations

import base64
import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from prudent_responsible_ai.decoded_views import decoded_views
from prudent_responsible_ai.plain_letters import plain_letters, shared_runs

FEWEST_LETTERS = 8
"""Letters and digits that a value must have: shorter ones stand in texts by chance."""

Kind = Literal["secret", "canary"]

_ENOUGH = 2
"""One part in so many of a value is a leak already, where it looks like no word."""
_ALIGNMENTS = 3


@dataclass(frozen=True, slots=True)
class Leak:
    """Characters [start, end) give a registered value away; `way` says how it was written, "" for plainly."""

    start: int
    end: int
    kind: Kind
    way: str
    whole: bool


@dataclass(frozen=True, slots=True)
class _Form:
    letters: str = field(repr=False)
    way: str
    kind: Kind


class Registered:
    """Values to be found. Holds their written forms; its representation names none of them."""

    def __init__(self, secrets: Sequence[str], canaries: Sequence[str] = ()) -> None:
        """Raises ValueError: a value has fewer than `FEWEST_LETTERS` letters and digits."""
        self._forms = [
            *(form for value in secrets for form in _forms(value, "secret")),
            *(form for value in canaries for form in _forms(value, "canary")),
        ]

    def __repr__(self) -> str:
        return f"Registered({len(self._forms)} forms)"

    def __bool__(self) -> bool:
        return bool(self._forms)

    def leaks(self, text: str) -> list[Leak]:
        """All leaks of the text, in order. A value that stands there in two ways is found in each."""
        letters = plain_letters(text)
        found = [
            Leak(*letters.span(start, end), form.kind, form.way, whole)
            for form in self._forms
            for start, end, whole in _places(letters.text, form)
        ]
        for view in decoded_views(text, strict=False):
            decoded = plain_letters(view.text).text
            found += [
                Leak(view.start, view.end, form.kind, _ways(view.way, form.way), whole)
                for form in self._forms
                for _, _, whole in _places(decoded, form)
            ]
        return sorted(set(found), key=lambda leak: (leak.start, leak.end, leak.kind, leak.way))


def _forms(value: str, kind: Kind) -> Iterator[_Form]:
    plain = plain_letters(value).text
    if len(plain) < FEWEST_LETTERS:
        raise ValueError(f"fewer than {FEWEST_LETTERS} letters and digits")
    yield _Form(plain, "", kind)
    yield _Form(plain[::-1], "backwards", kind)
    data = value.encode()
    turned = codecs.encode(value, "rot13")
    written = {
        "rot13": [turned, turned[::-1]],
        "hex": [data.hex()],
        "base32": [base64.b32encode(data).decode().rstrip("=")],
        "character codes": [" ".join(str(ord(one)) for one in value)],
        "base64": [*_base64_forms(data), *(one[::-1] for one in _base64_forms(data))],
    }
    for way, texts in written.items():
        for text in texts:
            letters = plain_letters(text).text
            if len(letters) >= FEWEST_LETTERS and letters != plain:
                yield _Form(letters, way, kind)


def _base64_forms(data: bytes) -> Iterator[str]:
    """The letters that stand for the data wherever it begins: those that no neighbour changes."""
    for before in range(_ALIGNMENTS):
        whole = len(data) + before - (len(data) + before) % 3
        letters = base64.b64encode(bytes(before) + data)[: whole // 3 * 4].decode()
        yield letters[4 if before else 0 :]


def _places(letters: str, form: _Form) -> Iterator[tuple[int, int, bool]]:
    known = form.letters
    at = letters.find(known)
    while at >= 0:
        yield at, at + len(known), True
        at = letters.find(known, at + len(known))
    enough = max(FEWEST_LETTERS, -(-len(known) // _ENOUGH))
    if enough >= len(known):
        return
    for start, end, _ in shared_runs(letters, known, -(-enough // 2)):
        if enough <= end - start < len(known) and _is_no_word(letters[start:end]):
            yield start, end, False


def _is_no_word(letters: str) -> bool:
    """Whether letters and digits are mixed, as in keys and not in words, numbers or dates."""
    return len(re.findall(r"[0-9]+(?=[^0-9])|[^0-9]+(?=[0-9])", letters)) > 1


def _ways(outer: str, inner: str) -> str:
    return f"{outer}, {inner}" if inner else outer
