"""The dates that a text names in words, in the form that tools take. Asks no model, knows no day by itself.

Small models write `1226-12-01` for `1 December 2026`.
"""

from __future__ import annotations

import datetime
import re

_NAMES = (
    *("jan(?:uary)?", "feb(?:ruary)?", "mar(?:ch)?", "apr(?:il)?", "may", "june?", "july?", "aug(?:ust)?"),
    *("sept?(?:ember)?", "oct(?:ober)?", "nov(?:ember)?", "dec(?:ember)?"),
)
_MONTH = "|".join(_NAMES)
_DATE = re.compile(
    r"(?<![\d-])(?P<iso>\d{4})-(?P<iso_month>\d\d)-(?P<iso_day>\d\d)(?![\d-])"
    rf"|(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)? (?:of )?(?P<month>{_MONTH})\.?,? (?P<year>\d{{4}})\b"
    rf"|\b(?P<first>{_MONTH})\.? (?P<then>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<last>\d{{4}})\b"
    r"|(?P<chinese>\d{4})\s?年\s?(?P<chinese_month>\d{1,2})\s?月\s?(?P<chinese_day>\d{1,2})\s?[日号]",
    re.IGNORECASE,
)


def dates(text: str) -> list[str]:
    """The whole dates of a text as YYYY-MM-DD, each once, in order; days that do not exist are left out."""
    found: list[str] = []
    for match in _DATE.finditer(text):
        year = match["iso"] or match["year"] or match["last"] or match["chinese"]
        name = match["month"] or match["first"]
        day = match["iso_day"] or match["day"] or match["then"] or match["chinese_day"]
        month = _number(name) if name else int(match["iso_month"] or match["chinese_month"])
        try:
            found.append(datetime.date(int(year), month, int(day)).isoformat())
        except ValueError:
            continue
    return list(dict.fromkeys(found))


def _number(name: str) -> int:
    """The number of a month, 1 to 12."""
    return next(at for at, one in enumerate(_NAMES, 1) if re.fullmatch(one, name, re.IGNORECASE))
