"""What a `format` of JSON Schema demands, as patterns and bounds that can be enforced. Data, no code.

Strings of a format here are all valid; where the standard allows more than anybody writes (leap seconds,
quoted mailboxes, addresses in domain names), that more is not produced. The formats of numbers and `byte`
are OpenAPI's.
"""

from __future__ import annotations

from typing import Final

_ALNUM = "[A-Za-z0-9]"
_ALNUM_OR_HYPHEN = "[A-Za-z0-9-]"

# Up to 63 characters, with no hyphen at the ends nor at both the third and the fourth place, which is how
# an encoded international label begins (RFC 5891, 4.2.3.1).
_LABEL = (
    f"(?:{_ALNUM}{{1,2}}|{_ALNUM}{_ALNUM_OR_HYPHEN}{{1,2}}{_ALNUM}|{_ALNUM}{_ALNUM_OR_HYPHEN}"
    f"(?:{_ALNUM}{_ALNUM_OR_HYPHEN}|-{_ALNUM}){_ALNUM_OR_HYPHEN}{{0,58}}{_ALNUM})"
)

# RFC 3339 with the Gregorian leap years.
_LEAP_YEAR = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
_DATE = (
    "(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    f"|{_LEAP_YEAR}-02-29)"
)
_TIME = (
    r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)

PATTERNS: Final[dict[str, str]] = {
    "date": f"^{_DATE}$",
    "time": f"^{_TIME}$",
    "date-time": f"^{_DATE}T{_TIME}$",
    "hostname": rf"^{_LABEL}(?:\.{_LABEL})*$",
    "json-pointer": "^(?:/(?:[^~/]|~[01])*)*$",
    "byte": "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
}
"""Formats of strings that are enforced by a pattern."""

LONGEST: Final[dict[str, int]] = {"hostname": 253}
"""The most characters that a string of a format has, where the pattern does not say."""

BUILT_IN: Final[frozenset[str]] = frozenset({"duration", "email", "ipv4", "ipv6", "uuid", "uri"})
"""Formats of strings that llguidance enforces itself."""

BOUNDS: Final[dict[str, tuple[int, int]]] = {
    "int8": (-(2**7), 2**7 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63) + 2**11, 2**63 - 2**11),  # what llguidance can tell apart, which counts in doubles
    "uint8": (0, 2**8 - 1),
    "uint16": (0, 2**16 - 1),
    "uint32": (0, 2**32 - 1),
}
"""The least and the largest value of a number of a format."""

UNBOUNDED: Final[frozenset[str]] = frozenset({"float", "double", "password", "binary"})
"""Formats that exclude no JSON value."""
