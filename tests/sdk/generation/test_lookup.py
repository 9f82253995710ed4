"""Guesses from what was said before, and the manners of one who guesses wrong."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from prudent.generation.lookup import LONGEST_DRAFT, NGRAM, PromptLookup

PROMPT = tuple(range(10, 60))


def test_after_words_of_the_prompt_comes_what_came_then() -> None:
    lookup = PromptLookup(PROMPT)
    for token in (20, 21, 22, 23):
        lookup.append(token)
    draft = lookup.draft(100)
    assert draft
    assert draft == tuple(range(24, 24 + len(draft)))


def test_what_was_never_said_gives_no_guess() -> None:
    lookup = PromptLookup(PROMPT)
    for token in (20, 31, 7, 8):
        lookup.append(token)
    assert lookup.draft(100) == ()


def test_the_answers_own_repetitions_count_and_the_newest_place_wins() -> None:
    lookup = PromptLookup(PROMPT)
    for token in (1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 9, 9, 1, 2, 3, 4):
        lookup.append(token)
    assert lookup.draft(100)[:2] == (9, 9)


def test_guesses_grow_with_success_and_rest_after_failure() -> None:
    lookup = PromptLookup(PROMPT)
    for token in (20, 21, 22, 23):
        lookup.append(token)
    first = lookup.draft(100)
    for _ in range(5):
        draft = lookup.draft(100)
        lookup.settle(len(draft), len(draft))
    assert len(first) < len(lookup.draft(100)) == LONGEST_DRAFT
    rests = []
    for _ in range(4):
        while not (draft := lookup.draft(100)):
            rests[-1] += 1
        lookup.settle(len(draft), 0)
        rests.append(0)
    assert rests[:-1] == sorted(rests[:-1])
    assert rests[2] > rests[0] > 0


@given(st.lists(st.integers(0, 3), max_size=40), st.lists(st.integers(0, 3), max_size=60), st.integers(1, 20))
def test_a_guess_is_what_followed_the_last_words_somewhere(
    prompt: list[int], answer: list[int], most: int
) -> None:
    lookup = PromptLookup(tuple(prompt))
    text = list(prompt)
    for token in answer:
        lookup.append(token)
        text.append(token)
        draft = lookup.draft(most)
        assert len(draft) <= min(most, LONGEST_DRAFT)
        if draft:
            said = (*text[-NGRAM:], *draft)
            assert any(tuple(text[i : i + len(said)]) == said for i in range(len(text) - NGRAM))
            lookup.settle(len(draft), token % (len(draft) + 1))
