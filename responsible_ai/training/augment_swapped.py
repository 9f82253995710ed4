"""Labelled rows with another group of people in place of the one they name: no group is a sign of hate.

A copy keeps its row's labels and side of train and validation. It knows no model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from rows import Row

from prudent_responsible_ai.identity.lexicon import Group, Mention, groups, mentions
from prudent_responsible_ai.text_encoder import LABELS

SOURCE = "authored_swapped"
MOST_OF_A_SOURCE = 800
COPIES = 2
_SOURCES = frozenset(
    {
        *(
            "openai_moderation",
            "davidson_tweets",
            "cold",
            "convabuse",
            "mlc_poc",
            "mlc_aisi",
            "ailuminate_en",
        ),
        *("pyrit_harm_responses", "realtoxicityprompts", "authored", "authored_more", "wikipedia_sentences"),
    }
)
_MOST_CHARACTERS = 300
_GROUPS = frozenset(
    {
        *(
            "women",
            "transgender people",
            "Black people",
            "Asian people",
            "Hispanic people",
            "Roma",
            "Muslims",
        ),
        *("Christians", "Jews", "Hindus", "immigrants", "Mexicans", "Indians", "Arabs", "older people"),
        *("disabled people", "gay people", "Indigenous people"),
    }
)
"""Groups whose words are taken; rows may name any."""


def rows(seed: int, labelled: Sequence[Row]) -> list[Row]:
    """Copies for train and validation, at most so many of a source; the same for the same seed and rows."""
    drawn = np.random.default_rng(seed)
    chosen = [
        row
        for row in labelled
        if row.split != "test"
        and row.source in _SOURCES
        and len(row.text) <= _MOST_CHARACTERS
        and _judged(row)
    ]
    found: dict[str, Row] = {row.text: row for row in labelled}
    copies: list[Row] = []
    made: Counter[str] = Counter()
    for index in drawn.permutation(len(chosen)):
        row = chosen[index]
        for text in _swapped(row.text, drawn):
            if text not in found and made[row.source] < MOST_OF_A_SOURCE:
                made[row.source] += 1
                copies.append(replace(row, id=f"{row.id}-{len(copies)}", text=text, source=SOURCE))
                found[text] = copies[-1]
    return copies


def _judged(row: Row) -> bool:
    return any(not np.isnan(row.labels[LABELS.index(name)]) for name in ("hate", "offensive"))


def _swapped(text: str, drawn: np.random.Generator) -> Iterator[str]:
    """Copies of a text that names one group in one way; none where no word fits in its place."""
    named = mentions(text)
    if len(named) != 1:
        return
    words = _fitting(text[named[0].start : named[0].end], named[0])
    for index in drawn.permutation(len(words))[:COPIES]:
        yield text[: named[0].start] + words[int(index)] + text[named[0].end :]


def _fitting(word: str, mention: Mention) -> list[str]:
    """Words of other groups of the same kind: plural, singular, adjective or Chinese."""
    own = groups()[mention.axis][mention.group]
    kind = next((name for name in ("people", "person", "adjectives", "zh") if _has(own, name, word)), None)
    if kind is None:
        return []
    others = [group for each in groups().values() for name, group in each.items() if name in _GROUPS]
    return [each for group in others if group is not own for each in getattr(group, kind)[:3]]


def _has(group: Group, kind: str, word: str) -> bool:
    return word.lower() in {each.lower() for each in getattr(group, kind)}
