"""Text that comes token by token is whole at every step."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent.tokenizer import IncrementalDecoder, Tokenizer, TokenizerSpec


@pytest.fixture(scope="module")
def tokenizer(trained):
    return Tokenizer(TokenizerSpec.from_metadata(trained("qwen2")))


def pieces(decoder, ids):
    return [*(decoder.push(token) for token in ids), decoder.finish()]


@settings(deadline=None)
@given(st.lists(st.one_of(st.integers(0, 258), st.integers(0, 1199)), max_size=40))
def test_the_pieces_of_any_tokens_are_the_text_of_all(tokenizer, ids):
    assert "".join(pieces(tokenizer.incremental(), ids)) == tokenizer.decode(ids)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=30), st.data())
def test_no_code_point_is_ever_split(text, data):
    raw, chunks = text.encode(), []
    while raw:
        size = data.draw(st.integers(1, 5))
        chunks.append(raw[:size])
        raw = raw[size:]
    decoder = IncrementalDecoder(chunks.__getitem__)
    out = pieces(decoder, range(len(chunks)))
    assert "".join(out) == text
    for count in range(len(chunks)):
        # Whatever is whole by now has come out by now.
        assert "".join(out[: count + 1]) == b"".join(chunks[: count + 1]).decode(errors="ignore")


def test_bytes_that_cannot_become_text_come_out_at_once():
    chunks = [b"a\xf0\x9f", b"\x98", b"b", b"\xff", b"c", b"\xe4\xb8"]
    assert pieces(IncrementalDecoder(chunks.__getitem__), range(6)) == [
        "a",
        "",
        "\ufffdb",
        "\ufffd",
        "c",
        "",
        "\ufffd",
    ]


def test_control_tokens_add_nothing(tokenizer):
    decoder = tokenizer.incremental()
    hidden = [decoder.push(1), decoder.push(2)]
    assert hidden == ["", ""]
    assert decoder.push(tokenizer.encode("a")[0]) == "a"


def test_a_finished_decoder_is_as_new(tokenizer):
    decoder = IncrementalDecoder({0: b"\xe4", 1: b"a"}.__getitem__)
    assert decoder.push(0) == ""
    assert decoder.finish() == "\ufffd"
    assert decoder.push(1) == "a"
    assert decoder.finish() == ""
