"""Signs that a short answer is the documents' answer to its question, and not another thing they say.

The answer `1998` says nothing by itself: what counts is whether it stands where the question's words stand,
and whether it is of the kind that is asked for. It knows no model.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from prudent_responsible_ai.grounding.facts import facts
from prudent_responsible_ai.grounding.features import PASSAGES, Evidence
from prudent_responsible_ai.grounding.passages import Documents, Passage
from prudent_responsible_ai.grounding.words import Word, telling, words

ANSWER_SIGNS = (
    "verbatim",
    "share_in_all",
    "near_question",
    "near_question_of_best",
    "question_in_passage",
    "passage_is_best",
    "repeats_question",
    "kind_fits",
    "kind_differs",
    "words",
    "missing_facts",
)

_REACH = 12
"""Words of the question count less the further they stand from the answer: exp(-words / _REACH)."""
_SEARCHED = 16
_PLACES = 24
"""Places of an answer within a passage that are looked at."""
_KINDS = (
    (
        "date",
        r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|century|decade)"
        r"|哪一?年|何时|什么时[候间]|几[年月日]|哪一?天|时间",
    ),
    ("number", r"\bhow (?:many|much|old|long|far|tall|big|often)\b|多少|几[个人名位次条座所]|多[大长高远久]"),
    (
        "name",
        r"\bwho(?:m|se)?\b|\bwhere\b|\bwhich (?:city|country|person|team)|谁|哪[里儿位国]|何处|什么地方",
    ),
)


def answer_evidence(answer: str, question: str, documents: Documents) -> Evidence:
    """The signs of ANSWER_SIGNS for an answer that is to be read with its question."""
    said = telling(words(answer)) or words(answer)
    asked = [word for word in telling(words(question)) if word.stem not in {one.stem for one in said}]
    # The passages that tell most of the question and hold the answer stand for the answer.
    near = documents.nearest([*asked, *said], _SEARCHED)
    wanted = _squeezed(answer)
    holding = [passage for _, passage in near if wanted and wanted in _squeezed(passage.text)]
    weights = {word.stem: documents.weight(word.stem) for word in asked}
    whole = sum(weights.values()) or 1.0
    of_question = [(_share(passage, weights) / whole, passage) for _, passage in near]
    best = max((share for share, _ in of_question), default=0.0)
    closest, place = max(
        (
            (_closeness(passage, said, weights) / whole, passage)
            for passage in holding or [one for _, one in near]
        ),
        key=lambda one: one[0],
        default=(0.0, None),
    )
    peak = max((_peak(passage, weights) / whole for _, passage in near), default=0.0)
    own = _share(place, weights) / whole if place else 0.0
    kind, claimed = _asked_for(question), {fact.kind for fact in facts(answer)}
    kinds = {"number", "percent", "date"} if kind == "number" else {kind}
    stems = {word.stem for word in said}
    in_question = {word.stem for word in words(question)}
    context = {fact.kind for passage in holding for fact in passage.facts}
    missing = [fact for fact in facts(answer) if fact.kind != "name" and fact.kind not in context]
    signs = (
        float(bool(holding)),
        sum(documents.holds(stem) for stem in stems) / max(1, len(stems)),
        closest,
        closest / peak if peak else 0.0,
        own,
        own / best if best else 0.0,
        len(stems & in_question) / max(1, len(stems)),
        float(bool(kind) and bool(claimed & kinds)),
        float(bool(kind) and not claimed & kinds),
        math.log(1 + len(said)),
        float(len(missing)),
    )
    ranked = ([place] if place else []) + [passage for _, passage in near if passage is not place]
    return Evidence(answer, question, tuple(ranked[:PASSAGES]), own, signs, tuple(missing), ())


def _asked_for(question: str) -> str:
    return next((kind for kind, pattern in _KINDS if re.search(pattern, question, re.IGNORECASE)), "")


def _share(passage: Passage, weights: dict[str, float]) -> float:
    return sum(weight for stem, weight in weights.items() if stem in passage.stems)


def _closeness(passage: Passage, said: Sequence[Word], weights: dict[str, float]) -> float:
    """The weight of the question's words around the best place of the answer, less with distance."""
    wanted = {word.stem for word in said}
    places = [index for index, word in enumerate(passage.words) if word.stem in wanted]
    return _most(passage, places, weights)


def _peak(passage: Passage, weights: dict[str, float]) -> float:
    """The most that one of the question's words has around it."""
    return _most(
        passage, [index for index, word in enumerate(passage.words) if word.stem in weights], weights
    )


def _most(passage: Passage, places: Sequence[int], weights: dict[str, float]) -> float:
    asked: dict[str, list[int]] = {}
    for index, word in enumerate(passage.words):
        if word.stem in weights:
            asked.setdefault(word.stem, []).append(index)
    return max(
        (
            sum(
                weights[stem] * math.exp(-min(abs(index - place) for index in indices) / _REACH)
                for stem, indices in asked.items()
            )
            for place in places[:_PLACES]
        ),
        default=0.0,
    )


def _squeezed(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())
