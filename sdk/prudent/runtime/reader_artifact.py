"""A compiled reader of text on disk: what the compiler writes and reading uses. Knows neither of them.

    <folder>/
      detector.onnx     pixels uint8 (1, 3, H, W), multiples of 32, to probabilities float32 (1, 1, H, W)
      recognizer.onnx   pixels uint8 (B, 3, 48, W), W a multiple of 32, to the best character of each column
      characters.json   list of texts by index; the first stands for no character
      config.json       ReaderConfig
      card.json         Card; written last, so a folder without it is not a model

Both take red, green, blue, and 127 as padding. The recogniser gives `characters` int64 and `probabilities`
float32, both (B, columns).
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from prudent.errors import ModelFileError
from prudent.runtime.artifact import Artifact, Size

DETECTOR_FILE = "detector.onnx"
RECOGNIZER_FILE = "recognizer.onnx"
CHARACTERS_FILE = "characters.json"

_CHARACTERS: TypeAdapter[list[str]] = TypeAdapter(list[str])


class ReaderConfig(BaseModel):
    """How many characters the recogniser tells apart, the empty one included."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    family: str
    characters: Size


class ReaderArtifact(Artifact[ReaderConfig]):
    """A compiled reader's folder."""

    def __init__(self, folder: Path) -> None:
        """Open it. Raises as `Artifact`."""
        super().__init__(folder, ReaderConfig)

    @property
    def detector(self) -> Path:
        """Path of the detector's graph."""
        return self.folder / DETECTOR_FILE

    @property
    def recognizer(self) -> Path:
        """Path of the recogniser's graph."""
        return self.folder / RECOGNIZER_FILE

    def characters(self) -> list[str]:
        """Characters by index.

        Raises:
            ModelFileError: the file is damaged.
        """
        try:
            characters = _CHARACTERS.validate_json((self.folder / CHARACTERS_FILE).read_bytes())
        except (OSError, ValidationError) as error:
            raise ModelFileError(
                f"{CHARACTERS_FILE} in {self.folder} cannot be read.",
                hint="Remove the folder; the next use compiles the model again.",
            ) from error
        if len(characters) != self.config.characters:
            raise ModelFileError(f"{CHARACTERS_FILE} in {self.folder} is incomplete.")
        return characters
