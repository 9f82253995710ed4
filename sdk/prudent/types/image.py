"""An image in a request: where its bytes are, and what it is called. Knows no format and decodes nothing."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from prudent.types.base import RequestModel, ResponseModel


class ImageReference(RequestModel):
    """`url` is a data URL, the bare base64 of a file, or an http(s) URL where the server's settings allow it.

    `name` is what messages and answers call the image, for example a file's name without its folder.
    """

    url: str = Field(min_length=1)
    name: str | None = Field(default=None, min_length=1, max_length=255)


ImageField = Annotated[str, Field(min_length=1)] | ImageReference
"""An image as a request gives it: a reference, or no more than its URL or base64."""


def image_reference(image: str | ImageReference) -> ImageReference:
    """The reference that a request's field stands for."""
    return ImageReference(url=image) if isinstance(image, str) else image


class ImageInfo(ResponseModel):
    """What was read: size in pixels after `orientation` (EXIF, 1 to 8) was applied, and the file's format.

    `warnings` say what was not taken as it is: only the first of several frames, a transparent part.
    """

    name: str | None = None
    format: str
    width: int
    height: int
    bytes: int
    orientation: int = 1
    warnings: list[str] = []
