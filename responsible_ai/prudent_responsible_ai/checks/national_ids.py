"""Identifiers that states and banks give to people, as data: form, checksum, words needed beside them.

Checksums are python-stdnum's; this is the only module that imports it. A weak checksum (one digit in ten
numbers passes) or none asks for a word such as `passport` before the value; a strong one stands alone.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from prudent_responsible_ai.checks.patterns import NUMBER_END


@dataclass(frozen=True, slots=True)
class Identifier:
    """One kind of identifier, matched where a number can begin.

    `words` must stand before the value; `veto` must not. `valid` sees the value.
    """

    label: str
    severity: int
    pattern: re.Pattern[str]
    valid: Callable[[str], bool]
    reason: str
    words: re.Pattern[str] | None = None
    veto: re.Pattern[str] | None = None


def _pattern(body: str) -> re.Pattern[str]:
    return re.compile(body + NUMBER_END)


def _words(*words: str) -> re.Pattern[str]:
    """One of the words, to be found shortly before the value, on its line."""
    return re.compile("|".join(words))


def _always(_value: str) -> bool:
    return True


def _compact(value: str) -> str:
    return re.sub(r"[ \-.]", "", value)


def _luhn_card(value: str) -> bool:
    from stdnum import luhn

    digits = _compact(value)
    return _ISSUER.fullmatch(digits) is not None and len(set(digits)) > 1 and luhn.is_valid(digits)


def _iban(value: str) -> bool:
    from stdnum import iban

    return iban.is_valid(value, check_country=False)


def _us_ssn(value: str) -> bool:
    from stdnum.us import ssn

    digits = _compact(value)
    return ssn.is_valid(f"{digits[:3]}-{digits[3:5]}-{digits[5:]}")


def _resident_id(value: str) -> bool:
    """Province, date of birth and check digit: codes of districts change, so they are not looked up."""
    from stdnum.iso7064 import mod_11_2

    number = _compact(value).upper()
    try:
        datetime.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return number[:2] in _PROVINCES and mod_11_2.is_valid(number)


def _company(value: str) -> bool:
    from stdnum.cn import uscc

    return uscc.is_valid(value)


def _nhs(value: str) -> bool:
    from stdnum.gb import nhs

    return nhs.is_valid(value)


def _cpf(value: str) -> bool:
    from stdnum.br import cpf

    return cpf.is_valid(value)


def _dni(value: str) -> bool:
    from stdnum.es import dni, nie

    return dni.is_valid(value) or nie.is_valid(value)


def _account(value: str) -> bool:
    """Long enough, and not a card number with a wrong check digit."""
    digits = _compact(value)
    return len(digits) >= 8 and (_ISSUER.fullmatch(digits) is None or _luhn_card(value))


def _luhn(value: str) -> bool:
    from stdnum import luhn

    digits = _compact(value)
    return len(set(digits)) > 1 and luhn.is_valid(digits)


def _nir(value: str) -> bool:
    from stdnum.fr import nir

    return nir.is_valid(value)


def _codice_fiscale(value: str) -> bool:
    from stdnum.it import codicefiscale

    return codicefiscale.is_valid(value)


def _steuer_id(value: str) -> bool:
    from stdnum.de import idnr

    return idnr.is_valid(value)


def _bsn(value: str) -> bool:
    from stdnum.nl import bsn

    return bsn.is_valid(value)


def _pesel(value: str) -> bool:
    from stdnum.pl import pesel

    return pesel.is_valid(value)


def _rrn(value: str) -> bool:
    from stdnum.kr import rrn

    return rrn.is_valid(value)


def _aadhaar(value: str) -> bool:
    from stdnum.in_ import aadhaar

    return aadhaar.is_valid(_compact(value))


def _bitcoin(value: str) -> bool:
    from stdnum import bitcoin

    return bitcoin.is_valid(value)


_PROVINCES = frozenset(
    f"{tens}{ones}"
    for tens, all_ones in (
        *((1, "12345"), (2, "123"), (3, "1234567"), (4, "123456"), (5, "01234"), (6, "12345"), (7, "1")),
        (8, "123"),
    )
    for ones in all_ones
)
"""The first two digits of identity numbers of China."""

# Ranges that issuers have: Visa, Mastercard, American Express, Discover, UnionPay, JCB, Diners, Maestro.
_ISSUER = re.compile(
    r"4[0-9]{12}(?:[0-9]{3})?(?:[0-9]{3})?|5[1-5][0-9]{14}|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}"
    r"|3[47][0-9]{13}|6(?:011|5[0-9]{2}|4[4-9][0-9])[0-9]{12}|62[0-9]{14,17}|35(?:2[89]|[3-8][0-9])[0-9]{12}"
    r"|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800)[0-9]{11}|(?:5018|5020|5038|6304|6759|676[1-3])[0-9]{8,15}"
)
_NOT_A_CARD = re.compile(
    r"(?:order|ticket|invoice|tracking|serial|sku|isbn|ean|upc|uid|pid|request|trace|span|commit|hash|seed|id|imei"
    r"|订单|订单号|单号|编号|流水号|序列号|快递|运单)[\s:=#\"'(\[.]{0,3}$"
)
_CARD_REASON = "a card number: issuer range and Luhn checksum"

IDENTIFIERS: tuple[Identifier, ...] = (
    *(
        Identifier("payment_card", 6, _pattern(body), _luhn_card, _CARD_REASON, veto=_NOT_A_CARD)
        for body in (
            r"[1-6][0-9]{12,18}",
            r"[2-6][0-9]{3}(?P<gap>[ .\-])[0-9]{4}(?P=gap)[0-9]{4}(?P=gap)[0-9]{4}",
            r"[2-6][0-9]{3}(?P<gap>[ .\-])[0-9]{4}(?P=gap)[0-9]{4}(?P=gap)[0-9]{4}(?P=gap)[0-9]{1,3}",
            r"62[0-9]{4}(?P<gap>[ .\-])[0-9]{13}",
            r"3[0-9]{3}(?P<gap>[ .\-])[0-9]{6}(?P=gap)[0-9]{4,5}",
        )
    ),
    Identifier(
        "payment_card",
        6,
        _pattern(r"[0-9]{12,19}"),
        _luhn,
        "a card number: Luhn checksum, named as one",
        words=_words(r"\bcards?\b", r"\bcc\b", r"\bkarten?", r"\bkredit", r"\btarjeta", r"\bcarte\b", "卡"),
        veto=_NOT_A_CARD,
    ),
    Identifier(
        "us_ssn", 6, _pattern(r"[0-9]{3}-[0-9]{2}-[0-9]{4}"), _us_ssn, "a US social security number by form"
    ),
    Identifier(
        "us_ssn",
        6,
        _pattern(r"[0-9]{3} ?[0-9]{2} ?[0-9]{4}"),
        _us_ssn,
        "a US social security number, named as one",
        words=_words(r"\bssn\b", "social security"),
    ),
    Identifier(
        "cn_resident_id",
        6,
        _pattern(
            r"[1-9][0-9]{5}(?P<gap>[ \-]?)(?:19|20)[0-9]{2}(?P=gap)[0-9]{2}(?P=gap)?[0-9]{2}(?P=gap)"
            r"[0-9]{3}[0-9Xx]"
        ),
        _resident_id,
        "a Chinese resident identity number: place, date and checksum",
    ),
    Identifier(
        "cn_resident_id",
        6,
        _pattern(r"[1-9][0-9]{5}[ \-]?(?:19|20)[0-9]{6}[ \-]?[0-9]{3}[0-9Xx]"),
        _resident_id,
        "a Chinese resident identity number: place, date and checksum",
    ),
    Identifier(
        "uk_national_insurance",
        6,
        _pattern(r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]"),
        _always,
        "a UK national insurance number, named as one",
        words=_words("national insurance", r"\bnino\b", r"\bni (?:no|num)"),
    ),
    Identifier(
        "uk_nhs_number",
        6,
        _pattern(r"[0-9]{3}[ \-]?[0-9]{3}[ \-]?[0-9]{4}"),
        _nhs,
        "an NHS number: checksum, named as one",
        words=_words(r"\bnhs\b"),
    ),
    Identifier(
        "br_cpf", 6, _pattern(r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}"), _cpf, "a CPF: form and checksum"
    ),
    Identifier(
        "br_cpf", 6, _pattern(r"[0-9]{11}"), _cpf, "a CPF: checksum, named as one", words=_words(r"\bcpf\b")
    ),
    Identifier(
        "es_dni",
        6,
        _pattern(r"(?:[0-9]{8}-?[A-Z]|[XYZ]-?[0-9]{7}-?[A-Z])"),
        _dni,
        "a DNI or NIE: checksum, named as one",
        words=_words(r"\bdni\b", r"\bnie\b", r"\bnif\b"),
    ),
    Identifier(
        "national_id",
        6,
        _pattern(r"[0-9]{3}-[0-9]{2}-[0-9]{4}"),
        _always,
        "an identity number, named as one",
        words=_words(
            r"\bdni\b",
            r"\bnie\b",
            r"\bnif\b",
            r"\bcurp\b",
            "c[eé]dula",
            r"national id",
            "identity (?:card|number)",
        ),
    ),
    Identifier(
        "fr_nir",
        6,
        _pattern(r"[12] ?[0-9]{2} ?[0-9]{2} ?(?:[0-9]{2}|2[AB]) ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}"),
        _nir,
        "a French social security number: checksum, named as one",
        words=_words("sécurité sociale", r"\bnir\b", "insee"),
    ),
    Identifier(
        "it_fiscal_code",
        6,
        _pattern(r"[A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z]"),
        _codice_fiscale,
        "a codice fiscale: form and checksum",
    ),
    Identifier(
        "de_tax_id",
        6,
        _pattern(r"[1-9][0-9](?: ?[0-9]{3}){3}"),
        _steuer_id,
        "a German tax id: checksum, named as one",
        words=_words("steuer", "idnr", "tax id"),
    ),
    Identifier(
        "nl_bsn",
        6,
        _pattern(r"[0-9]{9}"),
        _bsn,
        "a BSN: checksum, named as one",
        words=_words(r"\bbsn\b", "burgerservice"),
    ),
    Identifier(
        "pl_pesel",
        6,
        _pattern(r"[0-9]{11}"),
        _pesel,
        "a PESEL: checksum, named as one",
        words=_words("pesel"),
    ),
    Identifier(
        "kr_rrn", 6, _pattern(r"[0-9]{6}-[1-8][0-9]{6}"), _rrn, "a Korean resident number: date and checksum"
    ),
    Identifier(
        "in_aadhaar",
        6,
        _pattern(r"[2-9][0-9]{3} ?[0-9]{4} ?[0-9]{4}"),
        _aadhaar,
        "an Aadhaar number: checksum, named as one",
        words=_words("aadhaar", "aadhar", "uidai"),
    ),
    Identifier(
        "passport",
        6,
        _pattern(r"(?:[A-Z]{1,2}[0-9]{6,8}|[0-9]{8,9})"),
        _always,
        "a passport number, named as one",
        words=_words("passport", "护照", "護照", "reisepass", "passeport", "pasaporte", "パスポート", "旅券"),
    ),
    Identifier(
        "driving_licence",
        5,
        _pattern(r"(?=[A-Z]{0,6}[0-9]{6})[A-Z0-9]{7,18}"),
        _always,
        "a driving licence number, named as one",
        words=_words(r"driv(?:er'?s|ing) licen[cs]e", "驾驶证", "驾照", "führerschein", "permis de conduire"),
    ),
    Identifier(
        "company_id",
        2,
        _pattern(r"[159][1239][0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}"),
        _company,
        "a Chinese company's number: form and checksum",
    ),
    Identifier(
        "qq_number",
        4,
        _pattern(r"[1-9][0-9]{5,10}"),
        _always,
        "a QQ number, named as one",
        words=re.compile(r"(?<![a-z])qq ?(?:号码?|號碼?|是|为|number|no\.?|id)?[是为為]?[\s:=\"'(]{0,3}$"),
    ),
    Identifier(
        "bank_account",
        5,
        _pattern(r"[0-9]{4}(?:[ \-]?[0-9]{2,4}){1,5}"),
        _account,
        "an account number, named as one",
        words=re.compile(
            "(?:(?:bank|checking|savings) account|account (?:no|num)|kontonummer"
            "|银行卡号|银行账号|银行账户|银行卡|卡号)[^0-9]{0,16}$"
        ),
    ),
)

IBAN_FORMS = (
    re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}" + NUMBER_END),
    re.compile(
        r"[A-Z]{2}[0-9]{2}(?P<gap>[ \-])[A-Z0-9]{4}(?:(?P=gap)[A-Z0-9]{4}){1,6}"
        r"(?:(?P=gap)[A-Z0-9]{1,4})?(?![A-Za-z0-9])"
    ),
)
"""Forms of an IBAN; in groups, words may follow that look like one more group."""


_SOME_FORM = re.compile(
    "|".join(
        pattern.pattern.replace("gap", f"gap{number}")
        for number, pattern in enumerate((*(kind.pattern for kind in IDENTIFIERS), *IBAN_FORMS))
    )
)


def may_be_identifier(text: str, start: int) -> bool:
    """Whether any form fits at a place: one look instead of one for each form."""
    return _SOME_FORM.match(text, start) is not None


def iban_length(text: str) -> int | None:
    """Return how many characters from the start are an IBAN; None where none is."""
    length = _iban_characters(text[:2])
    if length is None:
        return None
    end = 0
    for end, character in enumerate(text, start=1):  # noqa: B007 - the value after the loop is used
        length -= character.isalnum()
        if length == 0:
            break
    return end if length == 0 and _iban(text[:end]) else None


@cache
def _iban_characters(country: str) -> int | None:
    """How long the IBANs of a country are; None where it has none."""
    from stdnum import numdb

    known = numdb.get("iban").info(country)[0][1].get("bban")
    return 4 + sum(map(int, re.findall("[0-9]+", known))) if known else None


def is_wallet(address: str) -> bool:
    """Whether a Bitcoin address has its checksum; of an Ethereum address the form is all there is to see."""
    return address.startswith("0x") or _bitcoin(address)


def warm_up() -> None:
    """Import python-stdnum with the tables that it reads at first use."""
    for identifier in IDENTIFIERS:
        identifier.valid("123456789012345678")
    _iban("GB82WEST12345698765432")
    _resident_id("110101199003074514")
