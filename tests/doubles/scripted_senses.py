"""Models that see and hear what the test says. They read no pixel and no sound."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from scripted_transcriber import ScriptedTranscriber

from prudent.capabilities.interface.reading import ReadDocument
from prudent.capabilities.vision.decode import decode_image
from prudent.errors import ConflictError
from prudent.testing import ScriptedModel, ScriptedModels
from prudent.types.reading import TextPage
from prudent.types.safety import severity_name
from prudent.types.vision import ImageSeverity, Tag


class ScriptedEyes:
    """Reads one text in every image, and finds every image as explicit as it is told to."""

    id = "scripted-eyes"

    def __init__(self, text: str = "", level: int = 0) -> None:
        self.text = text
        self.level = level
        self.assessed = 0

    def read(self, data: bytes, options: Any) -> ReadDocument:
        image = decode_image(data)
        return ReadDocument((self.read_pixels(image.pixels, words=options.words),), image.info)

    def read_pixels(self, pixels: Any, *, words: bool = False) -> TextPage:
        height, width = pixels.shape[:2]
        return TextPage(number=1, width=width, height=height, text=self.text, lines=[], source="image")

    def assess(self, pixels: Any) -> dict[str, ImageSeverity]:
        self.assessed += 1
        score = self.level / 7
        return {
            "sexual": ImageSeverity(
                score=score, severity=severity_name(self.level), severity_level=self.level
            )
        }

    def classify(self, pixels: Any, *, top_k: int) -> list[Tag]:
        return [Tag(label="thing", score=0.9, index=0)]


class ScriptedSenses(ScriptedModels):
    """One model that talks, one that sees (blind to explicit images where `blind`), one that hears."""

    def __init__(
        self,
        eyes: ScriptedEyes | None = None,
        ears: ScriptedTranscriber | None = None,
        *,
        speaker: ScriptedModel | None = None,
        blind: bool = False,
    ) -> None:
        super().__init__([speaker or ScriptedModel("Yes.")])
        self._eyes = eyes or ScriptedEyes()
        self._ears = ears or ScriptedTranscriber("nothing")
        self._blind = blind

    @asynccontextmanager
    async def lease(self, capability: Any, name: str | None = None) -> AsyncGenerator[Any]:
        if capability.task == "vision.safety" and self._blind:
            raise ConflictError("open-nsfw is not fetched.")
        if capability.task.startswith("vision"):
            yield self._eyes
        elif capability.task == "transcription":
            yield self._ears
        else:
            async with super().lease(capability, name) as model:
                yield model
