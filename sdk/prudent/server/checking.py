"""Parts that are put to the checks for their verdicts alone, as the guard sees them. Knows no HTTP."""

from __future__ import annotations

from collections.abc import Sequence

from prudent.capabilities.interface import Models
from prudent.server.attended import Performed
from prudent.server.image_source import ImageSource
from prudent.server.perceiving import hear_sound, read_image, severities
from prudent.server.seeing import decoded
from prudent.types.content import ImageUrl, Source
from prudent.types.safety import Action, PromptFilterResult, SafetyInfo
from prudent.types.safety_check import (
    CHECK_SAFETY,
    CheckedPart,
    ImageToCheck,
    PartToCheck,
    SafetyCheck,
    SafetyCheckRequest,
    SoundToCheck,
)
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.verdict import overall, sternest


class Checking(Performed[SafetyCheck]):
    """One request for verdicts. Nothing is refused: the verdict is the answer."""

    route = CHECK_SAFETY.path
    model = ""
    refuses = False

    def __init__(
        self, request: SafetyCheckRequest, images: ImageSource | None = None, *, longest: float = 0.0
    ) -> None:
        """`images` says where images may be fetched from, `longest` how many seconds of sound are heard."""
        self.user = request.user
        self.metadata = request.metadata
        self._parts = request.parts
        self._images = images or ImageSource()
        self._longest = longest

    async def perform(self, models: Models) -> SafetyCheck:
        """Put images and sounds into words."""
        parts = [await self._perceived(part, index, models) for index, part in enumerate(self._parts)]
        return SafetyCheck(blocked=False, action=Action.ALLOW, parts=parts)

    async def _perceived(
        self, part: PartToCheck | ImageToCheck | SoundToCheck, index: int, models: Models
    ) -> CheckedPart:
        param = f"input[{index}]"
        if isinstance(part, ImageToCheck):
            return await seen_part(part.image_url, models, self._images, param=f"{param}.image_url")
        if isinstance(part, SoundToCheck):
            sound = part.input_audio
            heard = await hear_sound(sound, models, longest=self._longest, param=f"{param}.input_audio.data")
            return _unchecked(part.source, heard.text).model_copy(update={"language": heard.language})
        return _unchecked(part.source, part.text)

    def outputs(self, result: SafetyCheck) -> Sequence[Part]:
        """Every part."""
        return [
            Part(part.text or "", part.source, part_index=index, image=part.categories)
            for index, part in enumerate(result.parts)
        ]

    def with_outputs(
        self, result: SafetyCheck, texts: Sequence[str], verdicts: Sequence[PromptFilterResult]
    ) -> SafetyCheck:
        """The verdicts, part by part."""
        parts = [
            _checked(part, text, verdict)
            for part, text, verdict in zip(result.parts, texts, verdicts, strict=True)
        ]
        action = sternest([part.action for part in parts])
        return SafetyCheck(blocked=action is Action.BLOCK, action=action, parts=parts)

    def with_safety(
        self, result: SafetyCheck, safety: SafetyInfo, prompt: Sequence[PromptFilterResult]
    ) -> SafetyCheck:
        """The verdicts with what stood guard."""
        del prompt
        return result.model_copy(update={"safety": safety})


async def seen_part(image: ImageUrl, models: Models, source: ImageSource, *, param: str) -> CheckedPart:
    """An image as a part to be checked: the text in it unless its `detail` is "low", and what it shows.

    Raises:
        InvalidRequestError, PermissionDeniedError: it cannot be read; `param` names the field.
        ModelNotFoundError: the model that reads is not on this machine.
    """
    pixels = await decoded(source, image.url, param=param)
    found = await severities(pixels, models)
    text = ""
    if image.detail != "low":
        page, _ = await read_image(pixels, models)
        text = page.text
    seen = {"image": pixels.info, "categories": None if found is None else found.categories}
    return _unchecked(Source.IMAGE, text).model_copy(update=seen)


def _unchecked(source: Source, text: str) -> CheckedPart:
    return CheckedPart(source=source, action=Action.ALLOW, text=text, content_filter_results={})


def _checked(part: CheckedPart, text: str, verdict: PromptFilterResult) -> CheckedPart:
    action = overall(verdict.content_filter_results)
    return part.model_copy(
        update={
            "action": action,
            "text": None if action is Action.BLOCK else text,
            "content_filter_results": verdict.content_filter_results,
        }
    )
