"""Finds structured personal data: mail and network addresses, telephone, card, account and identity numbers.

Names and places are not its business. Everything is decided by form, checksum and the words before a value,
so the same text gives the same findings in every language.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from prudent.types.content import Source
from prudent_responsible_ai.check import CheckContext, Finding, Span, Unit, outermost
from prudent_responsible_ai.checks import national_ids, phone_numbers
from prudent_responsible_ai.checks.patterns import NUMBER_END, before, number_starts, occurrences
from prudent_responsible_ai.personal_values import PersonalDataOptions, PersonalValues
from prudent_responsible_ai.setup import CheckSetup
from prudent_responsible_ai.text_view import View

CATEGORY = "pii"

_LETTER = "A-Za-z0-9\u00c0-\u024f"
_EMAIL = re.compile(
    rf"(?<![{_LETTER}._%+\-])[{_LETTER}][{_LETTER}._%+'\-]{{0,63}}@"
    rf"(?:[{_LETTER}][{_LETTER}\-]{{0,62}}\.){{1,6}}(?P<top>xn--[a-z0-9\-]{{2,59}}|[A-Za-z\u00c0-\u024f]{{2,24}})(?![{_LETTER}\-@(])"
)
_SPELLED_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9][A-Za-z0-9._%+\-]{0,63}[\[({](?:at|@)[\])}]"
    r"(?:[A-Za-z0-9][A-Za-z0-9\-]{0,62}(?:[\[({](?:dot|\.)[\])}]|\.)){1,4}(?P<top>[A-Za-z]{2,24})(?![A-Za-z0-9])",
    re.IGNORECASE | re.ASCII,
)
_HAN = "\u3400-\u9fff"
# Top-level domains in other scripts (IANA): Chinese, Russian, Ukrainian, Korean, Thai, Hindi, Arabic.
_OTHER_TOPS = (
    "中国|中國|香港|台湾|台灣|公司|网络|網絡|网址|在线|中文网|新加坡|集团|рф|москва|онлайн|сайт|укр|бел|срб"
    "|бг|한국|닷컴|닷넷|ไทย|คอม|भारत|संगठन|السعودية|مصر|امارات|شبكة"
)
# A mailbox before Han has no beginning that shows: it is taken to be as long as a name.
_OTHER_EMAIL = re.compile(
    rf"(?:[{_HAN}]{{1,4}}|(?<![^\W{_HAN}])(?<![.+\-])[^\W{_HAN}](?:[^\W{_HAN}]|[.+\-]){{0,63}})"
    rf"@(?:\w[\w\-]{{0,62}}\.){{1,4}}"
    rf"(?P<top>{_OTHER_TOPS}|[A-Za-z]{{2,24}}(?![A-Za-z0-9\-@(]))"
)
_NOT_A_MAILBOX = frozenset({"git", "this", "super", "return"})
# What follows an @ in names of images, packages and code, and is no top-level domain.
_NOT_A_TOP = re.compile(
    "png|jpe?g|gif|webp|svg|ico|s?css|[jt]sx?|mjs|pyi?|java|kt|go|rb|rs|[ch]pp|json|ya?ml|toml|xml|html?|md|txt|csv"
    "|log|sh|sql|class|so|dll|exe|zip|tar|gz|whl|local(?:domain)?|internal|service|target"
)
_IPV4 = re.compile(r"(?<![0-9A-Za-z_.\-/])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9A-Za-z_\-]|\.[0-9A-Za-z])")
_IPV6 = re.compile(
    r"(?<![0-9A-Za-z_:.])(?:[0-9A-Fa-f]{1,4}:){2}[0-9A-Fa-f:]{0,34}[0-9A-Fa-f](?![0-9A-Za-z_:])"
)
_MAC = re.compile(
    r"(?<![0-9A-Za-z:\-.])[0-9A-Fa-f]{2}(?P<gap>[:\-])(?:[0-9A-Fa-f]{2}(?P=gap)){4}[0-9A-Fa-f]{2}(?![0-9A-Za-z]|[:\-][0-9A-Fa-f])"
)
_WECHAT = re.compile(
    r"(?:微信|微訊|(?<![a-z])(?:we-?chat|weixin)) ?(?:号码?|號|id|账号|帳號|account)?"
    r" ?[是为為]? ?[:=]? ?[\"'(]?$"
)
_WECHAT_ID = re.compile(r"(?<![0-9A-Za-z_\-])[A-Za-z][A-Za-z0-9_\-]{5,19}(?![0-9A-Za-z_\-@])")
_WECHAT_WORD = re.compile("微信|微訊|wechat|we-chat|weixin", re.IGNORECASE)
_WITHIN_AN_ID = re.compile("[0-9_-]")
_GAPS_OF_A_MAC = 5
_VERSION_WORD = re.compile(
    r"(?:\bv|\bver(?:sion)?|release|build|firmware|driver|update|upgrade|kernel|library|package|tag|section|chapter|§"
    r"|版本|版|固件|驱动|升级到|章节)[\s:=.\"'(]{0,3}$"
)
_NETWORK_WORD = re.compile(
    r"\b(?:ip|ipv4|addr(?:ess)?|host|server|client|from|peer|remote|ping|ssh|dns|gateway|proxy)\b|地址|服务器|主机"
)


_SPELLED_AT = re.compile(r"[\[({](?:at|@)[\])}]", re.IGNORECASE)
_DOTTED = re.compile(r"[0-9]\.[0-9]|[0-9A-Fa-f]:")
_LOWER_IBAN_START = re.compile(r"[a-z]{2}[0-9]{2}[ \-]?[0-9a-z]{4}")
# In groups of digits alone: a text is cut before groups of small letters, which are words.
_LOWER_IBAN = re.compile(
    r"(?<![0-9A-Za-z_.\-/+#\\$@%&])[a-z]{2}[0-9]{2}"
    r"(?:[0-9a-z]{11,30}|(?P<gap>[ \-])[0-9]{4}(?:(?P=gap)[0-9]{4}){1,6}(?:(?P=gap)[0-9]{1,4})?)" + NUMBER_END
)
_BASE58 = re.compile(r"(?<![A-Za-z0-9])[13][1-9A-HJ-NP-Za-km-z]{25}")
_WALLET = re.compile(
    r"(?<![A-Za-z0-9_.\-/+=])(?:0x[0-9a-fA-F]{40}|bc1[0-9a-z]{11,71}|[13][1-9A-HJ-NP-Za-km-z]{25,34})(?![A-Za-z0-9_])"
)


class PersonalDataCheck:
    """Severity 6 for identity and card numbers, 5 for accounts, 4 for contact data, 2 to 3 for what points
    to a machine or a wallet rather than a person."""

    id = "personal_data"
    categories = (CATEGORY,)
    essential = True
    model_hash: str | None = None
    unit = Unit.WORD

    def __init__(self, options: PersonalDataOptions | None = None) -> None:
        self._values = PersonalValues(options)

    @classmethod
    def from_setup(cls, setup: CheckSetup) -> PersonalDataCheck:
        """The check with the policy's options. Raises ConfigurationError: they do not fit."""
        return cls(setup.parsed(PersonalDataOptions))

    def check(self, text: str, context: CheckContext) -> list[Finding]:
        """Return the values in the text, the longest where several forms fit one place."""
        found = [found for view in context.reading.views for found in _in_view(view)]
        if context.source is not Source.ASSISTANT and "@" in text and not text.isascii():
            # They cross scripts, where a streamed text may be cut: of answers they cannot be asked for.
            found += [one for view in context.reading.views for one in _emails(view, _OTHER_EMAIL)]
        found = outermost(found)
        return self._values.treated(found, text)

    def warm_up(self) -> None:
        """Import phonenumbers and python-stdnum with their tables."""
        phone_numbers.warm_up()
        national_ids.warm_up()


def _in_view(view: View) -> Iterator[Finding]:
    new = view.text[view.start :] if view.start else view.text
    if "@" in new or _SPELLED_AT.search(new):
        yield from _emails(view, _EMAIL)
        yield from _emails(view, _SPELLED_EMAIL)
    if "0x" in new or "bc1" in new or _BASE58.search(new):
        for match in occurrences(_WALLET, view):
            if national_ids.is_wallet(match[0]):
                yield _finding(view, *match.span(), "crypto_wallet", 3, "a wallet address")
    if _LOWER_IBAN_START.search(new):
        for match in occurrences(_LOWER_IBAN, view):
            yield from _iban(view, match.start(), match[0].upper())
    starts = number_starts(view)
    for start in starts:
        yield from _identifiers(view, start)
    for start, end in phone_numbers.phone_numbers(view, starts):
        yield _finding(view, start, end, "phone", 4, "a number that its country's plan has")
    if _DOTTED.search(new):
        yield from _network_addresses(view)
    if new.count(":") + new.count("-") >= _GAPS_OF_A_MAC:
        for match in occurrences(_MAC, view):
            yield _finding(view, *match.span(), "mac_address", 2, "the address of a network card")
    if _WECHAT_WORD.search(view.text):
        yield from _wechat_ids(view)


def _finding(view: View, start: int, end: int, label: str, severity: int, reason: str) -> Finding:
    return Finding(CATEGORY, severity, (Span(*view.original(start, end), label),), reason)


def _emails(view: View, pattern: re.Pattern[str]) -> Iterator[Finding]:
    for match in occurrences(pattern, view):
        mailbox = re.split(r"[@\[({]", match[0], maxsplit=1)[0].lower()
        if mailbox not in _NOT_A_MAILBOX and not _NOT_A_TOP.fullmatch(match["top"].lower()):
            yield _finding(view, *match.span(), "email", 4, "the form of a mail address")


def _wechat_ids(view: View) -> Iterator[Finding]:
    """Names of accounts right after the word."""
    for match in occurrences(_WECHAT_ID, view):
        if _WECHAT.search(before(view, match.start(), 24)) and _WITHIN_AN_ID.search(match[0]):
            yield _finding(view, *match.span(), "wechat_id", 4, "a WeChat account, named as one")


def _identifiers(view: View, start: int) -> Iterator[Finding]:
    if not national_ids.may_be_identifier(view.text, start):
        return
    words = before(view, start, 40)
    for kind in national_ids.IDENTIFIERS:
        match = kind.pattern.match(view.text, start)
        if match is None:
            continue
        if kind.words is not None and not kind.words.search(words):
            continue
        if (kind.veto is None or not kind.veto.search(words)) and kind.valid(match[0]):
            yield _finding(view, *match.span(), kind.label, kind.severity, kind.reason)
    for form in national_ids.IBAN_FORMS:
        match = form.match(view.text, start)
        if match is not None:
            yield from _iban(view, start, match[0])


def _iban(view: View, start: int, written: str) -> Iterator[Finding]:
    length = national_ids.iban_length(written)
    if length is not None:
        yield _finding(view, start, start + length, "iban", 5, "an IBAN: form and checksum")


def _network_addresses(view: View) -> Iterator[Finding]:
    for match in (*occurrences(_IPV4, view), *occurrences(_IPV6, view)):
        try:
            address = ipaddress.ip_address(match[0])
        except ValueError:
            continue
        if address.is_global and not _is_version(view, match):
            yield _finding(view, *match.span(), "ip_address", 2, "a public network address")


def _is_version(view: View, match: re.Match[str]) -> bool:
    """Whether four numbers are more likely a version: named as one, or small and not named as an address."""
    words = before(view, match.start(), 40)
    if _VERSION_WORD.search(words):
        return True
    numbers = match[0].split(".")
    return (
        len(numbers) == 4 and all(int(number) < 32 for number in numbers) and not _NETWORK_WORD.search(words)
    )
