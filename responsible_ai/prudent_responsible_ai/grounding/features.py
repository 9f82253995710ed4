"""Cheap signs of support: how much of a claim the documents say, and what in it differs from them.

Every sign is a number of known meaning; what they weigh is fitted elsewhere. It knows no model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from prudent_responsible_ai.grounding.facts import Fact, conflicting, facts, stated
from prudent_responsible_ai.grounding.opposites import are_opposites, negations, restrictions
from prudent_responsible_ai.grounding.passages import Documents, Passage
from prudent_responsible_ai.grounding.words import Word, is_grammar, telling, words

PASSAGES = 3
"""Passages that a claim is held against."""

CLAIM_SIGNS = (
    "share_in_best",
    "share_in_three",
    "share_in_all",
    "share_in_all_or_question",
    "share_of_pairs",
    "verbatim",
    "words",
    "missing_names",
    "missing_numbers",
    "conflicting_facts",
    "negation_differs",
    "restriction_added",
    "opposites",
    "replaced",
    "replaced_name",
    "out_of_order",
    "first_person",
    "missing_words",
)


@dataclass(frozen=True)
class Evidence:
    """A claim, the passages that are nearest to it (the best first), and what they have in common."""

    claim: str
    question: str
    passages: tuple[Passage, ...]
    share: float
    signs: tuple[float, ...]
    unmatched: tuple[Fact, ...]
    conflicts: tuple[Fact, ...]

    @property
    def context(self) -> str:
        """The passages as one text, in the order of the document."""
        ordered = sorted(self.passages, key=lambda one: (one.part, one.start))
        return " ".join(passage.text.strip() for passage in ordered)


def claim_evidence(claim: str, question: str, documents: Documents) -> Evidence:
    """The signs of CLAIM_SIGNS for a sentence that says something by itself."""
    every = words(claim)
    said = telling(every)
    near = documents.nearest(said, PASSAGES)
    passages = tuple(passage for _, passage in near)
    best = near[0][0] if near else 0.0
    known = [fact for passage in passages for fact in passage.facts]
    context = " ".join(passage.text for passage in passages)
    asked = {word.stem for word in telling(words(question))}
    claimed = facts(claim)
    unmatched = tuple(fact for fact in claimed if not stated(fact, known, context))
    conflicts = tuple(fact for fact in unmatched if fact.kind != "name" and conflicting(fact, known))
    in_three = {stem for passage in passages for stem in passage.stems}
    first = passages[0] if passages else None
    replaced, replaced_names = _replaced(every, first)
    signs = (
        best,
        _share(said, documents, in_three.__contains__),
        _share(said, documents, documents.holds),
        _share(said, documents, lambda stem: documents.holds(stem) or stem in asked),
        _pairs(every, passages),
        float(_squeezed(claim) in _squeezed(context)),
        math.log(1 + len(said)),
        min(2.0, sum(fact.kind == "name" for fact in unmatched)),
        min(2.0, sum(fact.kind != "name" for fact in unmatched)),
        min(2.0, len(conflicts)),
        float(first is not None and negations(claim) != negations(first.text)),
        float(max(0, restrictions(claim) - restrictions(context))),
        float(first is not None and _opposed(said, first)),
        min(3.0, replaced),
        min(2.0, replaced_names),
        _disorder(said, first),
        min(3.0, sum(word.stem in ("i", "my", "you", "your", "me", "we") for word in every)),
        min(8.0, sum(not documents.holds(stem) for stem in {word.stem for word in said})),
    )
    return Evidence(claim, question, passages, best, signs, unmatched, conflicts)


def _share(said: Sequence[Word], documents: Documents, holds: Callable[[str], bool]) -> float:
    weights = {stem: documents.weight(stem) for stem in {word.stem for word in said}}
    whole = sum(weights.values())
    return sum(weight for stem, weight in weights.items() if holds(stem)) / whole if whole else 1.0


def _pairs(every: Sequence[Word], passages: Sequence[Passage]) -> float:
    """Share of the claim's pairs of neighbouring words that stand so in a passage."""
    wanted = {(a.stem, b.stem) for a, b in pairwise(every)}
    there = {(a.stem, b.stem) for passage in passages for a, b in pairwise(passage.words)}
    return len(wanted & there) / len(wanted) if wanted else 0.0


def _opposed(said: Sequence[Word], passage: Passage) -> bool:
    own = {word.stem for word in said}
    return any(
        stem not in passage.stems
        and any(other not in own and are_opposites(stem, other) for other in passage.stems)
        for stem in own
    )


def _replaced(every: Sequence[Word], passage: Passage | None) -> tuple[int, int]:
    """Words between two that stand in the passage just so apart, with another word in their place."""
    if passage is None:
        return 0, 0
    places: dict[str, list[int]] = {}
    for index, word in enumerate(passage.words):
        places.setdefault(word.stem, []).append(index)
    count = names = 0
    for before, word, after in zip(every, every[1:], every[2:], strict=False):
        if is_grammar(word.stem) or word.stem in passage.stems:
            continue
        ends = places.get(after.stem, [])
        for start in places.get(before.stem, []):
            other = next((passage.words[end - 1] for end in ends if end == start + 2), None)
            if other is not None and not is_grammar(other.stem):
                count += 1
                names += word.capital or word.number
                break
    return count, names


def _disorder(said: Sequence[Word], passage: Passage | None) -> float:
    """Share of neighbouring shared words that stand the other way round in the passage."""
    if passage is None:
        return 0.0
    places: dict[str, int] = {}
    for index, word in enumerate(passage.words):
        places.setdefault(word.stem, index)
    shared = [places[word.stem] for word in said if word.stem in places]
    steps = list(pairwise(shared))
    return sum(b < a for a, b in steps) / len(steps) if steps else 0.0


def _squeezed(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())
