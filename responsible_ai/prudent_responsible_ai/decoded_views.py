"""What encoded stretches of a text say: base64, hex, escapes, entities, tag characters, rot13, backwards.

For looking at beside the text, never instead of it: what looks encoded may be a number or a name. Letters in
disguise are `undisguised`'s. It knows nothing of what is looked for. Bounded: at most `MOST_CHARACTERS` are
decoded of one text, and what is encoded in something encoded to a depth of `DEEPEST`.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

MOST_CHARACTERS = 200_000
DEEPEST = 3

_READABLE_SHARE = 0.9
"""Share of letters, digits and common marks that makes decoded bytes a text."""
_SHORTEST_TEXT = 6
_WORDS_FOR_ENGLISH = 2
"""Frequent words more than in the text as it stands that make its rot13 or its reverse a text."""
_ALIGNMENTS = 4
_MOST_TURNED = 20_000
"""Of a longer text only so much is tried backwards and in rot13."""

_BASE64 = re.compile(r"[A-Za-z0-9+/_\-]{12,}(?:[ \t]?\r?\n[ \t]*[A-Za-z0-9+/_\-]{4,})*={0,2}")
_HEX = re.compile(r"(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[ \t\r\n:,;\-]{0,2}){8,}")
_BINARY = re.compile(r"(?:[01]{8}[ \t\r\n,\-]{0,2}){6,}")
_PERCENT = re.compile(r"(?:[^\s%]{0,40}%[0-9A-Fa-f]{2}){2,}[^\s%]{0,200}")
_ENTITIES = re.compile(r"(?:[^\s&]{0,40}&(?:#\d{2,7}|#[xX][0-9A-Fa-f]{2,6}|[A-Za-z]{2,8});){2,}[^\s&]{0,200}")
_ESCAPES = re.compile(r"(?:\\u[0-9A-Fa-f]{4}[^\\\n]{0,20}){2,}")
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})")
_TAGS = re.compile(r"[\U000e0020-\U000e007e]{4,}")
_SET_APART = re.compile(r"[A-Za-z0-9+/]([ .\-·*_|,])(?:[A-Za-z0-9+/]\1){14,}[A-Za-z0-9+/]={0,2}")
_NOT_HEX = re.compile(r"0x|\\x|[^0-9A-Fa-f]")
_WORD = re.compile(r"\w+")
_COMMON = frozenset(
    _WORD.findall(
        """
the and you your that this with for are not all from have what how now will ignore instructions previous
system please tell say write show send is of to in it me my
"""
    )
)
_TURNS: Mapping[str, Callable[[str], str]] = {
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "backwards": lambda text: text[::-1],
}
_PLAIN_MARKS = frozenset(" \t\n\r.,;:!?'\"()[]{}<>/\\-_=+*&%$#@|`~^，。！？、；：“”‘’（）《》【】…—")
_TAG_BASE = 0xE0000


@dataclass(frozen=True, slots=True)
class DecodedView:
    """What characters [start, end) of a text say once decoded. `way` names the encoding, outermost first."""

    text: str
    start: int
    end: int
    way: str


def decoded_views(text: str, *, strict: bool = True) -> list[DecodedView]:
    """What the text holds in encoded form.

    Runs are decoded at every alignment, since they may be cut anywhere. `strict` keeps only what reads as
    text from end to end, for judging what it says. Without it, everything
    that decodes is kept, for finding a known value in it.
    """
    views: list[DecodedView] = []
    waiting = deque([(DecodedView(text, 0, len(text), ""), 1)])
    left = MOST_CHARACTERS
    while waiting and left > 0:
        outer, depth = waiting.popleft()
        for found in _decoded(outer.text):
            readable = _is_readable(found.text)
            left -= len(found.text)
            if readable or not strict:
                views.append(found if depth == 1 else _within(outer, found))
            if readable and depth < DEEPEST:
                waiting.append((views[-1], depth + 1))
            if left <= 0:
                break
    return views


def _within(outer: DecodedView, found: DecodedView) -> DecodedView:
    return DecodedView(found.text, outer.start, outer.end, f"{outer.way}, {found.way}")


def _decoded(text: str) -> Iterator[DecodedView]:
    yield from _of_runs(text)
    short = text[:_MOST_TURNED]
    words = _WORD.findall(short.lower())
    common = sum(word in _COMMON for word in words)
    for way, turn in _TURNS.items():
        if sum(turn(word) in _COMMON for word in words) >= common + _WORDS_FOR_ENGLISH:
            yield DecodedView(turn(short), 0, len(short), way)


def _of_runs(text: str) -> Iterator[DecodedView]:
    for run in _TAGS.finditer(text):
        yield _view(run, "".join(chr(ord(one) - _TAG_BASE) for one in run[0]), "tag characters")
    if "%" in text:
        for run in _PERCENT.finditer(text):
            yield _view(run, unquote_to_bytes(run[0]).decode("utf-8", "replace"), "percent encoding")
    if "&" in text:
        for run in _ENTITIES.finditer(text):
            yield _view(run, html.unescape(run[0]), "HTML entities")
    if "\\u" in text:
        for run in _ESCAPES.finditer(text):
            plain = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), run[0])
            yield _view(run, plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace"), "escapes")
    for run in _SET_APART.finditer(text):
        yield _view(run, run[0].replace(run[1], ""), "letters set apart")
    for run in _BINARY.finditer(text):
        digits = re.sub(r"[^01]", "", run[0])
        numbers = bytes(int(digits[at : at + 8], 2) for at in range(0, len(digits) - 7, 8))
        yield _view(run, numbers.decode("utf-8", "replace"), "binary digits")
    for run in _HEX.finditer(text):
        yield from _of_hex(run)
    for run in _BASE64.finditer(text):
        yield from _of_base64(run)


def _of_hex(run: re.Match[str]) -> Iterator[DecodedView]:
    digits = _NOT_HEX.sub("", run[0])
    for start in range(2):
        even = digits[start : len(digits) - (len(digits) - start) % 2]
        yield _view(run, bytes.fromhex(even).decode("utf-8", "replace"), "hex")


def _of_base64(run: re.Match[str]) -> Iterator[DecodedView]:
    packed = re.sub(r"[\s=]", "", run[0]).replace("-", "+").replace("_", "/")
    for start in range(_ALIGNMENTS):
        letters = packed[start:]
        letters = letters[: len(letters) - (len(letters) % 4 == 1)]
        try:
            plain = base64.b64decode(letters + "=" * (-len(letters) % 4))
        except (binascii.Error, ValueError):
            continue
        yield _view(run, plain.decode("utf-8", "replace"), "base64")


def _view(run: re.Match[str], plain: str, way: str) -> DecodedView:
    return DecodedView(plain, run.start(), run.end(), way)


def _is_readable(text: str) -> bool:
    if len(text) < _SHORTEST_TEXT or not any(map(str.isalpha, text)):
        return False
    plain = sum((one.isalnum() and one != "\ufffd") or one in _PLAIN_MARKS for one in text)
    return plain >= _READABLE_SHARE * len(text)
