"""Words cut into sentences."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from prudent.capabilities.speaking.sentences import LONGEST, LONGEST_FIRST, sentences


def _texts(words: str) -> list[str]:
    return [sentence.text for sentence in sentences(words)]


def test_sentences_end_where_people_stop() -> None:
    words = 'Hello there. How are you, J. Smith? The U.S. Army came. He said: "Go!" Then he left.'
    assert _texts(words) == [
        "Hello there.",
        "How are you, J. Smith?",
        "The U.S. Army came.",
        'He said: "Go!"',
        "Then he left.",
    ]


def test_wrapped_prose_is_joined_and_items_stand_alone() -> None:
    wrapped = "a line of prose that an editor has wrapped at some column or\nother goes on here."
    assert _texts(f"Title\nitem one\n\n{wrapped}") == ["Title", "item one", wrapped.replace("\n", " ")]


def test_paragraphs_have_longer_pauses_and_nothing_follows_the_last() -> None:
    pauses = [sentence.pause for sentence in sentences("One. Two.\n\nThree.")]
    assert pauses == [0.15, 0.4, 0.0]


def test_a_long_first_sentence_is_cut_at_a_comma_to_be_heard_soon() -> None:
    clause = "and so it went on for a while"
    first, *_ = _texts(", ".join([clause] * 8))
    assert len(first) <= LONGEST_FIRST
    assert first.endswith(",")


@given(st.text(alphabet="ab .,!?\n'\"", max_size=2000))
def test_pieces_are_bounded_and_nothing_that_is_heard_is_lost(words: str) -> None:
    pieces = _texts(words)
    assert all(len(piece) <= LONGEST for piece in pieces)
    letters = [character for character in words if character.isalnum()]
    assert [character for piece in pieces for character in piece if character.isalnum()] == letters
