"""What became of the images of a conversation, on the wire. Knows no message."""

from __future__ import annotations

from prudent.types.base import ResponseModel
from prudent.types.image import ImageInfo
from prudent.types.vision import ImageSeverity, Tag


class ChatImage(ResponseModel):
    """An image that a model without eyes was told about in words: what it may show, and the text in it.

    `message` and `part` say where it stood. `text_characters` counts the text that was read, before the
    checks; it is None where none was looked for (`detail` "low"). `categories` are the severities
    of what it shows, where the policy has them looked for. `models` name who looked.
    """

    message: int
    part: int
    image: ImageInfo
    tags: list[Tag] = []
    text_characters: int | None = None
    categories: dict[str, ImageSeverity] | None = None
    models: list[str] = []
