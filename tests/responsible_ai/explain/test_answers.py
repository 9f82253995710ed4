"""What is computed of an answer's own probabilities, and how a prompt is cut into pieces."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prudent_responsible_ai.explain.confidence import (
    UNSURE,
    ScoredToken,
    entropy,
    perplexity,
    unsure_stretches,
)
from prudent_responsible_ai.explain.pieces import LEAST, pieces_of

tokens = st.lists(st.builds(ScoredToken, st.text(max_size=4), st.floats(-20, 0)), max_size=20)


@given(tokens)
def test_stretches_cover_every_unsure_token_that_shows_and_no_sure_one(scored: list[ScoredToken]) -> None:
    text = "".join(token.text for token in scored)
    stretches = unsure_stretches(scored)
    inside = {at for one in stretches for at in range(one.start, one.end)}
    at = 0
    for token in scored:
        unsure = math.exp(token.logprob) < UNSURE
        for place in range(at, at + len(token.text)):
            if not text[place].isspace():
                assert (place in inside) == unsure
        at += len(token.text)
    assert all(one.probability < UNSURE for one in stretches)
    assert all(first.end <= second.start for first, second in pairwise(stretches))


def test_entropy_is_that_of_the_alternatives_with_the_rest_as_one() -> None:
    fair = (math.log(0.25),) * 4
    assert entropy(ScoredToken("x", fair[0], fair)) == pytest.approx(math.log(4))
    assert entropy(ScoredToken("x", 0.0, (0.0,))) == pytest.approx(0.0)
    assert entropy(ScoredToken("x", math.log(0.5), (math.log(0.5),))) == pytest.approx(math.log(2))


def test_perplexity_is_the_inverse_of_the_geometric_mean() -> None:
    scored = [ScoredToken("a", math.log(0.5)), ScoredToken("b", math.log(0.125))]
    assert perplexity(scored) == pytest.approx(4.0)
    assert perplexity([]) == 1.0


@given(st.lists(st.text(alphabet="ab. \n。", max_size=300), max_size=5), st.integers(1, 12))
def test_pieces_are_the_texts_without_a_gap(texts: list[str], most: int) -> None:
    pieces = pieces_of(texts, most)
    assert len(pieces) <= most
    spoken = [index for index, text in enumerate(texts) if text.strip()]
    if len(spoken) <= most:
        for index in spoken:
            own = [piece for piece in pieces if piece.index == index]
            assert "".join(texts[index][one.start : one.end] for one in own) == texts[index]
    for piece in pieces:
        cut = piece.end - piece.start < len(texts[piece.index])
        assert not cut or piece.end - piece.start >= LEAST


def test_a_document_is_cut_at_its_paragraphs_first() -> None:
    paragraphs = [f"Paragraph {number} says a thing. And it says another thing.\n\n" for number in range(3)]
    texts = ["Answer from the text.", "".join(paragraphs)]
    pieces = pieces_of(texts, 4)
    assert [texts[one.index][one.start : one.end] for one in pieces] == [texts[0], *paragraphs]
