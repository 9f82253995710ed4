"""What is kept of a unigram tokenizer: pieces with their scores, who plays which part, what is normalised.

It knows the keys under which a reader states these things, not how a file is read, and cuts no text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import ValidationError, model_validator

from prudent.errors import ModelFileError, UnsupportedModelError
from prudent.tokenizer.saved_spec import SavedSpec

_PREFIX = "tokenizer.unigram."


class UnigramSpec(SavedSpec):
    """A unigram tokenizer as data; a piece's id is its index, its score the logarithm of its probability.

    A piece of score 0 plays a part (beginning, end, mask and so on) and is never made from text. A character
    with a code point in `replaced` becomes the text at the same index of `replacements`.
    """

    version: Literal[1] = 1
    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    bos_id: int
    eos_id: int
    padding_id: int
    unknown_id: int
    replaced: tuple[int, ...]
    replacements: tuple[str, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        count = len(self.pieces)
        if not count or len(self.scores) != count or len(self.replaced) != len(self.replacements):
            raise ModelFileError("The tokenizer's lists are empty or of different lengths.", hint=_AGAIN)
        if len(set(self.pieces)) != count or not all(self.pieces):
            raise ModelFileError("The tokenizer holds an empty piece or one piece twice.", hint=_AGAIN)
        if not all(map(math.isfinite, self.scores)) or max(self.scores) > 0.0:
            raise ModelFileError("The tokenizer has scores that are no log-probabilities.", hint=_AGAIN)
        for role in (self.bos_id, self.eos_id, self.padding_id, self.unknown_id):
            if not 0 <= role < count:
                raise ModelFileError(f"Token id {role} is outside of {count} pieces.", hint=_AGAIN)
            if self.scores[role] != 0.0:
                raise UnsupportedModelError(f"The piece {role} plays a part and can also be made from text.")
        return self

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, object]) -> Self:
        """Take the tokenizer out of a weight file's metadata.

        Raises:
            UnsupportedModelError: the file has another kind of tokenizer.
            ModelFileError: values missing, of the wrong type, out of range or contradicting each other.
        """
        given = {key[len(_PREFIX) :]: value for key, value in metadata.items() if key.startswith(_PREFIX)}
        if not given:
            raise UnsupportedModelError("The file holds no unigram tokenizer.")
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise ModelFileError(
                f"The file's tokenizer is wrong at {where}: {first['msg']}.", hint=_AGAIN
            ) from error


_AGAIN = "The file is damaged; fetch it again."
