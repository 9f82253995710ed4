"""What is kept of a model's tokenizer: the vocabulary, the order of joins, and who plays which part.

It knows the keys under which GGUF files state these things, not how such a file is read, and nothing of text.
The list of merges itself is not kept: `merges` proves that joining by rank says the same, and the rank is all
that is needed afterwards.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Literal, Self, cast

from pydantic import model_validator

from prudent.errors import ModelFileError, UnsupportedModelError
from prudent.tokenizer.byte_level import to_bytes
from prudent.tokenizer.merges import MergeTable
from prudent.tokenizer.pre_tokenizers import PRE_TOKENIZERS
from prudent.tokenizer.saved_spec import SavedSpec

END_TEXTS = frozenset(
    {
        "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|end|>", "<|eot|>",
        "<end_of_turn>", "<end_of_utterance>", "<|END_OF_TURN_TOKEN|>", "<|return|>", "<|call|>", "</s>",
        "<eos>", "<EOT>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>",
    }
)  # fmt: skip
"""Control tokens that end an answer in the families that have them; the last three end a filled-in file."""

_END_KEYS = ("eos_token_id", "eot_token_id", "eom_token_id")


class TokenType(IntEnum):
    """GGUF's token types. User-defined tokens are control tokens whose text is part of the answer."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


_SPECIAL = frozenset({int(TokenType.UNKNOWN), int(TokenType.CONTROL), int(TokenType.USER_DEFINED)})


class TokenizerSpec(SavedSpec):
    """A tokenizer as data; a token's id is its index in `tokens`.

    `tokens` are in the byte alphabet (see `byte_level`) where their type is normal, else plain text.
    `merge_order` holds the ids of joined tokens, lowest rank first; None where their ids are in that order.
    """

    version: Literal[1] = 1
    pre: str
    tokens: tuple[str, ...]
    token_types: tuple[int, ...]
    merge_order: tuple[int, ...] | None
    bos_id: int | None
    eos_id: int | None
    pad_id: int | None
    add_bos: bool
    stop_ids: tuple[int, ...]
    chat_template: str | None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.pre not in PRE_TOKENIZERS:
            raise UnsupportedModelError(
                f"The tokenizer's pre-tokenizer {self.pre!r:.60} is not one that prudent knows.",
                hint=f"Known are {', '.join(PRE_TOKENIZERS)}.",
            )
        count = len(self.tokens)
        if not count or len(self.token_types) != count:
            raise ModelFileError(f"The tokenizer has {count} tokens and {len(self.token_types)} token types.")
        if len(set(self.tokens)) != count or not all(self.tokens):
            raise ModelFileError("The tokenizer's vocabulary holds an empty token or one token twice.")
        if not set(self.token_types) <= set(TokenType):
            raise ModelFileError("The tokenizer has a token of a type that GGUF does not know.")
        if TokenType.BYTE in self.token_types:
            raise UnsupportedModelError("The tokenizer holds byte tokens, which byte-level BPE does not use.")
        named = (self.bos_id, self.eos_id, self.pad_id, *self.stop_ids, *(self.merge_order or ()))
        outside = [token for token in named if token is not None and not 0 <= token < count]
        if outside:
            raise ModelFileError(
                f"Token id {outside[0]} is outside the tokenizer's vocabulary of {count} tokens."
            )
        if not self.stop_ids:
            raise ModelFileError("The tokenizer has no token that ends an answer.")
        return self

    @property
    def special_tokens(self) -> dict[str, int]:
        """Control and user-defined tokens by their text: never made from ordinary text."""
        return {self.tokens[i]: i for i, kind in enumerate(self.token_types) if kind in _SPECIAL}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, object]) -> Self:
        """Take the tokenizer out of a GGUF file's metadata, given as plain values by key.

        Raises:
            UnsupportedModelError: a kind of tokenizer, or a pre-tokenizer, that prudent does not have; or
                merges that joining by rank would not reproduce.
            ModelFileError: values missing, of the wrong type, out of range or contradicting each other.
        """
        reader = _MetadataReader(metadata)
        model = reader.text("model")
        if model != "gpt2":
            raise UnsupportedModelError(
                f"The file's tokenizer is of kind {model!r:.60}; prudent runs byte-level BPE ('gpt2')."
            )
        tokens = reader.texts("tokens")
        types = reader.integers("token_type")
        ends = {token for key in _END_KEYS if (token := reader.integer(key)) is not None}
        ends |= {
            token
            for token, (text, kind) in enumerate(zip(tokens, types, strict=False))
            if text in END_TEXTS and kind in (TokenType.CONTROL, TokenType.USER_DEFINED)
        }
        spec = cls(
            pre=reader.text("pre"),
            tokens=tokens,
            token_types=types,
            merge_order=None,
            bos_id=reader.integer("bos_token_id"),
            eos_id=reader.integer("eos_token_id"),
            pad_id=reader.integer("padding_token_id"),
            add_bos=reader.flag("add_bos_token"),
            stop_ids=tuple(sorted(ends)),
            chat_template=reader.optional_text("tokenizer.chat_template"),
        )
        order = _merge_order(spec, reader.texts("merges"))
        return spec if order is None else spec.model_copy(update={"merge_order": order})


def _merge_order(spec: TokenizerSpec, merges: Sequence[str]) -> tuple[int, ...] | None:
    """Check the merges and give the ids in order of rank; None where the ids are in that order already."""
    written = to_bytes(spec.tokens)
    ordinary = {
        token: i
        for i, token in enumerate(spec.tokens)
        if spec.token_types[i] == TokenType.NORMAL and written[i] is not None
    }
    table = MergeTable(ordinary, merges, whole_words=PRE_TOKENIZERS[spec.pre].whole_words)
    in_order = table.complete and all(a < b for a, b in itertools.pairwise(table.order))
    return None if in_order else tuple(table.order)


class _MetadataReader:
    """Typed access to `tokenizer.ggml.*`; every error names the key."""

    def __init__(self, metadata: Mapping[str, object]) -> None:
        self._metadata = metadata

    def _required(self, key: str) -> object:
        value = self._metadata.get(f"tokenizer.ggml.{key}")
        if value is None:
            raise ModelFileError(f"The file does not state tokenizer.ggml.{key}.")
        return value

    def text(self, key: str) -> str:
        value = self._required(key)
        if not isinstance(value, str):
            raise _wrong_type(key, "text")
        return value

    def optional_text(self, full_key: str) -> str | None:
        value = self._metadata.get(full_key)
        if value is not None and not isinstance(value, str):
            raise _wrong_type(full_key, "text")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        values = self._sequence(key)
        if not all(isinstance(value, str) for value in values):
            raise _wrong_type(key, "a list of texts")
        return cast("tuple[str, ...]", values)

    def integers(self, key: str) -> tuple[int, ...]:
        try:
            return tuple(operator.index(cast("int", value)) for value in self._sequence(key))
        except TypeError as error:
            raise _wrong_type(key, "a list of whole numbers") from error

    def _sequence(self, key: str) -> tuple[object, ...]:
        value = self._required(key)
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise _wrong_type(key, "a list")
        return tuple(cast("Sequence[object]", value))

    def integer(self, key: str) -> int | None:
        value = self._metadata.get(f"tokenizer.ggml.{key}")
        if value is None:
            return None
        try:
            return operator.index(cast("int", value))
        except TypeError as error:
            raise _wrong_type(key, "a whole number") from error

    def flag(self, key: str) -> bool:
        value = self._metadata.get(f"tokenizer.ggml.{key}")
        if value is None:
            return False
        if not isinstance(value, bool):
            raise _wrong_type(key, "true or false")
        return value


def _wrong_type(key: str, expected: str) -> ModelFileError:
    return ModelFileError(f"The file's {key} of the tokenizer is not {expected}.")
