"""Log-probabilities are released with their text, whatever the cuts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from prudent.server.held_logprobs import HeldLogprobs
from prudent.types.chat import TokenLogprob
from prudent_responsible_ai.redaction import Piece


def _entry(token: str) -> TokenLogprob:
    return TokenLogprob(token=token, logprob=-1.0)


@given(st.lists(st.text(min_size=1, max_size=5), max_size=10), st.data())
def test_what_is_released_is_exactly_the_tokens_of_unaltered_text(
    tokens: list[str], data: st.DataObject
) -> None:
    text = "".join(tokens)
    altered = data.draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
    held, released, given_out, decided = HeldLogprobs(), [], 0, 0
    received = 0
    for token in tokens:
        held.add(token, [_entry(token)])
        received += len(token)
        upto = data.draw(st.integers(decided, received))
        pieces = [Piece("", 1, altered=altered[i]) for i in range(decided, upto)]
        decided = upto
        released += [placed.entry.token for placed in held.release(pieces)]
        given_out = sum(map(len, released))
        assert given_out <= decided
    released += [
        placed.entry.token
        for placed in held.release([Piece("", 1, altered=altered[i]) for i in range(decided, len(text))])
    ]
    expected, at = [], 0
    for token in tokens:
        if not any(altered[at : at + len(token)]):
            expected.append(token)
        at += len(token)
    assert released == expected


def test_tokens_without_text_go_with_the_text_before_them() -> None:
    held = HeldLogprobs()
    held.add("ab", [_entry("ab")])
    held.add("", [_entry("")])
    assert held.release([Piece("a", 1, altered=False)]) == []
    assert [placed.entry.token for placed in held.release([Piece("b", 1, altered=False)])] == ["ab", ""]
