"""Whether passages say what was asked, and whether an answer is theirs. Asks no model, knows no run.

A model of half a billion parameters answers from memory where its documents are silent: of 40 such questions
it said so at one. Asked whether a text answers a question it cannot tell either (its shares for yes overlap
wholly). What tells is how near the nearest sentence is to the question and how much of what the question
names stands in its passage.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from prudent_agents.running.hollow import hollow
from prudent_agents.values import JSON
from prudent_responsible_ai.languages import language_of

_ORDER = "[INDIRECT_ATTACK_"
"""What the checks leave in the place of an order to the model."""
_NAMED_WEIGHT = 0.05
"""Of the share of the question's words in the passage, in units of cosine."""


@dataclass(frozen=True, slots=True)
class _Marks:
    """From where on passages are taken to say it (`said`), and to say it in so many words (`sure`).

    Sure is also what is said in a sentence that has all words of the question.
    """

    said: float
    sure: float


_MARKS = {"en": _Marks(0.858, 0.935), "zh": _Marks(0.905, 0.955)}
"""By language, for cosines of multilingual-e5-small. Chosen on 62 questions to documents written for it, and
on 105 of XQuAD's and CMRC 2018's train rows, as they are and with their passage taken away."""
_ENOUGH_WORDS = 2
"""Telling words of a question from which on a sentence that has them all says it."""
_ALIKE = 0.02
"""Cosines that are as good as the same."""
_NOT_SAID = {"en": "The documents do not say.", "zh": "资料里没有提到。"}
_TAKEN_OUT = {
    "en": "The checks took out what the documents may say of it.",
    "zh": "相关内容可能在文档里，但被安全检查移除了。",
}
_NEAREST = {
    "en": "The documents do not say it in so many words. The nearest: {quoted}",
    "zh": "资料里没有这样明说。最接近的是：{quoted}",
}
_HAN = re.compile(r"[\u3400-\u9fff]+")
_WORD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_\u3400-\u9fff]+|[\u3400-\u9fff]+")
_DIGITS = re.compile(r"\d+")
_STEM = 5
"""Letters of a word that count: `approves` is `approved`."""
_SMALL_WORDS = (
    "a an the of in on at to for from by with and or is are was were be been do does did can could may might"
    " must should will would shall have has had i you he she it we they my your his her its our their this"
    " that these those there here what which who whom whose when where why how many much long often far old"
    " if than then so as not no any some all each per about into out up down please tell me name get"
    " need needs come comes go goes take takes give gives use used make made"
)
_KIND_WORDS = "hour hours time times day days date number amount place person people kind type way"
_SMALL = frozenset(_SMALL_WORDS.split())
_KINDS = frozenset(_KIND_WORDS.split())
"""Words for the kind of thing that is asked for: `14:00 to 18:00` are hours."""
_SMALL_HAN = re.compile(
    r"什么时候|什么|多少|哪里|哪个|哪儿|哪一|哪天|哪些|哪|谁|几点|几|怎么样|怎么|如何|为什么|是否|有没有|吗|呢"
    r"|是|的|了|在|有|叫|和|与|跟|多久|多|请问|可以|能|一个|个|被|把|到|里|由|所|为|它|其|不|要|会|应该|应"
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the passages have for a question: the nearest sentence, of the passage with this number.

    `said` is None where it cannot be told: in languages that it was not measured on, or without cosines.
    """

    said: bool | None
    sure: bool = False
    sentence: str = ""
    number: int = 0
    taken_out: bool = False
    """Whether the checks took the nearest passage out."""
    passages: tuple[dict[str, Any], ...] = ()

    def narrowed(self) -> list[dict[str, Any]]:
        """The passages whose nearest sentence is about as near as the nearest of all."""
        near = [(_similarity(one), one) for one in _honest(self.passages) if one.get("nearest")]
        best = max((similarity for similarity, _ in near), default=0.0)
        return [one for similarity, one in near if similarity > best - _ALIKE] or list(self.passages)

    @property
    def quoted(self) -> str:
        """The nearest sentence, with the number of its passage."""
        return f"{self.sentence} [{self.number}]"


def evidence(question: str, passages: Iterable[Mapping[str, Any]]) -> Evidence:
    """What passages, as `knowledge.search` gives them, have for a question."""
    found = tuple(dict(one) for one in passages)
    whole = [one for one in found if not hollow(one["text"])]
    near = [one for one in _honest(whole) if one.get("nearest")]
    language = language_of(question)
    if language not in _MARKS or (whole and not near):
        return Evidence(None, passages=found)
    marks = _MARKS[language]
    gone = max((_similarity(one) for one in found if one not in whole and one.get("nearest")), default=0.0)
    taken_out = gone > marks.said - _NAMED_WEIGHT
    best = max(near, key=_similarity, default=None)
    if best is None:
        return Evidence(False, taken_out=taken_out, passages=found)
    text = str(best["text"])
    if language_of(text) != language:
        return Evidence(None, passages=found)
    score = _similarity(best) + _NAMED_WEIGHT * named(question, text)
    sentence, words = _sentence(best), _telling(question)
    all_named = len(words) >= _ENOUGH_WORDS and _held(words, sentence) == len(words)
    said = score >= marks.said
    if not said and taken_out and gone > _similarity(best):
        return Evidence(False, taken_out=True, passages=found)
    sure = score >= marks.sure or (said and all_named)
    return Evidence(said, sure, sentence, int(best["number"]), passages=found)


def not_said(question: str, nearest: str = "", *, taken_out: bool = False) -> str:
    """What is told where the documents do not say it, in the language of the question."""
    language = "zh" if _HAN.search(question) else "en"
    if taken_out:
        return _TAKEN_OUT[language]
    return _NEAREST[language].format(quoted=nearest) if nearest else _NOT_SAID[language]


def borne_out(answer: str, question: str, texts: Iterable[str], nearest: str = "") -> bool:
    """Whether an answer says something, and with words of one of the texts.

    Words of the question are as good where the answer has numbers that all stand in what is `nearest`. Else
    numbers are not looked at: how they may be written otherwise is known elsewhere.
    """
    said, asked = answer.strip(" .?!。？！\n"), question.strip(" .?!。？！\n")
    if not said or said.casefold() in asked.casefold():
        return False
    words = {word for word in _telling(said) if not word[0].isdigit()} - {one[:_STEM] for one in _KINDS}
    counts = set(_DIGITS.findall(said))
    beside = words - _telling(asked) if counts and counts <= set(_DIGITS.findall(nearest)) else words
    return any(_held(beside or words, text) == len(beside or words) for text in texts)


def _honest(passages: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """The passages that no order was taken out of, where there are any: the others are somebody's bait."""
    return [one for one in passages if _ORDER not in str(one["text"])] or passages


def passages_of(data: JSON) -> list[dict[str, Any]]:
    """The passages of a knowledge base in a result; empty where there is anything else in it."""
    items = cast("list[Any]", data) if isinstance(data, list) else []
    passages = [
        cast("dict[str, Any]", one)
        for one in items
        if isinstance(one, dict) and {"number", "text", "document", "start", "end"} <= one.keys()
    ]
    return passages if len(passages) == len(items) else []


def _similarity(passage: Mapping[str, Any]) -> float:
    return float(passage["nearest"]["similarity"])


def _sentence(passage: Mapping[str, Any]) -> str:
    """The nearest sentence; the whole passage where the checks took something out of it."""
    text, first = str(passage["text"]), int(passage["start"])
    if len(text) != int(passage["end"]) - first:
        return " ".join(text.split())
    return " ".join(
        text[int(passage["nearest"]["start"]) - first : int(passage["nearest"]["end"]) - first].split()
    )


def named(question: str, text: str) -> float:
    """The share (0-1) of the telling words of a question that stand in a text; 1 where it has none."""
    words = _telling(question)
    return _held(words, text) / len(words) if words else 1.0


def _held(words: set[str], text: str) -> int:
    folded = text.casefold()
    there = _telling(folded)
    return sum(word in there or (bool(_HAN.match(word)) and word in folded) for word in words)


def _telling(text: str) -> set[str]:
    """The beginnings of the words that tell something; of Chinese pairs of signs, or a single one."""
    found: set[str] = set()
    for word in _WORD.findall(text.casefold()):
        if _HAN.match(word):
            for run in filter(None, _SMALL_HAN.split(word)):
                found |= {run[at : at + 2] for at in range(max(1, len(run) - 1))}
        elif word not in _SMALL and (len(word) > 1 or word.isdigit()):
            found.add(word if word[0].isdigit() else word[:_STEM])
    return found
