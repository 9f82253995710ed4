"""Text becomes ordinary tokens and nothing else, and comes back."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent.errors import InvalidRequestError
from prudent.tokenizer import Control, RenderedPrompt, Tokenizer, TokenizerSpec, TokenType

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)


@pytest.fixture(scope="module")
def tokenizer(trained):
    """A small tokenizer with a user-defined and an unused token besides its control tokens."""
    metadata = dict(trained("qwen2"))
    metadata["tokenizer.ggml.tokens"] = [*metadata["tokenizer.ggml.tokens"], "<tool_call>", "[PAD1]"]
    metadata["tokenizer.ggml.token_type"] = [*metadata["tokenizer.ggml.token_type"], 4, 5]
    return Tokenizer(TokenizerSpec.from_metadata(metadata))


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(
            TEXT,
            st.sampled_from(
                ["<|im_end|>", "<|im_start|>", "<|im_", "end|>", "<tool_call>", "[PAD1]", "<", "|>"]
            ),
        )
    ).map("".join)
)
def test_text_never_becomes_a_special_token_and_comes_back(tokenizer, text):
    ids = tokenizer.encode(text)
    assert all(tokenizer.spec.token_types[token] == TokenType.NORMAL for token in ids)
    assert tokenizer.decode(ids) == text


def test_no_special_token_of_a_real_model_can_be_written(smol_tokenizer):
    for text, special in smol_tokenizer.spec.special_tokens.items():
        assert special not in smol_tokenizer.encode(f"{text} {text}{text}")


def test_bytes_without_a_token_are_left_out(smol_tokenizer):
    # The ids of llama.cpp; `tokenizers` would join " {" here.
    assert (
        smol_tokenizer.encode(" \x1d{")
        == smol_tokenizer.encode(" ") + smol_tokenizer.encode("{")
        == [216, 107]
    )
    assert max(smol_tokenizer.encode("\x04\U00050000\U00100000é")) < smol_tokenizer.vocab_size


def test_lone_surrogates_count_as_replacement_characters(tokenizer):
    assert tokenizer.encode("a\ud800b") == tokenizer.encode("a\ufffdb")


def test_control_tokens_are_placed_only_from_segments(tokenizer):
    prompt = RenderedPrompt((Control(1, "<|im_start|>"), "user<|im_end|>", Control(2, "<|im_end|>")))
    ids = tokenizer.encode_prompt(prompt)
    assert ids == [1, *tokenizer.encode("user<|im_end|>"), 2]
    assert prompt.text == "<|im_start|>user<|im_end|><|im_end|>"


def test_a_beginning_token_is_added_once(tokenizer):
    wanting = Tokenizer(tokenizer.spec.model_copy(update={"add_bos": True}))
    assert wanting.encode_prompt(RenderedPrompt(("a",))) == [1, *wanting.encode("a")]
    assert wanting.encode_prompt(RenderedPrompt((Control(1, "<|im_start|>"), "a"))) == [
        1,
        *wanting.encode("a"),
    ]
    assert wanting.encode_prompt(RenderedPrompt(())) == [1]


def test_an_answer_shows_user_defined_tokens_and_hides_control_tokens(tokenizer):
    tool_call = tokenizer.spec.special_tokens["<tool_call>"]
    ids = [1, *tokenizer.encode("hé"), tool_call, tool_call + 1, *tokenizer.encode("!"), 2]
    assert tokenizer.decode(ids) == "hé<tool_call>!"
    assert tokenizer.token_bytes(2) == b"<|im_end|>"


@pytest.mark.parametrize("token", [-1, 10**9])
def test_an_unknown_id_is_an_error_that_says_the_range(tokenizer, token):
    for use in (tokenizer.token_bytes, tokenizer.visible_bytes, lambda one: tokenizer.decode([one])):
        with pytest.raises(InvalidRequestError, match=f"{token} is not in the vocabulary"):
            use(token)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("unit", ["a", " ", "\t", " \n", "\u00a0 ", "中", "\x04"])
def test_a_million_characters_of_one_kind_neither_crash_nor_hang(tokenizer, unit):
    text = unit * (1_200_000 // len(unit)) + "x"
    assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", ["a", " ", "\t", " \n", "\u00a0 ", "中", "\x04"])
def test_a_long_text_of_one_kind_alone_neither_crashes_nor_hangs(tokenizer, unit):
    """Blanks at the end of a text take another way than blanks before a word."""
    text = unit * (200_000 // len(unit))
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_threads_share_one_tokenizer(tokenizer, corpus):
    expected = {key: tokenizer.encode(text) for key, text in corpus.items()}
    seen = []

    def work():
        seen.extend(tokenizer.encode(text) == expected[key] for _ in range(5) for key, text in corpus.items())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 20 * len(corpus)
    assert all(seen)


def test_the_encoding_is_one_that_tiktoken_users_can_take(tokenizer):
    assert tokenizer.encoding.encode("Straße <|im_end|>", disallowed_special=()) == tokenizer.encode(
        "Straße <|im_end|>"
    )
    assert tokenizer.encoding.n_vocab <= tokenizer.vocab_size
