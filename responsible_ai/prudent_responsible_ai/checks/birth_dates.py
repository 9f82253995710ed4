"""Which dates are somebody's date of birth: dates by form and range, after words that say so.

Knows no check. A date alone is no personal data; one after "born on" is.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

_MONTHS = (
    *("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    *("mär", "mai", "okt", "dez", "janv", "fév", "avr", "juin", "juil", "août", "déc"),
    *("ene", "abr", "ago", "dic", "gen", "mag", "giu", "lug", "set", "ott", "fev", "out", "mrt", "mei"),
)
_MONTH = rf"(?:{'|'.join(sorted(_MONTHS, key=len, reverse=True))})[^\W\d]{{0,7}}\.?"
_YEAR = r"(?:19|20)[0-9]{2}"
_DATE = re.compile(
    rf"(?<![0-9A-Za-z.\-/])(?:"
    rf"(?P<y1>{_YEAR})(?P<s1>[.\-/])(?P<m1>[0-9]{{1,2}})(?P=s1)(?P<d1>[0-9]{{1,2}})"
    rf"|(?P<a2>[0-9]{{1,2}})(?P<s2>[.\-/] ?)(?P<b2>[0-9]{{1,2}})(?P=s2)(?P<y2>{_YEAR}|[0-9]{{2}})"
    rf"|(?P<y3>{_YEAR}) ?年 ?(?P<m3>[0-9]{{1,2}}) ?月(?: ?(?P<d3>[0-9]{{1,2}}) ?[日号])?"
    rf"|(?P<d4>[0-9]{{1,2}})(?:st|nd|rd|th|er|\.|º)?(?: of| de| di)? {_MONTH}(?: de| del)?,? (?P<y4>{_YEAR})"
    rf"|{_MONTH} (?P<d5>[0-9]{{1,2}})(?:st|nd|rd|th)?,? (?P<y5>{_YEAR})"
    rf"|(?P<y6>{_YEAR})(?P<m6>0[1-9]|1[0-2])(?P<d6>0[1-9]|[12][0-9]|3[01])"
    rf")(?![0-9A-Za-z]|[.\-/][0-9])",
    re.IGNORECASE,
)
_BIRTH = re.compile(
    r"(?:\b(?:born|birth|birthday|birth ?date|d\.?o\.?b|n[ée]e? le|naissance|geboren|geburtsdatum|geb"
    r"|geburtstag|nacid[oa]|nació|nacimiento|nat[oa] il|nat[oa] a|nascita|nascid[oa]|nasceu|nascimento"
    r"|geboortedatum|urodzon[yae]|urodzenia)\b|出生|生日|生于|誕生日|生年月日|生まれ)"
    r"\.?(?:[^0-9.!?。！？\n]{0,32}|[\"' :]{0,4}\n ?)$",
    re.IGNORECASE,
)
_BORN_AFTER = re.compile(r"[ (,，]{0,2}(?:生まれ|出生|生(?![产成]))")
_BEFORE = 60


def birth_dates(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of dates of birth in canonical text."""
    for match in _DATE.finditer(text):
        announced = _BIRTH.search(text, max(0, match.start() - _BEFORE), match.start())
        if (announced or _BORN_AFTER.match(text, match.end())) and _is_date(match):
            yield match.span()


def _is_date(match: re.Match[str]) -> bool:
    """Whether day and month exist, in whichever order they are written."""
    groups = match.groupdict()
    if groups["a2"]:
        first, second = int(groups["a2"]), int(groups["b2"])
        return _exists(2000, first, second) or _exists(2000, second, first)
    for number in "136":
        if groups[f"y{number}"]:
            year, month, day = (groups[f"{part}{number}"] for part in "ymd")
            return _exists(int(year), int(month), int(day or 1))
    return 1 <= int(groups["d4"] or groups["d5"]) <= 31


def _exists(year: int, month: int, day: int) -> bool:
    try:
        datetime.date(year, month, day)
    except ValueError:
        return False
    return True
