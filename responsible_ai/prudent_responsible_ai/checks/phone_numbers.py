"""Which digits are a telephone number: forms in text, judged by the phonenumbers library.

The only module that imports phonenumbers. A form without separators or country code needs a word beside it
that says what it is; ten plain digits may be anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prudent_responsible_ai.checks.patterns import NUMBER_END, before, occurrences
from prudent_responsible_ai.text_view import View

# A gap inside a number is one of those over which segments.JOIN keeps a text together.
_GAP = r"(?: {1,2}|[.\-/]|\)[ \-]?| ?\(| - )?"

_ANNOUNCED = re.compile(
    r"(?:(?:\b(?:tele?(?:phone)?|cell|fax|handy)|phone|mobile|whats ?app|telefon"
    r"|téléphone|tel[eé]fono|m[oó]vil|celular"
    r"|\b(?:call|text|ring|dial)(?: (?:me|us|him|her|them))?(?: at| on)?"
    r"|\b(?:contact|reach)(?: \w+){0,2} (?:at|on))"
    r"(?: ?(?:no|number|nr|num|#))?\.?(?: is| was)?"
    r"|(?:电话|手机|手機|電話|联系方式|座机|拨打|致电|热线|微信|電話番号|전화)(?:号码|号|號碼|号碼)?(?:是|为|為)?)"
    r"[\s:=\"'(\[]{0,4}$"
)
_VETO = re.compile(
    r"(?:order|ticket|invoice|tracking|serial|sku|isbn|ean|upc|id|uid|pid|ref|no|nr|build|version|case|issue"
    r"|qq|part|model|timestamp|port|size|offset|seed|订单|订单号|单号|编号|流水号|序列号|快递|运单"
    r"|版本|货号|账号|型号)[\s:=#\"'(\[.]{0,3}$"
)

_AFTER_WORD = re.compile(
    r"(?<![A-Za-z0-9.@])(?!(?:and|or|at|on|is|to|for|via|with|under)[^a-z])[a-z_]{2,24}[ :=,\"'\]]{1,4}\Z"
)


@dataclass(frozen=True, slots=True)
class _Form:
    """A way of writing numbers. `region` None: the country code is written. `needs_word`: see the module."""

    pattern: re.Pattern[str]
    region: str | None
    needs_word: bool = False


_INTERNATIONAL = re.compile(rf"(?<![0-9A-Za-z_+.\-/])\+\(?[1-9](?:{_GAP}[0-9]){{6,14}}(?![0-9])")
_FORMS = (
    _Form(re.compile(rf"00[1-9](?:{_GAP}[0-9]){{7,14}}{NUMBER_END}"), None),
    _Form(
        re.compile(rf"(?:86[ \-]?)?1[3-9][0-9](?P<gap>[ .\-]?)[0-9]{{4}}(?P=gap)[0-9]{{4}}{NUMBER_END}"), "CN"
    ),
    _Form(re.compile(rf"1[3-9](?:[ .\-]?[0-9]){{9}}{NUMBER_END}"), "CN", needs_word=True),
    _Form(
        re.compile(rf"\(?0[1-9][0-9]{{1,2}}(?:\) ?|[ \-])[2-9][0-9]{{2,3}}[ \-]?[0-9]{{4}}{NUMBER_END}"), "CN"
    ),
    _Form(re.compile(rf"(?:1[ .\-])?\([2-9][0-9]{{2}}\) ?[2-9][0-9]{{2}}[ .\-][0-9]{{4}}{NUMBER_END}"), "US"),
    _Form(
        re.compile(rf"(?:1[.\-])?[2-9][0-9]{{2}}(?P<gap>[.\-])[2-9][0-9]{{2}}(?P=gap)[0-9]{{4}}{NUMBER_END}"),
        "US",
    ),
    _Form(re.compile(rf"0[127][0-9]{{1,4}} [0-9]{{3,4}} ?[0-9]{{3,4}}{NUMBER_END}"), "GB"),
)
_ANY = re.compile(rf"\(?[0-9](?:{_GAP}[0-9]){{6,14}}{NUMBER_END}")
_REGIONS = (
    *("US", "CN", "GB", "DE", "FR", "ES", "IT", "IN", "AU"),
    *("JP", "KR", "BR", "NL", "SE", "MX", "HK", "TW", "SG"),
)


def phone_numbers(view: View, starts: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the spans of telephone numbers; they may overlap. `starts` is where written numbers can begin."""
    if "+" in view.text:
        for match in occurrences(_INTERNATIONAL, view):
            span = _longest_valid(match, None)
            if span is not None:
                yield span
    for start in starts:
        yield from _at(view, start)


def _at(view: View, start: int) -> Iterator[tuple[int, int]]:
    matches = [(form, match) for form in _FORMS if (match := form.pattern.match(view.text, start))]
    any_form = _ANY.match(view.text, start)
    if not matches and any_form is None:
        return
    words = before(view, start, 40)
    announced = _ANNOUNCED.search(words) is not None
    for form, match in matches:
        if form.region is None or announced or _stands_alone(view, match, form, words):
            span = _longest_valid(match, form.region)
            if span is not None:
                yield span
    if announced and any_form is not None:
        spans = (_longest_valid(any_form, region) for region in _REGIONS)
        span = next(filter(None, spans), None)
        if span is not None:
            yield span


def warm_up() -> None:
    """Import phonenumbers with the metadata of the regions used here."""
    for region in _REGIONS:
        _is_valid("2015550123", region)
    _is_valid("+442079460958", None)


def _stands_alone(view: View, match: re.Match[str], form: _Form, words: str) -> bool:
    """Whether a form is a telephone number without a word that says so."""
    if form.needs_word or _VETO.search(words):
        return False
    # Eleven digits after an English word are a count more often than a number to call.
    plain = match[0].isdigit() and _AFTER_WORD.search(view.text, max(0, match.start() - 24), match.start())
    return not plain


def _longest_valid(match: re.Match[str], region: str | None) -> tuple[int, int] | None:
    """Of a run of digit groups, return the longest beginning that is a number; the rest may be another."""
    text = match[0]
    end = len(text)
    while end >= 7:
        if _is_valid(text[:end], region):
            return match.start(), match.start() + end
        gap = max(text.rfind(separator, 0, end) for separator in " .-/()")
        end = len(text[: max(gap, 0)].rstrip(" .-/()"))
    return None


def _is_valid(text: str, region: str | None) -> bool:
    import phonenumbers

    if region is None and text.startswith("00"):
        text = "+" + text[2:]
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, region))
    except phonenumbers.NumberParseException:
        return False
