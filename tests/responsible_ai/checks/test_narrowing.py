"""What is taken out of a text leaves a rest that passes, and never more of the text than before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from prudent_responsible_ai.checks.narrowing import narrowed
from prudent_responsible_ai.sentences import sentences

TEXTS = st.text("ab!. \u3002\n", max_size=40)


@given(TEXTS)
def test_sentences_are_the_text_without_a_gap(text: str) -> None:
    assert "".join(text[start:end] for start, end in sentences(text)) == text


@given(TEXTS, st.lists(st.tuples(st.integers(0, 40), st.integers(1, 5)), max_size=3), st.data())
def test_the_rest_was_asked_about_and_lies_in_the_stretch(
    text: str, drawn: list[tuple[int, int]], data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    asked: list[str] = []

    def passes(rest: str) -> bool:
        asked.append(rest)
        return "!" not in rest

    suspects = [(first, first + length) for first, length in drawn]
    found = narrowed(text, (start, end), suspects, passes)
    assert len(asked) <= 1
    if found is None:
        return
    removed = {place for first, last in found for place in range(first, last)}
    assert removed <= set(range(start, end))
    assert asked == ["".join(text[place] for place in range(start, end) if place not in removed)]
    assert "!" not in asked[0]
    inside = {place for first, last in suspects for place in range(max(first, start), min(last, end))}
    assert inside <= removed
