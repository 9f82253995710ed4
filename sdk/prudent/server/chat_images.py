"""Images of a conversation to words, for models that have no eyes: what they may show, and the text in them.

The words are parts of source `image`: the checks see them as such, and nobody is to follow them. Each image
is decoded once. Knows no check and no HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from prudent.capabilities.interface import Models
from prudent.capabilities.interface.classification import CLASSIFICATION
from prudent.capabilities.offload import offload
from prudent.errors import InvalidRequestError
from prudent.server.image_source import ImageSource
from prudent.server.perceiving import read_image, severities
from prudent.server.seeing import decoded
from prudent.types.chat import ChatMessage
from prudent.types.chat_images import ChatImage
from prudent.types.content import ImagePart, Source, TextPart
from prudent.types.vision import Tag

if TYPE_CHECKING:
    from prudent.capabilities.vision.decode import DecodedImage

MOST_IMAGES: Final = 8
"""Of one request; reading one takes about a second."""

_TAGS: Final = 3
_LEAST_SCORE: Final = 0.2
"""Classes that are less probable are not mentioned: a small model would take them for what is there."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an image stands."""

    message: int
    part: int
    content: ImagePart

    @property
    def param(self) -> str:
        return f"messages[{self.message}].content[{self.part}].image_url"


async def tell_images(
    messages: Sequence[ChatMessage], models: Models, source: ImageSource, *, assess: bool = False
) -> tuple[list[ChatMessage], list[ChatImage]]:
    """The conversation with words in place of its images, and what was done with each.

    `assess` says whether to find out how explicit they are.

    Raises:
        InvalidRequestError: there are more than MOST_IMAGES, or one of them cannot be decoded.
        PermissionDeniedError: one is a URL that is not fetched.
        ModelNotFoundError: a model that looks at images is not on this machine.
    """
    places = [
        _Place(index, number, part)
        for index, message in enumerate(messages)
        if isinstance(message.content, list)
        for number, part in enumerate(message.content)
        if isinstance(part, ImagePart)
    ]
    if not places:
        return list(messages), []
    if len(places) > MOST_IMAGES:
        raise InvalidRequestError(
            f"The conversation has {len(places)} images; {MOST_IMAGES} are looked at.",
            hint="Leave out the older ones.",
            param=places[MOST_IMAGES].param,
        )
    told: list[ChatImage] = []
    words: dict[tuple[int, int], TextPart] = {}
    for number, place in enumerate(places, 1):
        image = await decoded(source, place.content.image_url.url, param=place.param)
        seen, text = await _look(image, place, models, assess=assess)
        told.append(seen)
        part = TextPart(text=_words(number, seen, text), source=Source.IMAGE)
        words[place.message, place.part] = part
    return [_with_words(message, index, words) for index, message in enumerate(messages)], told


async def _look(image: DecodedImage, place: _Place, models: Models, *, assess: bool) -> tuple[ChatImage, str]:
    """What is known of an image, and the text in it."""
    async with models.lease(CLASSIFICATION) as classifier:
        tags = await offload(classifier.classify, image.pixels, top_k=_TAGS)
        used, text, read = [classifier.id], "", place.content.image_url.detail != "low"
    found = await severities(image, models) if assess else None
    if found is not None:
        used.append(found.by)
    if read:
        page, reader = await read_image(image, models)
        used.append(reader)
        text = page.text
    seen = ChatImage(
        message=place.message,
        part=place.part,
        image=image.info,
        tags=[tag for tag in tags if tag.score >= _LEAST_SCORE],
        text_characters=len(text) if read else None,
        categories=None if found is None else found.categories,
        models=used,
    )
    return seen, text


def _words(number: int, seen: ChatImage, text: str) -> str:
    """What the model is told of an image."""
    lines = [f"[Image {number}, {seen.image.width} x {seen.image.height} pixels."]
    if seen.tags:
        lines.append(f"It may show: {', '.join(map(_tag, seen.tags))}.")
    if text:
        lines.append(f"Text in the image:\n{text}")
    elif seen.text_characters is not None:
        lines.append("There is no text in it.")
    return "\n" + "\n".join(lines) + "]\n"


def _tag(tag: Tag) -> str:
    return f"{tag.label} ({tag.score:.0%})"


def _with_words(message: ChatMessage, index: int, words: dict[tuple[int, int], TextPart]) -> ChatMessage:
    if not isinstance(message.content, list):
        return message
    content = [words.get((index, number), part) for number, part in enumerate(message.content)]
    return message.model_copy(update={"content": content})
