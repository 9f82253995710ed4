"""The bytes of an image that a request refers to: inline, or from a URL where the settings allow it.

It decodes no image; see capabilities/vision/decode.py.
"""

from __future__ import annotations

import base64
import binascii
import urllib.parse
from dataclasses import dataclass
from typing import Final

from prudent.capabilities.offload import offload
from prudent.errors import InvalidRequestError, PermissionDeniedError
from prudent.server.remote_image import fetch_image
from prudent.server.settings import Settings
from prudent.types.image import ImageReference, image_reference

MAX_IMAGE_BYTES: Final = 32 * 2**20
"""The most that is fetched from a URL; what comes inline is bounded by the body."""

_DATA: Final = "data:"
_REMOTE: Final = ("http://", "https://")
_BASE64: Final = ";base64"


@dataclass(frozen=True, slots=True)
class ImageSource:
    """Where the server takes images from. `remote` says whether http(s) URLs are fetched."""

    remote: bool = False

    @classmethod
    def of(cls, settings: Settings) -> ImageSource:
        """As the settings have it."""
        return cls(settings.image_urls)

    async def read(self, image: str | ImageReference, *, param: str = "image") -> bytes:
        """The bytes of the file. `param` is the request's field, for messages.

        Raises:
            InvalidRequestError: it is neither a URL nor base64, or the URL cannot be fetched.
            PermissionDeniedError: URLs are not fetched here, or it leads to an address that is not public.
            RequestTooLargeError: the URL has too many bytes.
        """
        url = image_reference(image).url
        if url[:8].lower().startswith(_REMOTE):
            if not self.remote:
                raise PermissionDeniedError(
                    "This server fetches no images from URLs.",
                    hint="Send the image itself, or start the server with PRUDENT_IMAGE_URLS=1.",
                    param=param,
                )
            return await fetch_image(url, limit=MAX_IMAGE_BYTES, param=param)
        return await offload(inline_bytes, url, param)


def inline_bytes(url: str, param: str = "image") -> bytes:
    """The bytes of a data URL, or of bare base64.

    Raises:
        InvalidRequestError: it is neither.
    """
    if url[: len(_DATA)].lower() != _DATA:
        return _from_base64(url, param)
    head, comma, payload = url.partition(",")
    if not comma:
        raise InvalidRequestError("The image's data URL has no comma.", param=param)
    if head.lower().endswith(_BASE64):
        return _from_base64(payload, param)
    return urllib.parse.unquote_to_bytes(payload)


def _from_base64(text: str, param: str) -> bytes:
    compact = "".join(text.split())
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequestError(
            "The image is neither a data URL, an http(s) URL nor base64.",
            hint="A path is read by the client: client.vision takes one.",
            param=param,
        ) from None
