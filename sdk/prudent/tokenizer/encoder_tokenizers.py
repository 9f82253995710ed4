"""The tokenizers of encoders, by kind: out of a weight file or as they were saved. Cuts no text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from prudent.errors import UnsupportedModelError
from prudent.tokenizer.saved_spec import SavedSpec
from prudent.tokenizer.unigram import UnigramTokenizer
from prudent.tokenizer.unigram_spec import UnigramSpec
from prudent.tokenizer.wordpiece import WordPieceTokenizer
from prudent.tokenizer.wordpiece_spec import WordPieceSpec

EncoderTokenizerKind: TypeAlias = Literal["unigram", "wordpiece"]


class EncoderTokenizer(Protocol):
    """Text to ids. Safe to share between threads."""

    @property
    def vocab_size(self) -> int:
        """Number of ids: 0 to vocab_size - 1."""
        ...

    @property
    def padding_id(self) -> int:
        """What fills a row behind its end."""
        ...

    def encode(self, text: str) -> list[int]:
        """The ids of a text between those of its beginning and its end; never truncated."""
        ...


@dataclass(frozen=True, slots=True)
class _Kind:
    spec: type[UnigramSpec] | type[WordPieceSpec]
    build: Callable[[Any], EncoderTokenizer]


_KINDS: Mapping[EncoderTokenizerKind, _Kind] = {
    "unigram": _Kind(UnigramSpec, UnigramTokenizer),
    "wordpiece": _Kind(WordPieceSpec, WordPieceTokenizer),
}


def kind_of_tokenizer(metadata: Mapping[str, object]) -> EncoderTokenizerKind:
    """Which kind of tokenizer a weight file's metadata hold.

    Raises:
        UnsupportedModelError: none that is known.
    """
    for kind in _KINDS:
        if any(key.startswith(f"tokenizer.{kind}.") for key in metadata):
            return kind
    raise UnsupportedModelError(f"The file holds no tokenizer of an encoder ({', '.join(_KINDS)}).")


def read_tokenizer(metadata: Mapping[str, object]) -> tuple[SavedSpec, EncoderTokenizer]:
    """The tokenizer that a weight file's metadata hold: what is to be kept of it, and itself.

    Raises:
        UnsupportedModelError: the file has none that is known.
        ModelFileError: it has one that is damaged.
    """
    known = _KINDS[kind_of_tokenizer(metadata)]
    spec = known.spec.from_metadata(metadata)
    return spec, known.build(spec)


def open_tokenizer(kind: EncoderTokenizerKind, path: Path) -> EncoderTokenizer:
    """The tokenizer that was saved beside a compiled encoder.

    Raises:
        ModelFileError: the file is missing, cut or not a tokenizer of this kind.
    """
    known = _KINDS[kind]
    return known.build(known.spec.load(path))
