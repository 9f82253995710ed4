"""Text to the ids of a WordPiece tokenizer (BERT, MiniLM), as the `tokenizers` library computes them.

Knows no file format and no model.
"""

from __future__ import annotations

from typing import Any, cast

import tokenizers
from tokenizers import models, normalizers, pre_tokenizers

from prudent.tokenizer.wordpiece_spec import WordPieceSpec

# The package has partial hints; seen as Any, its untyped calls stay inside this file.
_tokenizers = cast("Any", tokenizers)
_models = cast("Any", models)
_normalizers = cast("Any", normalizers)
_pre_tokenizers = cast("Any", pre_tokenizers)


class WordPieceTokenizer:
    """A model's tokenizer. Immutable, and safe to share between threads."""

    def __init__(self, spec: WordPieceSpec) -> None:
        """Build the tables."""
        self.vocab_size: int = len(spec.pieces)
        """Number of ids: 0 to vocab_size - 1."""
        self.bos_id: int = spec.bos_id
        self.eos_id: int = spec.eos_id
        self.padding_id: int = spec.padding_id
        self._cutter = _tokenizers.Tokenizer(
            _models.WordPiece(
                {piece: id for id, piece in enumerate(spec.pieces)},
                unk_token=spec.pieces[spec.unknown_id],
                continuing_subword_prefix=spec.continuation,
                max_input_chars_per_word=spec.longest_word,
            )
        )
        self._cutter.normalizer = _normalizers.BertNormalizer(
            clean_text=spec.clean_text,
            handle_chinese_chars=spec.split_chinese,
            strip_accents=spec.strip_accents,
            lowercase=spec.lowercase,
        )
        self._cutter.pre_tokenizer = _pre_tokenizers.BertPreTokenizer()

    def encode(self, text: str) -> list[int]:
        """The ids of a text between those of its beginning and its end; never truncated.

        Text never becomes an id that plays a part, whatever it says: brackets are words of their own. A word
        that no pieces cover becomes one unknown id. Lone surrogates, which are not text, count as U+FFFD.
        """
        text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
        encoding = self._cutter.encode(text, add_special_tokens=False)
        return [self.bos_id, *cast("list[int]", encoding.ids), self.eos_id]
