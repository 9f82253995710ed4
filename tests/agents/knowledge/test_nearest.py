"""The sentence of a passage that is nearest to a question. Vectors are made of words here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from prudent_agents.knowledge.lexicon import words
from prudent_agents.knowledge.nearest import MOST_SENTENCES, with_nearest
from prudent_agents.knowledge.results import Passage

SIZE = 64


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """Vectors of length 1: a number of words each."""
    rows = np.zeros((len(texts), SIZE), dtype=np.float32)
    for row, text in enumerate(texts):
        for word in words(text):
            rows[row, sum(map(ord, word)) % SIZE] += 1
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def passage(text: str, start: int) -> Passage:
    """A passage at a place of a document."""
    return Passage(number=1, document="d.md", start=start, end=start + len(text), text=text)


def test_places_are_of_the_document_and_headings_say_nothing() -> None:
    text = "# Hotels a night\n\nTrains are slow. Hotels cost 110 euros a night.\nBring a map."
    question = "hotels a night"
    asked: list[str] = []

    def counted(texts: Sequence[str]) -> NDArray[np.float32]:
        asked.extend(texts)
        return embed(texts)

    (found,) = with_nearest([passage(text, 100)], question, embed([question])[0], counted)
    assert found.nearest is not None
    assert text[found.nearest.start - 100 : found.nearest.end - 100] == "Hotels cost 110 euros a night."
    assert asked == ["Trains are slow.", "Hotels cost 110 euros a night.", "Bring a map."]


def test_of_many_sentences_those_with_the_words_of_the_question_are_compared() -> None:
    text = " ".join(f"Line {at} is idle." for at in range(200)) + " Hotels cost a lot."
    asked: list[str] = []

    def counted(texts: Sequence[str]) -> NDArray[np.float32]:
        asked.extend(texts)
        return embed(texts)

    (found,) = with_nearest([passage(text, 0)], "hotels?", embed(["hotels"])[0], counted)
    assert len(asked) == MOST_SENTENCES
    assert found.nearest is not None
    assert text[found.nearest.start : found.nearest.end] == "Hotels cost a lot."


def test_a_passage_without_a_word_has_none() -> None:
    (found,) = with_nearest([passage("# * *", 0)], "hotels?", embed(["hotels"])[0], embed)
    assert found.nearest is None


def test_a_wrapped_line_does_not_end_a_sentence() -> None:
    text = "Lunch is paid.\nDinner is paid up to 35 euros a\nday. No wine.\n- Trains\n- Planes"
    one = Passage(number=1, document="d.md", start=0, end=len(text), text=text)
    question = "Dinner is paid up to 35 euros a day"
    (found,) = with_nearest([one], question, embed([question])[0], embed)
    assert found.nearest is not None
    assert text[found.nearest.start : found.nearest.end] == "Dinner is paid up to 35 euros a\nday."
