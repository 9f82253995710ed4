"""Whether a condition in words holds, by what was read: yes, no, or it cannot be told. Asks no model.

A comparison with a number is done exactly. Else a field says yes or no by its name, or a short text has a
word of the condition. Models of half a billion parameters say yes to almost everything, so none is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from prudent_agents.grounding.comparatives import LESS, MORE
from prudent_agents.grounding.facts import numbers
from prudent_agents.grounding.measured import alike, is_number, leaves, measured, words
from prudent_agents.grounding.scripts import IDEOGRAPHS
from prudent_agents.rules import OPERATORS
from prudent_agents.values import JSON

_MOST_WORDS = 4
"""A longer text tells a story, and a word of it says little."""
_COMPARED = tuple(
    (op, re.compile(pattern, re.IGNORECASE))
    for op, pattern in (
        (
            ">=",
            r"\bat least\b|\bor (?:more|higher|above)\b|\bno (?:less|fewer) than\b|至少|不少于|不低于|或以上",
        ),
        (
            "<=",
            r"\bat most\b|\bor (?:less|fewer|lower|below)\b|\b(?:no|not) more than\b|至多|最多|不超过|不高于",
        ),
        (
            "<",
            rf"\b(?:below|under)\b|\b(?:{LESS}) than\b"
            r"|低于|少于|小于|不足|不到",
        ),
        (
            ">",
            rf"\b(?:above|over|exceeds?)\b|\b(?:{MORE}) than\b|高于|多于|大于|超过",
        ),
        ("==", r"\b(?:exactly|equals?)\b|\bis \d|等于|正好"),
    )
)
_NOT = re.compile(r"\bno(?:t|ne|thing)?\b|n't\b|\bout of\b|\bwithout\b|[不没无未]", re.IGNORECASE)
_GONE = re.compile(
    r"\b(?:sold out|out of stock|used up|run out|all gone|none left|empty)\b|售罄|卖完|卖光|没货|缺货|用完",
    re.IGNORECASE,
)
_THERE = re.compile(r"\b(?:in stock|available|left)\b|有货|还有", re.IGNORECASE)
"""Words that compare a number with nought."""
_ASKS_WHETHER = re.compile(
    r"\s*(?:and |so )?(?:is|are|was|were|does|do|did|has|have|can|will)\b(?!.*\bor\b)"
    r"|(?!.*[哪谁几比]|.*(?:什么|多少|还是)).*(?:吗|有没有|是否|是不是|能不能)",
    re.IGNORECASE,
)
_AFTER_A_QUESTION = re.compile(r"(?<=[?？])")
_EITHER_WAY = re.compile(r"([有是能])[没不]\1")
_THERE_IS = re.compile(
    r"\s*(?P<verb>is|are|was|were) there (?:any |some |enough |an? )?(?P<rest>.+)", re.IGNORECASE
)
_TURNED = (
    r"\s*(?P<verb>is|are|was|were|does|do|did|has|have|can|will)"
    r" (?P<subject>(?:(?:the|my|our|your|his|her|their) )?@) (?P<rest>.+)"
)
"""A question about `@`."""
_YES = re.compile(r"\s*yes\b|\s*(?![不没否无未])[\u3400-\u9fff]", re.IGNORECASE)
_NO = re.compile(r"\s*no\b|\s*[不没否无未]|[^，。,]{0,20}?(?:没有|不[在能可是会行])", re.IGNORECASE)
_SEVERAL = re.compile(r"\b(?:and|or)\b|并且|而且|或者|以及|且|或", re.IGNORECASE)


def _comparison(condition: str) -> tuple[str, float] | None:
    """What a number must be: the condition compares with one number, and says how."""
    said = dict.fromkeys(numbers(condition))
    if not said and (gone := _GONE.search(condition) or _THERE.search(condition)):
        negated = bool(_NOT.search(condition.replace(gone[0], "")))
        return "==" if bool(_GONE.search(condition)) is not negated else ">", 0.0
    op, match = _compared(condition)
    if len(said) != 1 or match is None or _NOT.search(condition.replace(match[0], "")):
        return None
    return op, float(next(iter(said)))


def _compared(condition: str) -> tuple[str, re.Match[str] | None]:
    """How a condition compares, and the words that say so; None: it does not."""
    found = ((op, pattern.search(condition)) for op, pattern in _COMPARED)
    return next(((op, match) for op, match in found if match is not None), ("", None))


def told(condition: str, data: JSON, named: Sequence[JSON] = ()) -> bool | None:
    """Whether a condition holds, by what was read; None where that cannot be told.

    Of several conditions at once, and of a comparison that is denied, nothing is told. A comparison is of the
    one number that was read, or of the one whose field the condition speaks of. Else
    a field says yes or no, or a short text has a word of the condition. `named`: what was asked about, whose
    words tell nothing.
    """
    for name in named:
        condition = condition.replace(name, " ") if isinstance(name, str) and name.strip() else condition
    _, compared = _compared(condition)
    if _SEVERAL.search(condition.replace(compared[0], "") if compared else condition):
        return None
    about = words(condition) - {word for one in named if isinstance(one, str) for word in words(one)}
    read = list(leaves(data))
    comparison = _comparison(condition)
    if comparison is None and compared is not None:
        return None
    if comparison is not None and (comparison[1] or any(is_number(one) for _, one in read)):
        op, wanted = comparison
        value = measured(data, about)
        return None if value is None else OPERATORS[op](value, wanted)
    said = {
        found
        for key, one in read
        if one not in named and (found := _said(key, one, about, condition)) is not None
    }
    return next(iter(said)) is not bool(_NOT.search(condition)) if len(said) == 1 else None


def asks_yes_or_no(text: str) -> bool:
    """Whether a text begins with a question that yes or no answers."""
    return _ASKS_WHETHER.match(_AFTER_A_QUESTION.split(text, maxsplit=1)[0]) is not None


def whether(question: str, data: JSON, named: Sequence[JSON] = ()) -> bool | None:
    """The answer to a question for yes or no, by what was read; None: it is no such question, or not told."""
    if not asks_yes_or_no(question):
        return None
    question = _AFTER_A_QUESTION.split(question, maxsplit=1)[0]
    return told(_EITHER_WAY.sub(r"\1", question), data, named)


def statement(condition: str, named: Sequence[JSON] = (), *, holds: bool) -> str:
    """A condition or a question for yes or no as a sentence that says what is so: `Emma is not available.`"""
    condition = condition.strip(" ?？.。")
    if IDEOGRAPHS.search(condition):
        return f"{condition}：{'是' if holds else '否'}。"
    if found := _THERE_IS.fullmatch(condition):
        return f"There {found['verb'].lower()} {'' if holds else 'no '}{found['rest']}."
    for name in named:
        who = re.escape(str(name)) + r"(?:['’]s \w+|s|es)?"
        if found := re.fullmatch(_TURNED.replace("@", who), condition, re.IGNORECASE):
            verb = found["verb"].lower() if holds else f"{found['verb'].lower()} not"
            subject = found["subject"]
            return f"{subject[:1].upper()}{subject[1:]} {verb} {found['rest']}."
    return f"{condition[:1].upper()}{condition[1:]}{'' if holds else ': no'}."


def agrees(answer: str, *, yes: bool) -> bool:
    """Whether an answer in words begins as one does that says yes, or no."""
    said_no = _NO.match(answer) is not None
    return (_YES.match(answer) is not None and not said_no) if yes else said_no


def _said(key: str, value: JSON, about: AbstractSet[str], condition: str) -> bool | None:
    """What one field says: yes, no, or nothing."""
    if isinstance(value, bool):
        return value if alike(words(key), about) else None
    if not isinstance(value, str) or len(value.split()) > _MOST_WORDS:
        return None
    own = words(value)
    inside = bool(IDEOGRAPHS.search(value)) and value in condition
    return not _NOT.search(value) if inside or alike(own, about) else None
