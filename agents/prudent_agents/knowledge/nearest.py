"""Finds the sentence of each passage that is nearest to a question. Knows no base, and makes no vectors.

A passage is near a question because it is about the same thing; a sentence is near because it says it. Over
34 English and 28 Chinese questions of which half have no answer in the documents, AUROC is 0.77 and 0.76 with
passages, 0.91 and 0.96 with sentences.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from prudent_agents.knowledge.chunks import sentences
from prudent_agents.knowledge.lexicon import words
from prudent_agents.knowledge.results import Nearest, Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_SENTENCES = 24
"""Sentences of all passages together that are compared: those with most of the question's words."""
_SAYS = re.compile(r"(?!#{1,6}\s).*\w")
"""A sentence; a heading of Markdown says nothing by itself."""

_WRAPPED = re.compile(r"[^.!?:。！？：\n]\s*?\n[a-z\d]")
"""From the last sign of a line to the first of the next, where a sentence goes on."""


def with_nearest(
    passages: Sequence[Passage],
    question: str,
    vector: NDArray[np.float32],
    embed: Callable[[Sequence[str]], NDArray[np.float32]],
) -> list[Passage]:
    """The passages, each with its sentence nearest to the question, whose vector is given (length 1).

    `embed` gives such vectors of sentences: float32 (sentences, size).
    """
    asked = set(words(question))
    places = [
        (at, start, end)
        for at, passage in enumerate(passages)
        for start, end in _trimmed(passage.text)
        if _SAYS.match(passage.text, start, end)
    ]

    def in_common(place: tuple[int, int, int]) -> int:
        at, start, end = place
        return len(asked.intersection(words(passages[at].text[start:end])))

    if len(places) > MOST_SENTENCES:
        places = sorted(places, key=in_common, reverse=True)[:MOST_SENTENCES]
    if not places:
        return list(passages)
    cosines = embed([passages[at].text[start:end] for at, start, end in places]) @ vector
    best: dict[int, Nearest] = {}
    for (at, start, end), cosine in zip(places, cosines.tolist(), strict=True):
        if at not in best or cosine > best[at].similarity:
            first = passages[at].start
            best[at] = Nearest(start=first + start, end=first + end, similarity=round(cosine, 4))
    return [one.model_copy(update={"nearest": best.get(at)}) for at, one in enumerate(passages)]


def _trimmed(text: str) -> list[tuple[int, int]]:
    """Where the sentences are, without the space around them; a wrapped line is no end of one."""
    found: list[tuple[int, int]] = []
    for start, end in sentences(text, 0, len(text)):
        said = text[start:end]
        begin = start + len(said) - len(said.lstrip())
        if begin < end:
            goes_on = bool(found) and _WRAPPED.fullmatch(text, found[-1][1] - 1, begin + 1)
            first = found.pop()[0] if goes_on else begin
            found.append((first, start + len(said.rstrip())))
    return found
