"""What is kept of a WordPiece tokenizer: its pieces, who plays which part, what is normalised.

It knows the keys under which a reader states these things, not how a file is read, and cuts no text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import ValidationError, model_validator

from prudent.errors import ModelFileError, UnsupportedModelError
from prudent.tokenizer.saved_spec import SavedSpec

PREFIX = "tokenizer.wordpiece."
_AGAIN = "The file is damaged; fetch it again."


class WordPieceSpec(SavedSpec):
    """A WordPiece tokenizer (BERT) as data; a piece's id is its index.

    Pieces that go on a word begin with `continuation`; a word of more than `longest_word` characters, or one
    that no pieces cover, is unknown.
    """

    version: Literal[1] = 1
    pieces: tuple[str, ...]
    bos_id: int
    eos_id: int
    padding_id: int
    unknown_id: int
    continuation: str
    longest_word: int
    clean_text: bool
    split_chinese: bool
    lowercase: bool
    strip_accents: bool

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        count = len(self.pieces)
        if not count or len(set(self.pieces)) != count or not all(self.pieces):
            raise ModelFileError("The tokenizer holds no piece, an empty one or one twice.", hint=_AGAIN)
        for role in (self.bos_id, self.eos_id, self.padding_id, self.unknown_id):
            if not 0 <= role < count:
                raise ModelFileError(f"Token id {role} is outside of {count} pieces.", hint=_AGAIN)
        if not self.continuation or self.longest_word < 1:
            raise ModelFileError("The tokenizer's rule for words is incomplete.", hint=_AGAIN)
        return self

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, object]) -> Self:
        """Take the tokenizer out of a weight file's metadata.

        Raises:
            UnsupportedModelError: the file has another kind of tokenizer.
            ModelFileError: values missing, of the wrong type, out of range or contradicting each other.
        """
        given = {key[len(PREFIX) :]: value for key, value in metadata.items() if key.startswith(PREFIX)}
        if not given:
            raise UnsupportedModelError("The file holds no WordPiece tokenizer.")
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise ModelFileError(
                f"The file's tokenizer is wrong at {where}: {first['msg']}.", hint=_AGAIN
            ) from error
