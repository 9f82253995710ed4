"""Finds what stands in one list with a value: the other cities of `Berlin, Lisbon and Oslo`. Knows no tool.

Small models call a tool for the first of several things and forget the rest; that a list has more items is a
matter of commas and conjunctions, not of judgement. Items must look alike, so that the rest of a sentence is
not taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST_ITEMS = 6
_MOST_WORDS = 6
"""Words of one item."""
_LONGEST = 200
"""Characters of one item."""
_JOINT = (
    r"(?<!\s)\s*(?:[,，]\s*(?:and|or)\s|\b(?:and|or|versus|vs\.?)\s|[,，、]|以及|还是|或者|[和与跟及或])\s*"
)
_BEFORE = r"(?:(?:the|in|of|for|at|to|from|on)\s)?"
_COMPARES = r"(?i:between|both|compare) "
_ARTICLE = r"(?:an? |the )?"
_MORE = "(?:more|fewer|less) "
_IS_MORE = r"(?:(?:more|less) )?\w+"
_NO_THINGS = ("not", "no", "so", "more", "less", "fewer", "in", "at", "on", "of", "for", "from", "to", "the")
_SMALL = re.compile(r"[a-z][a-z-]*(?: [a-z][a-z-]*){0,2}")
_THE = r"(?:(?:in|of|at|for|from|on|to) )?(?:(?:the|an?|my|our|your|his|her|their) )"
_LIST = (
    rf"{_THE}{_SMALL.pattern}?(?:, (?:and |or )?{_THE}{_SMALL.pattern}?)*,? (?:and|or|versus|vs\.?) {_THE}"
    rf"(?:{_SMALL.pattern}(?=[.?!,;:]|$)|[a-z][a-z-]*(?: [a-z][a-z-]*){{{{{{same}}}}}})"
).replace("{0,2}", "{{0,2}}")
"""Things with an article each; the last one ends with the sentence, or is of as many words as another one."""
_AFTER_A_COLON = re.compile(
    r":\s*([a-z][a-z -]*(?:,\s*(?:(?:and|or) )?[a-z][a-z -]*|\s(?:and|or) [a-z][a-z -]*)+)[.?!]*\s*$"
)
_NO_THING = re.compile(r"\b(?:of|it|its|them|that|which|is|are|was|were|has|have)\b")
_WHEN = re.compile(
    r"\s(?:right now|now|today|tomorrow|currently|at the moment|together|in total)(?=[.?!,;:]|$)"
)
_BETWEEN_ITEMS = re.compile(r",\s*(?:(?:and|or) )?|\s+(?:and|or|versus|vs\.?)\s+")
_CHINESE = re.compile(r"[\u3400-\u9fff]{2,4}")
_CHINESE_DEGREES = re.compile(r"(?:更|比较|要)?(?:便宜|暖和|[多少贵高低暖冷热大小重轻长短])(?=还是)")
"""Words of a comparison between its two sides: `桌子多还是椅子多`."""
_ALL = re.compile(
    r"\b(?:all|every|each)\b|\b(?:which|what)\b.*\b(?:most|least|\w{2,}est)\b|所有|全部|每[个间张]|哪.*最|最.*[是的]哪",
    re.IGNORECASE,
)
"""Words for all of the choices there are: to name the largest, each must be looked at."""
_WORD_SIGN = r"[^\W\u3400-\u9fff]"
_JOINING_CHARACTER = "和与跟及或以还"


def siblings(value: str, text: str) -> list[str]:
    """The items of the list in a text that has the value in it, that one left out, in order."""
    if len(value) > _LONGEST:
        return []
    item = _item(value)
    if item is None:
        return _listed(value, text) or _compared(value, text)
    text = _CHINESE_DEGREES.sub("", text)
    for found in re.finditer(f"{item}(?:{_JOINT}{_BEFORE}{item})+", text):
        items = re.findall(rf"(?:^|{_JOINT}{_BEFORE})({item})", found[0])
        if value in items and len(items) <= MOST_ITEMS:
            return [one for one in dict.fromkeys(items) if one != value]
    return _beyond(re.escape(value), item, value, text)


def _beyond(own: str, other: str, value: str, text: str) -> list[str]:
    """What stands on the other side of a `than`: `Is it warmer in Graz than in Oslo?`"""
    between = rf"(?:\s[^.,;?!]{{0,60}})? than {_BEFORE}{_ARTICLE}"
    patterns = (
        rf"{own}{between}({other})(?!\w)",
        rf"(?<!\w)({other}){between}{own}(?!\w)",
        rf"{own}比({other})",
        rf"(?<!{_WORD_SIGN})({other})比{own}",
    )
    return _other(patterns, value, text)


def _listed(value: str, text: str) -> list[str]:
    """The other things of a list in small letters: `the attic and the kitchen`, `: a, b and c`."""
    own = value.casefold()
    if not _SMALL.fullmatch(own):
        return []
    text, same = _WHEN.sub("", text), len(own.split()) - 1
    lists = [found[1] for found in _AFTER_A_COLON.finditer(text)]
    lists += [found[0] for found in re.finditer(_LIST.format(same=same), text)]
    for listed in lists:
        items = [re.sub(rf"^{_THE}", "", one.strip()) for one in _BETWEEN_ITEMS.split(listed)]
        things = all(_SMALL.fullmatch(one) and not _NO_THING.search(one) for one in items)
        if own in items and len(items) <= MOST_ITEMS and things:
            return [one for one in dict.fromkeys(items) if one != own]
    return []


def _compared(value: str, text: str) -> list[str]:
    """What a text compares something in small letters with: `between an oak table and a pine chair`."""
    words = value.split()
    if not all(re.fullmatch(r"[a-z]{2,}", word) for word in words) or not 0 < len(words) <= _MOST_WORDS:
        return []
    own, other = r"\s".join(words), r"\s".join([r"[a-z]{2,}"] * len(words))
    patterns = (
        rf"\b{_COMPARES}{_ARTICLE}{own} (?:and|with|to) {_ARTICLE}({other})\b",
        rf"\b{_COMPARES}{_ARTICLE}({other}) (?:and|with|to) {_ARTICLE}{own}\b",
        rf"\b{own} (?:or|versus) {_ARTICLE}({other})\b",
        rf"\b({other}) (?:or|versus) {_ARTICLE}{own}\b",
        rf"\b{_MORE}{own} than {_ARTICLE}({other})\b",
        rf"\b{_MORE}({other}) than {_ARTICLE}{own}\b",
        rf"\b{own} {_IS_MORE} than {_ARTICLE}({other})\b",
        rf"\b({other}) {_IS_MORE} than {_ARTICLE}{own}\b",
    )
    return _other(patterns, value, text)


def _other(patterns: Sequence[str], value: str, text: str) -> list[str]:
    """What the first of the patterns that finds anything else than the value finds."""
    found = (one[1] for pattern in patterns for one in [re.search(pattern, text)] if one is not None)
    return [one for one in found if one not in (value, *_NO_THINGS)][:1]


def speaks_of_all(text: str) -> bool:
    """Whether a text is about all the choices there are."""
    return _ALL.search(text) is not None


def first_item(value: str) -> str:
    """The first item where a value is a list of things that look alike; else the value."""
    first = re.split(_JOINT, value, maxsplit=1)[0].strip()
    return first if first and first != value and siblings(first, value) else value


def other_options(value: str, options: Sequence[str], text: str) -> list[str]:
    """The other options that a text names as they are written; all where it says `all` and names none."""
    named = [one for one in options if re.search(rf"(?<!\w){re.escape(one)}(?:e?s)?(?!\w)", text, re.I)]
    return [one for one in (named or (options if _ALL.search(text) else ())) if one != value]


def _item(value: str) -> str | None:
    """What an item that looks like this one is, as a pattern; None where a list of such cannot be told."""
    if _CHINESE.fullmatch(value):
        return rf"(?:(?![{_JOINING_CHARACTER}])[\u3400-\u9fff]){{{len(value)}}}"
    words = value.split()
    if not words or len(words) > _MOST_WORDS or not value.isascii():
        return None
    if all(re.fullmatch(r"[A-Z][\w'-]*", word) for word in words):
        return r"\s".join([rf"(?<!{_WORD_SIGN})(?<!['-])[A-Z](?:{_WORD_SIGN}|['-])*+"] * len(words))
    if len(words) == 1 and re.fullmatch(r"#?[A-Za-z]*\d[\w-]*", value):
        return rf"(?<!{_WORD_SIGN})(?<!-)#?[A-Za-z]*+\d(?:{_WORD_SIGN}|-)*+"
    return None
