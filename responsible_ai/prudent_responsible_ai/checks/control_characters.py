"""Finds text that speaks to the machine and not to the reader: characters without a shape, control tokens.

Characters that carry meaning where they stand are left alone: joiners in emoji and in Persian or Indic
words, variation selectors after emoji and ideographs, flags, marks that set right-to-left text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from prudent_responsible_ai.check import CheckContext, Finding, Span, Unit, outermost
from prudent_responsible_ai.checks.patterns import occurrences
from prudent_responsible_ai.text_view import Reading, is_invisible

CATEGORY = "control_characters"

_TOKENS = re.compile(
    r"<\|{1,2}[A-Za-z0-9_/\- ]{1,40}\|{1,2}>"  # <|im_start|>, <|eot_id|>, DeepSeek's full-width bars as well
    r"|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]"
    r"|<</?SYS>>"
    r"|</?s>(?![A-Za-z])"
    r"|</?(?:start_of_turn|end_of_turn|bos|eos|pad|unk|tool_call|tool_response|begin_of_text|end_of_text)>",
    re.IGNORECASE | re.ASCII,
)
_TAG_FLAG_BASE = "\U0001f3f4"
_CANCEL_TAG = "\U000e007f"
_BIDI_MARKS = "\u200e\u200f\u061c"
_JOINERS = "\u200c\u200d"
_BIDI_CONTROLS = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
_ZERO_WIDTH = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u034f")


class ControlCharactersCheck:
    """Severity 6 for hidden text in tag characters or selectors, 5 for direction overrides, 4 for other
    invisible characters, 3 for control tokens written as text. Redaction removes the invisible ones."""

    id = "control_characters"
    categories = (CATEGORY,)
    essential = True
    model_hash: str | None = None
    unit = Unit.WORD

    def check(self, text: str, context: CheckContext) -> list[Finding]:
        """Return one finding for each run of invisible characters and each control token."""
        found = list(_invisible(text, context.reading)) if "\u200b" in context.reading.canonical else []
        if "<" in context.reading.canonical or "[" in context.reading.canonical:
            found += _tokens(context.reading)
        return sorted(found, key=lambda one: one.spans[0].start)

    def warm_up(self) -> None:
        """Nothing to load."""


def _tokens(reading: Reading) -> list[Finding]:
    found = [
        Finding(
            CATEGORY, 3, (Span(*view.original(*match.span()), "control_token"),), "a control token as text"
        )
        for view in reading.views
        for match in occurrences(_TOKENS, view)
    ]
    return outermost(found)


def _invisible(text: str, reading: Reading) -> Iterator[Finding]:
    for match in re.finditer("\u200b+", reading.canonical):
        for start, end in _meaningless(text, *match.span()):
            if start < reading.start:
                continue
            label, severity, reason = _kind(text[start:end])
            yield Finding(CATEGORY, severity, (Span(start, end, label, replacement=""),), reason)


def _meaningless(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a run of invisible characters that carry no meaning where they stand."""
    first: int | None = None
    for at in range(start, end):
        if _has_meaning(text, at):
            if first is not None:
                yield first, at
            first = None
        elif first is None:
            first = at
    if first is not None:
        yield first, end


def _has_meaning(text: str, at: int) -> bool:
    """Whether the character at a place does its proper work there, judged by its close neighbours."""
    character = text[at]
    if not is_invisible(character):
        return True
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    if character in _JOINERS:
        return _joins(text, at, after)
    if _is_selector(character):
        return _selects(character, before)
    if _is_tag(character):
        return _in_flag(text, at)
    if character in _BIDI_MARKS:
        return not is_invisible(before) if before else False
    # Hangul fillers, Mongolian and Khmer signs belong to the words of their script.
    return character in "\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f" and _is_letter(before or after)


def _joins(text: str, at: int, after: str) -> bool:
    before = text[at - 1 : at] if at else ""
    if before and _is_selector(before):
        before = text[at - 2 : at - 1]
    if not before or not after or is_invisible(before) or is_invisible(after):
        return False
    if text[at] == "\u200d" and _is_symbol(before) and _is_symbol(after):
        return True
    return _needs_joiners(before) and _needs_joiners(after)


def _selects(character: str, before: str) -> bool:
    if not before or is_invisible(before):
        return False
    if character in "\ufe0e\ufe0f":
        return _is_symbol(before) or before in "0123456789#*" or before == "\u20e3"
    return _is_ideograph(before)


def _in_flag(text: str, at: int) -> bool:
    """A subdivision flag: a black flag, up to six tag letters, and the tag that ends it."""
    window = text[max(0, at - 7) : at + 8]
    here = min(at, 7)
    base = window.rfind(_TAG_FLAG_BASE, 0, here + 1)
    end = window.find(_CANCEL_TAG, here)
    return 0 <= base < here <= end <= base + 7 and all(_is_tag(one) for one in window[base + 1 : end + 1])


def _kind(run: str) -> tuple[str, int, str]:
    if any(_is_tag(one) for one in run):
        return "tag_characters", 6, "hidden text in Unicode tag characters"
    if sum(_is_selector(one) for one in run) > 1:
        return "variation_selectors", 6, "hidden data in variation selectors"
    if any(one in _BIDI_CONTROLS for one in run):
        return "bidi_control", 5, "a control that changes the direction of the text"
    if any(one in _ZERO_WIDTH for one in run):
        return "zero_width", 4, "characters without width"
    return "invisible", 4, "characters without a shape"


def _is_tag(character: str) -> bool:
    return "\U000e0000" <= character <= "\U000e007f"


def _is_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def _is_symbol(character: str) -> bool:
    """An emoji or another symbol that emoji are made of."""
    return (
        "\u2100" <= character <= "\u2bff"
        or "\u3030" <= character <= "\u3299"
        or ("\U0001f000" <= character <= "\U0001faff" or character in "\u00a9\u00ae\u203c\u2049")
    )


def _is_ideograph(character: str) -> bool:
    return (
        "\u3400" <= character <= "\u9fff"
        or "\uf900" <= character <= "\ufaff"
        or ("\U00020000" <= character <= "\U000323af")
    )


def _needs_joiners(character: str) -> bool:
    """A letter of a script whose spelling uses joiners: Arabic and its kin, Indic, Khmer, Mongolian."""
    return (
        "\u0600" <= character <= "\u08ff"
        or "\u0900" <= character <= "\u0dff"
        or (
            "\u1000" <= character <= "\u109f"
            or "\u1780" <= character <= "\u18af"
            or "\ufb50" <= character <= "\ufdff"
        )
    )


def _is_letter(character: str) -> bool:
    return character.isalpha()
