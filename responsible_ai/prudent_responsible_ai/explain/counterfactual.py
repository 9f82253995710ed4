"""The fewest words without which a sentence scores below a threshold, proved by scoring it without them.

Greedy with pruning: the heaviest words go first, twice as many each time, until the score is low enough, then
each is put back that turns out not to be needed. For a score that adds up in log-odds that is the smallest
set there is.
"""

from __future__ import annotations

from collections.abc import Sequence

from prudent_responsible_ai.explain.scoring import Ledger
from prudent_responsible_ai.explain.weighing import Sentence, Weighed
from prudent_responsible_ai.explain.words import Word, without


def smallest_removal(
    sentence: Sentence, weighed: Sequence[Weighed], threshold: float, ledger: Ledger, most: int
) -> tuple[Word, ...] | None:
    """At most `most` words of the sentence without which it scores below the threshold; None: not found.

    `weighed` has the heaviest first.
    """
    alone = [one for one in weighed if one.score_without < threshold and len(one.words) <= most]
    fewest = min(alone, key=lambda one: (len(one.words), one.score_without), default=None)
    if fewest is not None and len(fewest.words) == 1:
        return fewest.words
    together = _heaviest_first(sentence, weighed, threshold, ledger, most)
    candidates = [each for each in (None if fewest is None else fewest.words, together) if each is not None]
    if not candidates:
        return None
    return _pruned(sentence, min(candidates, key=len), weighed, threshold, ledger)


def _heaviest_first(
    sentence: Sentence, weighed: Sequence[Weighed], threshold: float, ledger: Ledger, most: int
) -> tuple[Word, ...] | None:
    """The heaviest groups without which the score is low enough: 1, 2, 4 ... of them, as many as fit."""
    fitting: list[tuple[Word, ...]] = []
    for one in weighed:
        removed = (*(fitting[-1] if fitting else ()), *one.words)
        if one.weight < 0 or len(removed) > most:
            break
        fitting.append(removed)
    tried = 0
    while tried < len(fitting):
        tried = min(max(1, 2 * tried), len(fitting))
        score = _score_without(sentence, fitting[tried - 1], ledger)
        if score is None:
            return None
        if score < threshold:
            return fitting[tried - 1]
    return None


def _pruned(
    sentence: Sentence,
    removed: tuple[Word, ...],
    weighed: Sequence[Weighed],
    threshold: float,
    ledger: Ledger,
) -> tuple[Word, ...]:
    """Put back what need not go: whole groups first, the lightest before the others, then single words."""
    groups = [one.words for one in reversed(weighed) if set(one.words) <= set(removed)]
    singles = [(word,) for group in groups for word in group if len(group) > 1]
    for group in [*groups, *singles]:
        fewer = tuple(word for word in removed if word not in group)
        if not fewer or len(fewer) == len(removed):
            continue
        score = _score_without(sentence, fewer, ledger)
        if score is None:
            break
        if score < threshold:
            removed = fewer
    return tuple(sorted(removed))


def _score_without(sentence: Sentence, removed: Sequence[Word], ledger: Ledger) -> float | None:
    words = len(sentence.words) - len(removed)
    if not ledger.affords(words):
        return None
    return ledger.score([without(sentence.text, removed)], words)[0]
