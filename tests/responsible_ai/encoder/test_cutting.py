"""How texts are cut into windows: nothing lost, whole sentences, no few words alone at the end."""

import zlib

from hypothesis import given
from hypothesis import strategies as st

from prudent_responsible_ai.encoder.cutting import Cutter

LONGEST = 20


class Words:
    """A tokenizer of one token a word, between marks."""

    eos_id = 1

    def encode(self, text: str) -> list[int]:
        return [0, *(10 + zlib.crc32(word.encode()) for word in text.split()), self.eos_id]


SENTENCES = st.lists(
    st.integers(1, 30).map(lambda words: " ".join(f"w{number}" for number in range(words)) + "."), max_size=12
)


@given(text=st.one_of(st.text(" .\nab。", max_size=200), SENTENCES.map(" ".join)))
def test_the_pieces_of_a_text_are_the_text(text: str) -> None:
    pieces = Cutter(Words(), LONGEST).cut(text)
    assert "".join(piece.text for piece in pieces) == text
    assert all(len(piece.ids) <= LONGEST for piece in pieces)
    assert [piece.start for piece in pieces] == [
        sum(len(other.text) for other in pieces[:index]) for index in range(len(pieces))
    ]


def sentences(count: int) -> str:
    words = (" ".join(f"w{number}x{place}" for place in range(3 + number % 5)) for number in range(count))
    return " ".join(f"{sentence}." for sentence in words)


def test_the_last_two_pieces_are_of_like_length() -> None:
    for count in range(5, 40):
        *_, before, last = Cutter(Words(), LONGEST).cut(sentences(count))
        assert abs(len(before.ids) - len(last.ids)) <= 7, count  # the longest sentence


def test_pieces_before_the_last_two_stay_as_a_text_grows() -> None:
    cutter = Cutter(Words(), LONGEST)
    whole = [piece.text for piece in cutter.cut(sentences(40))]
    for count in range(5, 40):
        kept = [piece.text for piece in cutter.cut(sentences(count))][:-2]
        assert kept == whole[: len(kept)]
