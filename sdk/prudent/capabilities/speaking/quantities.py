"""Numbers, money, units and percentages in a text, as they are said in English. Knows no dates."""

from __future__ import annotations

import re

from prudent.capabilities.speaking.numbers import cardinal, digits, ordinal, year
from prudent.capabilities.speaking.rules import Rule

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_SCALES = {
    "k": "thousand",
    "m": "million",
    "mn": "million",
    "bn": "billion",
    "b": "billion",
    "tn": "trillion",
}
_SCALE_WORDS = "thousand|million|billion|trillion"
_CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "US$": ("U.S. dollar", "U.S. dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "sen", "sen"),
    "₹": ("rupee", "rupees", "paisa", "paise"),
    "USD": ("U.S. dollar", "U.S. dollars", "cent", "cents"),
    "EUR": ("euro", "euros", "cent", "cents"),
    "GBP": ("pound", "pounds", "penny", "pence"),
}
_UNITS = {
    "km/h": ("kilometer per hour", "kilometers per hour"),
    "kph": ("kilometer per hour", "kilometers per hour"),
    "mph": ("mile per hour", "miles per hour"),
    "m/s": ("meter per second", "meters per second"),
    "km": ("kilometer", "kilometers"),
    "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"),
    "nm": ("nanometer", "nanometers"),
    "m": ("meter", "meters"),
    "m²": ("square meter", "square meters"),
    "km²": ("square kilometer", "square kilometers"),
    "m³": ("cubic meter", "cubic meters"),
    "ft": ("foot", "feet"),
    "in": ("inch", "inches"),
    "mi": ("mile", "miles"),
    "yd": ("yard", "yards"),
    "kg": ("kilogram", "kilograms"),
    "mg": ("milligram", "milligrams"),
    "g": ("gram", "grams"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "l": ("liter", "liters"),
    "L": ("liter", "liters"),
    "ml": ("milliliter", "milliliters"),
    "mL": ("milliliter", "milliliters"),
    "s": ("second", "seconds"),
    "ms": ("millisecond", "milliseconds"),
    "min": ("minute", "minutes"),
    "h": ("hour", "hours"),
    "hr": ("hour", "hours"),
    "hrs": ("hour", "hours"),
    "Hz": ("hertz", "hertz"),
    "kHz": ("kilohertz", "kilohertz"),
    "MHz": ("megahertz", "megahertz"),
    "GHz": ("gigahertz", "gigahertz"),
    "kB": ("kilobyte", "kilobytes"),
    "KB": ("kilobyte", "kilobytes"),
    "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"),
    "TB": ("terabyte", "terabytes"),
    "W": ("watt", "watts"),
    "kW": ("kilowatt", "kilowatts"),
    "MW": ("megawatt", "megawatts"),
    "kWh": ("kilowatt hour", "kilowatt hours"),
    "V": ("volt", "volts"),
    "A": ("amp", "amps"),
    "°C": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "°": ("degree", "degrees"),
    "%": ("percent", "percent"),
    "x": ("times", "times"),
}
_FRACTIONS = {"2": ("half", "halves"), "4": ("quarter", "quarters")}
_LONGEST_CARDINAL = 15
_YEAR_DIGITS, _FIRST_YEAR, _LAST_YEAR = 4, 1100, 2099
"""A bare number of these is said as a year."""

_BARE_DIGITS = 7
"""A longer row of digits without commas is an account or a code, and said digit by digit."""


def number(written: str) -> str:
    """A number with or without commas and a fraction: three point one four."""
    whole, point, fraction = written.replace(",", "").partition(".")
    said = cardinal(int(whole)) if len(whole) <= _LONGEST_CARDINAL else digits(whole)
    return f"{said} point {digits(fraction)}" if point else said


def _names(keys: dict[str, tuple[str, ...]]) -> str:
    return "|".join(re.escape(key) for key in sorted(keys, key=len, reverse=True))


def _money(match: re.Match[str]) -> str:
    one, many, small_one, small_many = _CURRENCIES[match["currency"]]
    amount = match["amount"].replace(",", "")
    whole, _, fraction = amount.partition(".")
    if scale := match["scale"]:
        return f"{number(amount)} {_SCALES.get(scale.lower(), scale.lower())} {many}"
    if len(fraction) != 2:
        return f"{number(amount)} {one if amount == '1' else many}"
    said = f"{number(whole)} {one if int(whole) == 1 else many}"
    small = int(fraction)
    if small == 0:
        return said
    cents = f"{cardinal(small)} {small_one if small == 1 else small_many}"
    return cents if int(whole) == 0 else f"{said} and {cents}"


def _unit(match: re.Match[str]) -> str:
    one, many = _UNITS[match["unit"]]
    return f"{number(match['amount'])} {one if match['amount'] == '1' else many}"


def _fraction(match: re.Match[str]) -> str | None:
    above, below = int(match[2]), int(match[3])
    if not 0 < above < below or below > 100:
        return None
    one, many = _FRACTIONS.get(match[3], (ordinal(below), f"{ordinal(below)}s"))
    said = f"{cardinal(above) if above > 1 else 'one'} {one if above == 1 else many}"
    return f"{cardinal(int(match[1]))} and {said}" if match[1] else said


def _plain(match: re.Match[str]) -> str:
    before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
    return f"{' ' * before.isalnum()}{_bare(match[0])}{' ' * after.isalnum()}"


def _bare(written: str) -> str:
    if written.isdigit():
        if len(written) > _BARE_DIGITS or (len(written) > 1 and written[0] == "0"):
            return digits(written)
        if len(written) == _YEAR_DIGITS and _FIRST_YEAR <= int(written) <= _LAST_YEAR:
            return year(int(written))
    return number(written)


def _place(match: re.Match[str]) -> str:
    return ordinal(int(match[1].replace(",", "")))


def _range(match: re.Match[str]) -> str:
    return f"{match[1]} to {match[2]}"


def _version(match: re.Match[str]) -> str:
    said = " point ".join(cardinal(int(part)) for part in match[0].lstrip("vV").split("."))
    return f"version {said}" if match[0][0] in "vV" else said


_CURRENCY, _UNIT = _names(_CURRENCIES), _names(_UNITS)
_SCALE = rf"(?:\s?(?P<scale>{_SCALE_WORDS}|bn|mn|tn|[kKMB])\b)?"


def _decade(number: int) -> str:
    said = year(number) if number > 100 else cardinal(number)
    return f"{said[:-1]}ies" if said.endswith("y") else f"{said}s"


QUANTITIES = (
    Rule(re.compile(r"(?<![\w.,)\]])[-−](?=[$£€¥]?\d)"), lambda _: "minus "),
    Rule(re.compile(rf"(?<!\w)(?P<currency>{_CURRENCY})\s?(?P<amount>{_NUMBER}){_SCALE}"), _money),
    Rule(re.compile(rf"(?<![\w.,])(?P<amount>{_NUMBER}){_SCALE}\s?(?P<currency>{_CURRENCY})(?!\w)"), _money),
    Rule(re.compile(r"(?<![\w.,/-])(\d{1,6})\s?[–—-]\s?(\d{1,6})(?![\w/-]|[.,]\d)"), _range),
    Rule(re.compile(r"(?<![\w.,])([12]\d\d0|[2-9]0)s\b"), lambda match: _decade(int(match[1]))),
    Rule(re.compile(r"(?<![\w.])[vV]?\d{1,6}(?:\.\d{1,6}){2,5}(?![\w.]*\w)"), _version),
    Rule(
        re.compile(rf"(?<![\w.,])(?P<amount>{_NUMBER})(?:\s?|-)(?P<unit>{_names(_UNITS)})(?![\w/²³'\"])"),
        _unit,
    ),
    Rule(re.compile(r"(?<![\w.,/])(?:(\d{1,4})\s)?(\d{1,2})[/⁄](\d{1,3})(?![\w/]|[.,]\d)"), _fraction),
    Rule(re.compile(r"(?<![\w.,])(\d{1,3}(?:,\d{3})+|\d{1,9})(?:st|nd|rd|th)\b"), _place),
    Rule(re.compile(r"(?<=\d):(?=\d)"), lambda _: " to "),
    Rule(re.compile(_NUMBER), _plain),
)
"""Applied in this order: what is more than a number first."""
