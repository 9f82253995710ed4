"""An image or a recording to what the checks can judge: the text in it, and how explicit the image is.

Shared by all routes that take images or sounds for their meaning. Knows no check, no policy and no HTTP.
"""

from __future__ import annotations

import io
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prudent.capabilities.interface import Models
from prudent.capabilities.interface.image_safety import IMAGE_SAFETY
from prudent.capabilities.interface.reading import READING
from prudent.capabilities.interface.transcription import HearingOptions, Recording
from prudent.capabilities.offload import offload
from prudent.errors import ConflictError, InvalidRequestError, ModelNotFoundError
from prudent.server.heard import text_of
from prudent.server.image_source import inline_bytes
from prudent.server.transcribing import heard_parts
from prudent.types.content import InputAudio
from prudent.types.reading import TextPage
from prudent.types.vision import ImageSeverity

if TYPE_CHECKING:
    from prudent.capabilities.vision.decode import DecodedImage


@dataclass(frozen=True, slots=True)
class Severities:
    """What a model said of an image, by category. `by` is the model's id."""

    categories: dict[str, ImageSeverity]
    by: str


@dataclass(frozen=True, slots=True)
class SoundText:
    """What was said in a recording. `language` is a code, None where nobody spoke."""

    text: str
    language: str | None


async def read_image(image: DecodedImage, models: Models) -> tuple[TextPage, str]:
    """The text in an image, and the id of the model that read it; raises as `lease`."""
    async with models.lease(READING) as reader:
        return await offload(reader.read_pixels, image.pixels), reader.id


async def severities(image: DecodedImage, models: Models) -> Severities | None:
    """How explicit an image is; None where the model for it is not on this machine.

    The check of images then says that it is unverified, and the policy what follows from that.
    """
    try:
        async with models.lease(IMAGE_SAFETY) as scorer:
            return Severities(await offload(scorer.assess, image.pixels), scorer.id)
    except (ModelNotFoundError, ConflictError):
        return None


async def hear_sound(sound: InputAudio, models: Models, *, longest: float, param: str) -> SoundText:
    """What is said in a recording of at most `longest` seconds.

    Raises:
        InvalidRequestError, UnsupportedMediaError: it is no recording; `param` names the field.
        RequestTooLargeError: it is too long.
    """
    try:
        data = await offload(inline_bytes, sound.data, param)
    except InvalidRequestError:
        raise InvalidRequestError(
            "The recording is neither base64 nor a data URL.", hint="Send the bytes of its file.", param=param
        ) from None
    recording = Recording(io.BytesIO(data), "The recording", longest)
    pieces: list[str] = []
    language: str | None = None
    async with aclosing(heard_parts(models, None, recording, HearingOptions())) as parts:
        async for part in parts:
            pieces.append(text_of(part.segments))
            language = part.language or language
    return SoundText("".join(pieces).strip(), language)
