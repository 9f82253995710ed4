"""Which digits are a telephone number: forms in text, judged by the phonenumbers library.

The only module that imports phonenumbers. A form without separators or country code needs a word beside it
that says what it is; ten plain digits may be anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prudent.forking import unforked
from prudent_responsible_ai.checks.patterns import NUMBER_END, before, occurrences
from prudent_responsible_ai.text_view import View

# A gap inside a number is one of those over which segments.JOIN keeps a text together.
_GAP = r"(?: {1,2}|[.\-/]|\)[ \-]?| ?\(| - )?"

_ENDS = r"\.?(?: is| was| ist| est| es| è)?[\s:=\"'(\[]{0,4}$"
_NAMED = re.compile(
    r"(?:(?:\b(?:tele?(?:phone)?|cell|fax|handy|desk|office)|phone|mobile|whats ?app|telefon|telefax"
    r"|téléphone|tel[eé]fono|telefone|m[oó]vil|celular|portable"
    r"|\b(?:my|our|his|her|their|your) (?:new |old |home |work |private )?number)"
    r"(?: ?(?:no|number|nr|num|#))?"
    r"|(?:电话|手机|手機|電話|联系方式|座机|拨打|致电|热线|微信|전화|전화번호)(?:号码|号|號碼|号碼|番号|番號)?(?:是|为|為|は)?)"
    + _ENDS
)
"""Words that name a telephone number."""
_ASKED = re.compile(
    r"(?:\b(?:call|text|ring|dial|phone)(?: [^\W\d]+){0,3}(?: back)?(?: at| on)?"
    r"|\b(?:contact|reach|answering|messages?|registered)(?: \w+){0,2}(?: (?:at|on|to|from))?"
    r"|(?:rückruf|anruf|ruf|rufen|erreich\w+)(?: \w+){0,4} unter|\bbel(?: \w+){0,3} op"
    r"|appele[rz](?:-\w+)?(?: \w+){0,2} au|ll[aá]m[ae]\w*(?: \w+){0,2} al|chiam\w+(?: \w+){0,2} al)" + _ENDS
)
"""Words that ask to call one."""
_VETO = re.compile(
    r"(?:order|ticket|invoice|tracking|serial|sku|isbn|ean|upc|id|uid|pid|ref|no|nr|build|version|case|issue"
    r"|qq|part|model|timestamp|port|size|offset|seed|订单|订单号|单号|编号|流水号|序列号|快递|运单"
    r"|版本|货号|账号|型号)[\s:=#\"'(\[.]{0,3}$"
)

_AFTER_WORD = re.compile(
    r"(?<![A-Za-z0-9.@\])}])(?!(?:and|or|at|on|is|to|for|via|with|under)[^a-z])[a-z_]{2,24}[ :=,\"'\]]{1,4}\Z"
)


@dataclass(frozen=True, slots=True)
class _Form:
    """A way of writing numbers. `region` None: the country code is written. `needs_word`: see the module."""

    pattern: re.Pattern[str]
    region: str | None
    needs_word: bool = False


_EXTENSION = r"(?:x[0-9]{2,6})?"
_INTERNATIONAL = re.compile(rf"(?<![0-9A-Za-z_+.\-/])\+\(?[1-9](?:{_GAP}[0-9]){{6,14}}(?![0-9]){_EXTENSION}")
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
_NORTH_AMERICAN = re.compile(
    rf"(?:(?:001|1)[.\-])?(?:\([2-9][0-9]{{2}}\) ?|[2-9][0-9]{{2}}(?P<gap>[.\-]))"
    rf"[2-9][0-9]{{2}}(?(gap)(?P=gap)|[.\-])[0-9]{{4}}{_EXTENSION}(?:{NUMBER_END}|(?=-(?i:office|fax|mobile|home)\b))"
)
_JAPANESE_MOBILE = re.compile(rf"0[5789]0-[0-9]{{4}}-[0-9]{{4}}{NUMBER_END}")
_BY_SHAPE = (_NORTH_AMERICAN, _JAPANESE_MOBILE)
"""Forms that nothing else is written in: not every code in use is in the library's tables."""
_ANY = re.compile(rf"\(?[0-9](?:{_GAP}[0-9]){{6,14}}{_EXTENSION}{NUMBER_END}")
_DATE_OR_ADDRESS = re.compile(r"[0-9]{1,4}[.\-/][0-9]{1,2}[.\-/][0-9]{1,4}|[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_ONLY_EXTENSION = re.compile("x[0-9]+")
_SEPARATED = re.compile(r"[0-9][ .\-/()]+[0-9]")
_REGIONS = (
    *("US", "CN", "GB", "DE", "FR", "ES", "IT", "IN", "AU"),
    *("JP", "KR", "BR", "NL", "SE", "MX", "HK", "TW", "SG"),
)


def phone_numbers(view: View, starts: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the spans of telephone numbers; they may overlap. `starts` is where written numbers can begin."""
    if "+" in view.text:
        for match in occurrences(_INTERNATIONAL, view):
            span = _international(match)
            if span is not None:
                yield span
    for start in starts:
        yield from _at(view, start)


def _international(match: re.Match[str]) -> tuple[int, int] | None:
    """A number with its country code: one of its country's plan, or written as numbers are and as long."""
    span = _longest_valid(match, None)
    if span is None and _SEPARATED.search(match[0]) and _is_possible(match[0]):
        span = match.span()
    return _with_extension(span, match)


def _at(view: View, start: int) -> Iterator[tuple[int, int]]:
    matches = [(form, match) for form in _FORMS if (match := form.pattern.match(view.text, start))]
    shapes = [match for shape in _BY_SHAPE if (match := shape.match(view.text, start))]
    any_form = _ANY.match(view.text, start)
    if not matches and not shapes and any_form is None:
        return
    words = before(view, start, 40)
    named = _NAMED.search(words) is not None
    announced = named or _ASKED.search(words) is not None
    for form, match in matches:
        if form.region is None or announced or _stands_alone(view, match, form, words):
            span = _longest_valid(match, form.region)
            if span is not None:
                yield span
    if announced or not _VETO.search(words):
        yield from (match.span() for match in shapes)
    if announced and any_form is not None and not _DATE_OR_ADDRESS.fullmatch(any_form[0]):
        spans = (_longest_valid(any_form, region) for region in _REGIONS)
        span = _with_extension(max(filter(None, spans), default=None), any_form)
        if span is not None:
            yield span
        elif named or _SEPARATED.search(any_form[0]):
            yield any_form.span()


def _with_extension(span: tuple[int, int] | None, match: re.Match[str]) -> tuple[int, int] | None:
    """A span that goes on to the end of its match where only an extension is left."""
    if span is not None and _ONLY_EXTENSION.fullmatch(match.string, span[1], match.end()):
        return span[0], match.end()
    return span


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
    if region is None and text.startswith("00"):
        text = "+" + text[2:]
    with unforked():  # the library holds a lock while it loads a region
        import phonenumbers

        try:
            return phonenumbers.is_valid_number(phonenumbers.parse(text, region))
        except phonenumbers.NumberParseException:
            return False


def _is_possible(text: str) -> bool:
    """Whether a number with a country code has a length that its country's numbers have."""
    with unforked():
        import phonenumbers

        try:
            return phonenumbers.is_possible_number(phonenumbers.parse(text))
        except phonenumbers.NumberParseException:
            return False
