"""What a caller has of an image (a path, bytes, a PIL image, a URL, base64) as a reference to send.

It decides by what it is given and reads no pixels: whether it is an image is the server's to say.
"""

from __future__ import annotations

import base64
import binascii
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from prudent.errors import InvalidRequestError, RequestTooLargeError
from prudent.types.image import ImageReference

if TYPE_CHECKING:
    from PIL.Image import Image

ImageInput: TypeAlias = "str | os.PathLike[str] | bytes | Image | ImageReference"
"""A path, a file's bytes, a PIL image, or as text: a path, a data URL, an http(s) URL, base64."""

MAX_FILE_BYTES = 64 * 2**20
"""The largest file that is read to be sent; servers take less by default (max_body_bytes)."""

_URLS = ("data:", "http://", "https://")
_LONGEST_PATH = 4096
_PNG_COMPRESSION = 1
"""Fast: the image travels to a server that is most often on this machine."""

_SAVED_MODES = frozenset({"1", "L", "LA", "I", "I;16", "P", "RGB", "RGBA"})
"""What PNG can hold as it is."""


def as_reference(image: ImageInput) -> ImageReference:
    """The image as it travels. Files are read here, so a server elsewhere never sees a path.

    Raises:
        InvalidRequestError: there is no such file, it cannot be read, or this is no image input.
        RequestTooLargeError: the file is larger than MAX_FILE_BYTES.
    """
    if isinstance(image, ImageReference):
        return image
    if isinstance(image, bytes | bytearray | memoryview):
        return ImageReference(url=_data_url(bytes(image)))
    if isinstance(image, os.PathLike):
        return _file(Path(image))
    if isinstance(image, str):
        return _text(image)
    pillow = sys.modules.get("PIL.Image")
    if pillow is not None and isinstance(image, pillow.Image):
        return ImageReference(url=_data_url(_png(image)))
    raise InvalidRequestError(
        f"An image cannot be given as {type(image).__name__}.",
        hint="Give a path, bytes, a PIL image, a data URL or base64.",
        param="image",
    )


def _text(image: str) -> ImageReference:
    if image.lower().startswith(_URLS):
        return ImageReference(url=image)
    if 0 < len(image) <= _LONGEST_PATH and "\0" not in image and Path(image).exists():
        return _file(Path(image))
    if image and _is_base64(image):
        return ImageReference(url=image)
    shown = image if len(image) <= 80 else f"{image[:80]}…"
    raise InvalidRequestError(
        f"There is no file {shown!r}, and it is neither a URL nor base64.",
        hint="Check the path.",
        param="image",
    )


def _is_base64(text: str) -> bool:
    if "." in text or len(text) % 4:
        return False
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _file(path: Path) -> ImageReference:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InvalidRequestError(
            f"{path} cannot be read: {error.strerror}.", hint="Check the path.", param="image"
        ) from None
    if len(data) > MAX_FILE_BYTES:
        raise RequestTooLargeError(
            f"{path.name} is larger than {MAX_FILE_BYTES >> 20} MiB.",
            hint="Save the image smaller.",
            param="image",
        )
    return ImageReference(url=_data_url(data), name=path.name)


def _data_url(data: bytes) -> str:
    return f"data:application/octet-stream;base64,{base64.b64encode(data).decode('ascii')}"


def _png(image: Image) -> bytes:
    buffer = io.BytesIO()
    if image.mode not in _SAVED_MODES:
        image = image.convert("RGB")
    image.save(buffer, format="PNG", compress_level=_PNG_COMPRESSION)
    return buffer.getvalue()
