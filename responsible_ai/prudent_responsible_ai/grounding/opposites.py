"""Words that turn a sentence round: negations, restrictions and pairs of opposites, English and Chinese."""

from __future__ import annotations

import re

from prudent_responsible_ai.grounding.words import stem_of

_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|without|cannot|fail(?:s|ed)?|refused|denied)\b"
    r"|n't\b|n ' t\b|[不没未非无](?!过|久|少|仅|断)",
    re.IGNORECASE,
)
_RESTRICTION = re.compile(
    r"\b(?:only|exclusively|solely|entirely|always|every|all|incapable|unable|yet to|most|least|any)\b"
    r"|只|仅|全部|所有|一直|从来|完全",
    re.IGNORECASE,
)
_PAIRS = (
    "more less|higher lower|high low|large small|big small|larger smaller|biggest smallest|largest "
    "smallest|most least|before after|first last|early late|earlier later|old new|older younger|"
    "increase decrease|increased decreased|rise fall|rose fell|grow shrink|up down|win lose|won lost|"
    "success failure|successful unsuccessful|male female|man woman|men women|boy girl|brother sister|"
    "father mother|son daughter|husband wife|actor actress|king queen|north south|east west|northern "
    "southern|eastern western|begin end|began ended|start stop|started stopped|open closed|opened "
    "closed|alive dead|born died|living deceased|same different|similar different|possible impossible|"
    "legal illegal|allowed banned|accept reject|accepted rejected|support oppose|public private|rich "
    "poor|hot cold|warm cold|true false|true fictional|fiction nonfiction|real fictional|above below|"
    "over under|positive negative|major minor|maximum minimum|married unmarried|married divorced|"
    "married single|love hate|best worst|good bad|better worse|popular unpopular|known unknown|"
    "dependent independent|include exclude|included excluded|import export|buy sell|bought sold|arrive "
    "leave|join leave|joined left|remain leave|remained left|always never|all none|everyone nobody|"
    "many few|long short|longer shorter|fast slow|strong weak|heavy light|day night|summer winter|"
    "comedy drama|comedy tragedy|film song|album film|single album|book film|novel film|professional "
    "amateur|solo group|animated live|urban rural|domestic foreign|native foreign|left right|rural "
    "urban|active inactive|active retired|增加 减少|上升 下降|增长 下降|提高 降低|高于 低于|大于 小于|"
    "多于 少于|超过 不足|最大 最小|最高 最低|最多 最少|之前 之后|以前 以后|开始 结束|成立 解散|成功 "
    "失败|男性 女性|父亲 母亲|儿子 女儿|丈夫 妻子|哥哥 弟弟|北部 南部|东部 西部|合法 非法|允许 禁止|"
    "支持 反对|公立 私立|出生 逝世|进口 出口|加入 退出|扩大 缩小|延长 缩短|盈利 亏损"
)


def _table() -> frozenset[frozenset[str]]:
    pairs = (pair.split() for pair in _PAIRS.split("|"))
    return frozenset(frozenset(map(stem_of, pair)) for pair in pairs)


_OPPOSITES = _table()


def are_opposites(stem: str, other: str) -> bool:
    """Whether two words, cut to their stems, are opposites."""
    return frozenset((stem, other)) in _OPPOSITES


def negations(text: str) -> bool:
    """Whether the text is turned round: an odd number of negations."""
    return len(_NEGATION.findall(text)) % 2 == 1


def restrictions(text: str) -> int:
    """Words such as `only` and `all`, which claim more than the same sentence without them."""
    return len(_RESTRICTION.findall(text))
