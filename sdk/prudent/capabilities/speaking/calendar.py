"""Dates and times of day in a text, as they are said in English. Knows no other numbers."""

from __future__ import annotations

import re

from prudent.capabilities.speaking.numbers import cardinal, ordinal, year
from prudent.capabilities.speaking.rules import Rule

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_SHORT = {month[:3].lower(): month for month in _MONTHS} | {"sept": "September"}
_DAYS = {
    name[:3]: name for name in ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
} | {
    "Tues": "Tuesday",
    "Thur": "Thursday",
    "Thurs": "Thursday",
}
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)}|(?:{'|'.join(name.capitalize() for name in _SHORT)})\.?)"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4})"


def _month(written: str) -> str:
    return _SHORT[written[:3].lower()]


def _date(match: re.Match[str]) -> str | None:
    day = int(match["day"])
    if not 1 <= day <= 31:
        return None
    said = f"{_month(match['month'])} {ordinal(day)}"
    return f"{said}, {year(int(match['year']))}" if match["year"] else said


def _day_first(match: re.Match[str]) -> str | None:
    day = int(match["day"])
    if not 1 <= day <= 31:
        return None
    said = f"the {ordinal(day)} of {_month(match['month'])}"
    return f"{said}, {year(int(match['year']))}" if match["year"] else said


def _numeric(match: re.Match[str]) -> str | None:
    """2026-11-28, and 11/28/2026 as in the United States; where that cannot be, the day comes first."""
    month, day = int(match["month"]), int(match["day"])
    if month > 12 and match[0].find("/") > 0:
        month, day = day, month
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    said = f"{_MONTHS[month - 1]} {ordinal(day)}, {year(int(match['year']))}"
    return f"{said}, " if match[0].endswith("T") else said


def _month_and_year(match: re.Match[str]) -> str:
    return f"{_month(match['month'])} {year(int(match['year']))}"


def _time(match: re.Match[str]) -> str | None:
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if hour > 24 or minute > 59:
        return None
    half = "" if not match["half"] else f" {match['half'][0].upper()}.M."
    if minute:
        said = f"{cardinal(hour)} {'oh ' if minute < 10 else ''}{cardinal(minute)}"
    elif half:
        said = cardinal(hour)
    else:
        said = f"{cardinal(hour)} o'clock" if 1 <= hour <= 12 else f"{cardinal(hour)} hundred hours"
    seconds = f" and {cardinal(int(match['second']))} seconds" if match["second"] else ""
    zone = "" if not match["zone"] else " UTC" if match["zone"] == "Z" else f" {match['zone']}"
    return f"{said}{seconds}{half}{zone}"


_HALF = r"(?:\s?(?P<half>[AaPp])\.?[Mm]\b\.?)"

_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d{1,9})?)?"
_ZONE = r"(?:\s?(?P<zone>Z|UTC|GMT)\b)?"

CALENDAR = (
    Rule(re.compile(rf"(?<![\w/-]){_YEAR}-(?P<month>\d\d)-(?P<day>\d\d)(?:T(?=\d)|(?![\w/-]))"), _numeric),
    Rule(re.compile(rf"(?<![\w/.])(?P<month>\d{{1,2}})/(?P<day>\d{{1,2}})/{_YEAR}(?![\w/])"), _numeric),
    Rule(re.compile(rf"\b{_MONTH}\s{_DAY}(?:,?\s{_YEAR})?(?![\w:%]|[.,]\d)"), _date),
    Rule(re.compile(rf"(?<![\w.,:/-])(?:the\s)?{_DAY}\s(?:of\s)?{_MONTH}(?:,?\s{_YEAR})?(?!\w)"), _day_first),
    Rule(re.compile(rf"\b{_MONTH}\s{_YEAR}(?!\w)"), _month_and_year),
    Rule(re.compile(r"\b(Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)\.(?=\W)"), lambda match: _DAYS[match[1]]),
    Rule(re.compile(rf"(?<![\w.,:]){_CLOCK}{_HALF}?{_ZONE}(?![\w:])"), _time),
    Rule(re.compile(rf"(?<![\w.,:])(?P<hour>\d{{1,2}})(?P<minute>)(?P<second>){_HALF}{_ZONE}"), _time),
)
"""Applied in this order."""
