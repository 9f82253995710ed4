"""How each family cuts text into words before merging, by the name that GGUF files use for it.

It is data: it knows no vocabulary. The patterns are in the dialect of tiktoken's regex engine, and give the
same words as the family's tokenizer in `tokenizers` and as llama.cpp for every code point that all of them
know; characters newer than Unicode 16 may be classed differently, since each carries its own tables.

The authorities write the end of a whitespace run as `\\s+(?!\\S)|\\s+`. The engine needs memory on its
backtracking stack for each character of such a run and gives up at about a million of them; stepping in
strides of 256 matches the same text with 1/256 of the stack.
"""

from __future__ import annotations

from dataclasses import dataclass

_RUN = r"(?:\s{256})*\s+"
_WORDS_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+"
_WORDS_CL100K = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+"
_SIGNS_CL100K = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"


@dataclass(frozen=True, slots=True)
class PreTokenizer:
    """A family's rule: the pattern of a word, and how a word that is a token by itself is treated.

    With `whole_words` such a word is that token even where the merges would not make it.
    """

    pattern: str
    whole_words: bool = False


_GPT2 = PreTokenizer(rf"{_WORDS_GPT2}| ?\p{{N}}+| ?[^\s\p{{L}}\p{{N}}]+|{_RUN}(?!\S)|\s+")

# Each digit stands alone and is cut off first, so a whitespace run before a digit is not shortened by one
# as it is before a letter: hence the look-ahead for anything but space and digit.
_SINGLE_DIGITS = PreTokenizer(rf"{_WORDS_GPT2}|\p{{N}}| ?[^\s\p{{L}}\p{{N}}]+|{_RUN}(?![^\s\p{{N}}])|\s+")

_QWEN2 = PreTokenizer(rf"{_WORDS_CL100K}|\p{{N}}|{_SIGNS_CL100K}|{_RUN}(?!\S)|\s+")

_LLAMA3 = PreTokenizer(rf"{_WORDS_CL100K}|\p{{N}}{{1,3}}|{_SIGNS_CL100K}|{_RUN}(?!\S)|\s+", whole_words=True)

PRE_TOKENIZERS: dict[str, PreTokenizer] = {
    "gpt-2": _GPT2,
    "qwen2": _QWEN2,
    "smollm": _SINGLE_DIGITS,
    "starcoder": _SINGLE_DIGITS,
    "llama-bpe": _LLAMA3,
}
