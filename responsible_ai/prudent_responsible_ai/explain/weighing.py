"""How much each word of a sentence carries a score: by taking it out, and by leaving it alone.

The weight of a group of words is the mean of what it adds to the log-odds as the last words to come and,
where that is read too, as the first: the two ends of the Shapley value's sum, exact for a score that adds up.
Groups are split where it matters until the budget is spent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from prudent_responsible_ai.explain.scoring import Ledger, log_odds
from prudent_responsible_ai.explain.words import Word, extent, only, without

FEWEST_GROUPS = 5
"""Groups that a sentence is cut into even where the budget is short."""

_FLAT = 1.0
"""Where no group's removal lowers the log-odds by more than this, each says the same: read them alone too."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """Words that were taken out together: what they add to the log-odds, and the score without them."""

    words: tuple[Word, ...]
    weight: float
    score_without: float


@dataclass(frozen=True, slots=True)
class Sentence:
    """Some words of a text that are looked at by themselves. `text` holds them; `base` is its score."""

    text: str
    words: tuple[Word, ...]
    base: float

    @classmethod
    def of(cls, text: str, words: Sequence[Word], base: float) -> Sentence:
        """A stretch of a text, with its words counted in the stretch."""
        offset = words[0].start
        moved = tuple(Word(word.start - offset, word.end - offset) for word in words)
        return cls(extent(text, words), moved, base)


def weigh(sentence: Sentence, ledger: Ledger, share: int) -> list[Weighed]:
    """The sentence's words in groups, the heaviest first, for at most `share` words read.

    Empty where not even FEWEST_GROUPS groups can be read.
    """
    count = len(sentence.words)
    room = min(share, ledger.left)
    groups = min(count, max(FEWEST_GROUPS, room // max(1, count)))
    if count == 0 or groups * count > max(room, 2 * count):
        return []
    begun = ledger.left
    weighed = _weighed(sentence, _cut(sentence.words, groups), ledger)
    if max(one.weight for one in weighed) < _FLAT and ledger.affords(count):
        weighed = _with_alone(sentence, weighed, ledger)
    weighed.sort(key=_heaviest)
    while begun - ledger.left < room and (whole := _worth_splitting(weighed)) is not None:
        pieces = _cut(whole.words, 2 if len(whole.words) > FEWEST_GROUPS else len(whole.words))
        if begun - ledger.left + len(pieces) * count > room:
            break
        weighed.remove(whole)
        weighed += _weighed(sentence, pieces, ledger)
        weighed.sort(key=_heaviest)
    return weighed


def _heaviest(one: Weighed) -> tuple[float, Word]:
    return -one.weight, one.words[0]


def _worth_splitting(weighed: Sequence[Weighed]) -> Weighed | None:
    """The heaviest group of several words."""
    return next((one for one in weighed if len(one.words) > 1 and one.weight > 0), None)


def _cut(words: Sequence[Word], groups: int) -> list[tuple[Word, ...]]:
    """Neighbours in groups whose sizes differ by at most one."""
    bounds = [len(words) * number // groups for number in range(groups + 1)]
    return [tuple(words[first:last]) for first, last in pairwise(bounds) if first < last]


def _weighed(sentence: Sentence, groups: Sequence[tuple[Word, ...]], ledger: Ledger) -> list[Weighed]:
    texts = [without(sentence.text, group) for group in groups]
    words = sum(len(sentence.words) - len(group) for group in groups)
    scores = ledger.score(texts, words)
    base = log_odds(sentence.base)
    return [
        Weighed(group, base - log_odds(score), score) for group, score in zip(groups, scores, strict=True)
    ]


def _with_alone(sentence: Sentence, weighed: Sequence[Weighed], ledger: Ledger) -> list[Weighed]:
    """The mean with what each group is worth alone, above the least of them."""
    texts = [only(sentence.text, one.words) for one in weighed]
    alone = [log_odds(score) for score in ledger.score(texts, len(sentence.words))]
    least = min(alone)
    return [
        Weighed(one.words, (one.weight + score - least) / 2, one.score_without)
        for one, score in zip(weighed, alone, strict=True)
    ]
