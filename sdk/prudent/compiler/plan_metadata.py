"""Typed, bounded reads of a family's metadata, remembering which keys were understood. Knows no plan."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeVar

from prudent.compiler.readers.weights import MetadataValue
from prudent.errors import ModelFileError, UnsupportedModelError

_T = TypeVar("_T")

_DESCRIPTIVE = frozenset(
    {
        "vocab_size",  # the embedding's own shape is what counts
        "rope.scaling.original_context_length",
        "rope.scaling.finetuned",
    }
)
"""Keys that describe a model and change nothing in its arithmetic."""


class Metadata:
    """The keys under one architecture's prefix."""

    def __init__(self, metadata: Mapping[str, MetadataValue], architecture: str) -> None:
        self._prefix = f"{architecture}."
        self._metadata = metadata
        self._known: set[str] = set(_DESCRIPTIVE)

    def optional_whole(self, key: str, *, most: int) -> int | None:
        """A whole number from 1 to `most`, or None where the key is absent.

        Raises:
            ModelFileError: the value is of another type or out of bounds.
        """
        value = self._get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise self._wrong(key, value, f"a whole number from 1 to {most:,}")
        return value

    def whole(self, key: str, *, most: int) -> int:
        """Like `optional_whole`, and the key must be there."""
        return self._required(key, self.optional_whole(key, most=most))

    def optional_real(self, key: str, *, least: float = 1e-9, most: float = 1e9) -> float | None:
        """A finite number from `least` to `most`, or None where the key is absent.

        Raises:
            ModelFileError: the value is of another type or out of bounds.
        """
        value = self._get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(key, value, "a number")
        if not math.isfinite(value) or not least <= value <= most:
            raise self._wrong(key, value, f"a number from {least:g} to {most:g}")
        return float(value)

    def real(self, key: str, *, least: float, most: float) -> float:
        """Like `optional_real`, and the key must be there."""
        return self._required(key, self.optional_real(key, least=least, most=most))

    def optional_text(self, key: str) -> str | None:
        """A string, or None where the key is absent."""
        value = self._get(key)
        if value is not None and not isinstance(value, str):
            raise self._wrong(key, value, "a string")
        return value

    def require_all_known(self) -> None:
        """Refuse keys that nobody read: one of them may change the model's arithmetic.

        Raises:
            UnsupportedModelError: such a key, by name.
        """
        for key in self._metadata:
            if key.startswith(self._prefix) and key.removeprefix(self._prefix) not in self._known:
                raise UnsupportedModelError(
                    f"The file's metadata has {key[:80]!r}, which prudent does not know;"
                    " leaving it out could give a wrong model."
                )

    def _get(self, key: str) -> MetadataValue | None:
        self._known.add(key)
        return self._metadata.get(self._prefix + key)

    def _required(self, key: str, value: _T | None) -> _T:
        if value is None:
            raise ModelFileError(
                f"The file's metadata lacks {self._prefix + key!r}.", hint="Fetch the file again."
            )
        return value

    def _wrong(self, key: str, value: object, wanted: str) -> ModelFileError:
        return ModelFileError(
            f"{self._prefix + key} is {str(value)[:40]}; {wanted} is wanted.",
            hint="The file is damaged; fetch it again.",
        )
