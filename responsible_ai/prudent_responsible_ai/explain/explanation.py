"""Which words of a text carry its score, and what it would have scored without them: measured, not guessed.

Erasure is the measure (a word matters as far as the score falls without it), because additive contributions
of contextual states rank words badly (rank correlation 0.18 with leave-one-out). Long texts first by
sentence, then by word in the sentences that are flagged alone. Deterministic. Knows no check and no model.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from prudent_responsible_ai.explain.counterfactual import smallest_removal
from prudent_responsible_ai.explain.scoring import SWIFT, Effort, Ledger, Score
from prudent_responsible_ai.explain.weighing import Sentence, Weighed, weigh
from prudent_responsible_ai.explain.words import Word, extent, only, sentences_of, without, words_of

LEAST_WEIGHT = 0.1
"""Words of less weight, relative to the heaviest, are not named unless the counterfactual needs them."""

LARGEST_SHARE = 0.5
"""Where more of a text's words than this would have to go, no small set of words explains its score."""

MOST_WORDS = 24
"""Words that an explanation names; the heaviest come first when there are more."""


@dataclass(frozen=True, slots=True)
class WordWeight:
    """Characters [start, end) of the text, and what they carry: 0-1, the heaviest has 1.

    `decisive` says that they belong to the counterfactual: without all decisive words the text passes.
    """

    start: int
    end: int
    weight: float
    decisive: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a text has its score. Probabilities, 0-1.

    `without` is the score of the text without its decisive words, below `threshold`; None where no small set
    of words was found, or the text is too long to prove it. `only` is the score of those words alone.
    `without_random` is the mean score without as many others, drawn at random, of the sentences that they are
    from, and `within` the score of these. `texts` were scored.
    """

    score: float
    threshold: float
    words: tuple[WordWeight, ...] = ()
    without: float | None = None
    only: float | None = None
    without_random: float | None = None
    within: float | None = None
    texts: int = 0

    @property
    def decisive(self) -> tuple[WordWeight, ...]:
        """The words of the counterfactual."""
        return tuple(word for word in self.words if word.decisive)

    @property
    def comprehensiveness(self) -> float | None:
        """By how much the score falls without the words (DeYoung et al. 2020, ERASER)."""
        return None if self.without is None else self.score - self.without

    @property
    def sufficiency(self) -> float | None:
        """By how much the score falls when nothing but the words is left; small is good (ERASER)."""
        return None if self.only is None else self.score - self.only

    @property
    def fidelity(self) -> float | None:
        """How much more the score falls without these words than without as many others: 0 chance, 1 all."""
        if self.without is None or self.without_random is None:
            return None
        return min(1.0, max(0.0, self.without_random - self.without))


def explain(
    text: str,
    score: Score,
    threshold: float,
    *,
    known: float | None = None,
    within: Sequence[tuple[int, int]] = (),
    effort: Effort = SWIFT,
    cuts: Collection[int] = (),
) -> Explanation:
    """Explain the score of a text.

    `known` is its score where it has been computed; `within` are the stretches that the search is to look at,
    everywhere where there are none; `cuts` are those of `words_of`. At most about `effort.search` words are
    read to find the words, and the text itself once more to prove them.
    """
    words = words_of(text, cuts)
    ledger = Ledger(score, effort.search)
    if known is None:
        known = score([text])[0]
    if known < threshold or not words:
        return Explanation(known, threshold)
    looked_at = [word for word in words if _lies(word, within)] if within else words
    parts = _decisive_sentences(text, looked_at, known, threshold, ledger, whole=len(looked_at) == len(words))
    most = max(1, int(len(words) * LARGEST_SHARE))
    found = [_look_into(part, threshold, ledger, len(parts), most) for part in parts]
    removed = _proved(text, words, parts, found, threshold, score, effort)
    named = _named(found, [] if removed is None else removed[0])
    decisive = [Word(word.start, word.end) for word in named if word.decisive]
    beside = _beside_random(text, found, decisive, ledger, effort) if removed else (None, None)
    return Explanation(
        score=known,
        threshold=threshold,
        words=named,
        without=removed[1] if removed else None,
        only=score([only(text, decisive)])[0] if decisive else None,
        without_random=beside[0],
        within=beside[1],
        texts=ledger.texts,
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """Some words of the text that are flagged by themselves; `offset` is where they begin in the text."""

    sentence: Sentence
    offset: int

    @property
    def words(self) -> list[Word]:
        """Counted in the text."""
        return self.placed(self.sentence.words)

    def placed(self, words: Sequence[Word]) -> list[Word]:
        """Words of the sentence, counted in the text."""
        return [Word(word.start + self.offset, word.end + self.offset) for word in words]


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found in a part: weights of its words, and what must go. Counted in the text."""

    part: _Part
    weighed: Sequence[Weighed]
    removed: Sequence[Word] | None


def _lies(word: Word, stretches: Sequence[tuple[int, int]]) -> bool:
    return any(start <= word.start and word.end <= end for start, end in stretches)


def _decisive_sentences(
    text: str, words: Sequence[Word], known: float, threshold: float, ledger: Ledger, *, whole: bool
) -> list[_Part]:
    """The sentences that are flagged alone, the highest first; else the highest with its neighbours."""
    sentences = sentences_of(text, words)
    if not sentences or not ledger.affords(len(words)):
        return []
    if len(sentences) == 1 and whole:
        return [_Part(Sentence(text, tuple(words), known), 0)]
    scores = ledger.score([extent(text, sentence) for sentence in sentences], len(words))
    ranked = sorted(range(len(sentences)), key=lambda index: (-scores[index], index))
    flagged = [index for index in ranked if scores[index] >= threshold]
    if flagged:
        return [_part(text, sentences[index], scores[index]) for index in flagged]
    return _grown(text, sentences, ranked, threshold, ledger)


def _grown(
    text: str, sentences: Sequence[list[Word]], ranked: Sequence[int], threshold: float, ledger: Ledger
) -> list[_Part]:
    """The highest sentence with its neighbours, as many as it takes to be flagged: none is so alone."""
    first = last = ranked[0]
    while first > 0 or last + 1 < len(sentences):
        first, last = max(0, first - 1), min(len(sentences) - 1, last + 1)
        words = [word for sentence in sentences[first : last + 1] for word in sentence]
        if not ledger.affords(len(words)):
            return []
        score = ledger.score([extent(text, words)], len(words))[0]
        if score >= threshold:
            return [_part(text, words, score)]
    return []


def _part(text: str, words: Sequence[Word], score: float) -> _Part:
    return _Part(Sentence.of(text, words, score), words[0].start)


def _look_into(part: _Part, threshold: float, ledger: Ledger, parts: int, most: int) -> _Found:
    """Weigh the words of a part, one of `parts`, and find which of them must go."""
    weighed = weigh(part.sentence, ledger, ledger.left // parts * 2 // 3)
    removed = smallest_removal(part.sentence, weighed, threshold, ledger, most) if weighed else None
    return _Found(part, weighed, None if removed is None else part.placed(removed))


def _proved(
    text: str,
    words: Sequence[Word],
    parts: Sequence[_Part],
    found: Sequence[_Found],
    threshold: float,
    score: Score,
    effort: Effort,
) -> tuple[list[Word], float] | None:
    """Words whose removal takes the whole text below the threshold, with its score then.

    Where single words are not enough, whole sentences go. None where that would leave hardly anything.
    """
    if not found or len(words) > effort.proof:
        return None
    fine = [word for one in found for word in (one.removed or one.part.words)]
    coarse = [word for part in parts for word in part.words]
    for removed in (fine, coarse):
        if len(removed) > max(1, int(len(words) * LARGEST_SHARE)):
            continue
        scored = score([without(text, removed)])[0]
        if scored < threshold:
            return removed, scored
    return None


def _named(found: Sequence[_Found], removed: Sequence[Word]) -> tuple[WordWeight, ...]:
    """The words that carry something, in the order of the text."""
    weights: dict[Word, float] = {}
    for one in found:
        for group in one.weighed:
            weights.update(dict.fromkeys(one.part.placed(group.words), max(0.0, group.weight)))
    decisive = set(removed)
    heaviest = max(weights.values(), default=0.0) or 1.0
    relative = {word: weights.get(word, heaviest) / heaviest for word in {*weights, *decisive}}
    ranked = sorted(relative, key=lambda word: (word not in decisive, -relative[word], word))
    kept = [word for word in ranked if word in decisive or relative[word] >= LEAST_WEIGHT]
    most = max(MOST_WORDS, len(decisive))
    return tuple(
        WordWeight(word.start, word.end, round(relative[word], 4), word in decisive)
        for word in sorted(kept[:most])
    )


def _beside_random(
    text: str, found: Sequence[_Found], decisive: Sequence[Word], ledger: Ledger, effort: Effort
) -> tuple[float | None, float | None]:
    """The mean score of the first part without as many of its words, drawn at random; and the part's own."""
    sentence = found[0].part.sentence
    gone = set(decisive)
    count = sum(word in gone for word in found[0].part.words)
    others = [
        word for word, placed in zip(sentence.words, found[0].part.words, strict=True) if placed not in gone
    ]
    if not count or len(others) < count:
        return None, None
    # The draw follows from the text, so that the same text has the same explanation.
    seed = int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8])
    choice = random.Random(seed)  # noqa: S311 (no secret hangs on it)
    drawn = [without(sentence.text, choice.sample(others, count)) for _ in range(effort.draws)]
    scores = ledger.score(drawn, len(drawn) * (len(sentence.words) - count))
    return sum(scores) / len(scores), sentence.base
