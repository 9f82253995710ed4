"""A tokenizer as data that is written beside a compiled model and read again. Knows no kind of tokenizer."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from prudent.errors import ModelFileError


class SavedSpec(BaseModel):
    """Data with a file of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def save(self, path: Path) -> None:
        """Write compact JSON."""
        path.write_text(self.model_dump_json(), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            ModelFileError: the file is missing, cut or not a tokenizer.
        """
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise ModelFileError(
                f"{path} is not a tokenizer that this version of prudent wrote.",
                hint="Remove the model's compiled folder; the next use compiles it again.",
            ) from error
