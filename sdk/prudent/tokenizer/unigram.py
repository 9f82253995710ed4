"""Text to the ids of a unigram tokenizer (XLM-R, multilingual-e5). The one module that meets `tokenizers`.

Knows no file format and no model. Ids are those that SentencePiece gives with the same vocabulary, except for
stacked marks (see `normalise`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any, cast

import tokenizers
from tokenizers import models, pre_tokenizers

from prudent.tokenizer.unigram_spec import UnigramSpec

# The package has partial hints; seen as Any, its untyped calls stay inside this file.
_tokenizers = cast("Any", tokenizers)
_models = cast("Any", models)
_pre_tokenizers = cast("Any", pre_tokenizers)

_WORD_START = "▁"
_SPACE = " "
"""What words are cut at: normalising has made every other white space a space, but for U+0085, which is a
piece of its own. Words hold no space, so a piece that begins with one is never made from text."""


class UnigramTokenizer:
    """A model's tokenizer. Immutable, and safe to share between threads."""

    def __init__(self, spec: UnigramSpec) -> None:
        """Build the tables; about half a second and 250 MB for 250,000 pieces."""
        self.vocab_size: int = len(spec.pieces)
        """Number of ids: 0 to vocab_size - 1."""
        self.bos_id: int = spec.bos_id
        self.eos_id: int = spec.eos_id
        self.padding_id: int = spec.padding_id
        self._replacements = dict(zip(spec.replaced, spec.replacements, strict=True))
        vocabulary = [
            (_SPACE + piece if score == 0.0 else piece, score)
            for piece, score in zip(spec.pieces, spec.scores, strict=True)
        ]
        self._cutter = _tokenizers.Tokenizer(_models.Unigram(vocabulary, unk_id=spec.unknown_id))
        self._cutter.pre_tokenizer = _pre_tokenizers.Sequence(
            [
                _pre_tokenizers.Split(_SPACE, "removed"),
                _pre_tokenizers.Metaspace(replacement=_WORD_START, prepend_scheme="always"),
            ]
        )

    def normalise(self, text: str) -> str:
        """The text as the model was trained to see it: compatibility forms replaced, marks composed.

        The vocabulary's own table says what becomes of single characters. SentencePiece also has rules for
        characters written as a letter and its marks; composing by Unicode's NFC beforehand does the same, and
        differs only where further marks follow a composed character, which SentencePiece leaves apart.

        Lone surrogates, which are not text, count as U+FFFD.
        """
        if not text.isascii():
            text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
            text = unicodedata.normalize("NFC", text)
        return text.translate(self._replacements)

    def encode(self, text: str) -> list[int]:
        """The ids of a text between those of its beginning and its end; never truncated.

        Text never becomes an id that plays a part, whatever it says. What no piece covers becomes one
        unknown id, however long.
        """
        encoding = self._cutter.encode(self.normalise(text), add_special_tokens=False)
        return [self.bos_id, *cast("list[int]", encoding.ids), self.eos_id]

    def encode_with_offsets(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """The ids of `encode`, and for each the characters [start, end) of the text it stands for.

        White space before a word is no part of its piece. A piece made of a part of a character (a ligature
        cut in two) has the whole character. The marks of beginning and end have empty ranges, and so has a
        mark of a word's beginning that is a piece of its own.
        """
        normal, origins = self._normalised_with_origins(text)
        encoding = self._cutter.encode(normal, add_special_tokens=False)
        offsets = [(0, 0)]
        for piece, (start, end) in zip(
            cast("list[str]", encoding.tokens),
            cast("list[tuple[int, int]]", encoding.offsets),
            strict=True,
        ):
            here = origins[start][0]
            offsets.append((here, here if piece == _WORD_START else origins[end - 1][1]))
        offsets.append((len(text), len(text)))
        return [self.bos_id, *cast("list[int]", encoding.ids), self.eos_id], offsets

    def _normalised_with_origins(self, text: str) -> tuple[str, list[tuple[int, int]]]:
        """The normalised text, and for each of its characters where it comes from."""
        normal: list[str] = []
        origins: list[tuple[int, int]] = []
        for start, end in _composed_apart(text):
            made = self.normalise(text[start:end])
            normal.append(made)
            origins += [(start, end)] * len(made)
        return "".join(normal), origins


def _composed_apart(text: str) -> Iterator[tuple[int, int]]:
    """The text cut wherever composing by NFC does not reach across."""
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        yield from ((at, at + 1) for at in range(len(text)))
        return
    start, end = 0, 0
    for after in [*(at for at in range(1, len(text)) if not unicodedata.combining(text[at])), len(text)]:
        if end > start and not _composes(text[start:end], text[end:after]):
            yield start, end
            start = end
        end = after
    if end > start:
        yield start, end


def _composes(left: str, right: str) -> bool:
    apart = unicodedata.normalize("NFC", left) + unicodedata.normalize("NFC", right)
    return unicodedata.normalize("NFC", left + right) != apart
