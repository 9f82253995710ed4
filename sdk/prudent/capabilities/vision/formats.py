"""Which formats of images are read, and how a file shows by its first bytes what it is. Decodes nothing."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from prudent.errors import UnsupportedMediaError


@dataclass(frozen=True, slots=True)
class ImageFormat:
    """A format that is read: `open` reads its header."""

    name: str
    open: Callable[[io.BytesIO], ImageFile.ImageFile]


_JPEG: Final = ImageFormat("JPEG", JpegImagePlugin.JpegImageFile)
_PNG: Final = ImageFormat("PNG", PngImagePlugin.PngImageFile)
_WEBP: Final = ImageFormat("WebP", WebPImagePlugin.WebPImageFile)
_GIF: Final = ImageFormat("GIF", GifImagePlugin.GifImageFile)
_BMP: Final = ImageFormat("BMP", BmpImagePlugin.BmpImageFile)
_TIFF: Final = ImageFormat("TIFF", TiffImagePlugin.TiffImageFile)

_BEGINNINGS: Final = (
    (b"\xff\xd8\xff", _JPEG),
    (b"\x89PNG\r\n\x1a\n", _PNG),
    (b"GIF87a", _GIF),
    (b"GIF89a", _GIF),
    (b"BM", _BMP),
    (b"II*\x00", _TIFF),
    (b"MM\x00*", _TIFF),
)

_READ: Final = "JPEG, PNG, WebP, GIF, BMP and TIFF are read"

_ISO_BRANDS: Final = {b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIC", b"avif": "AVIF", b"avis": "AVIF"}
_HEAD: Final = 1024
"""Bytes in which the root element of a drawing is looked for."""


def image_format(data: bytes, called: str, param: str) -> ImageFormat:
    """The format of a file. `called` is its name for messages, `param` the field that it came in.

    Raises:
        UnsupportedMediaError: it is none that is read; the message says what it is, where that shows.
    """
    for beginning, kind in _BEGINNINGS:
        if data.startswith(beginning):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _WEBP
    raise UnsupportedMediaError(f"{called} {_what(data)}; {_READ}.", hint=_hint(data), param=param)


def _what(data: bytes) -> str:
    head = data[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith(b"<") and (b"<svg" in head or b"<!doctype svg" in head or b"<?xml" in head):
        return "is a drawing (SVG or other XML), and vector images are not read"
    if head.startswith(b"%pdf"):
        return "is a PDF document, not an image"
    if data[4:8] == b"ftyp" and data[8:12] in _ISO_BRANDS:
        return f"is an image in the format {_ISO_BRANDS[data[8:12]]}"
    return "is not an image in a format that is known"


def _hint(data: bytes) -> str:
    if data.startswith(b"%PDF"):
        return "Pages of documents are read by client.vision.read."
    return "Save it as JPEG or PNG."
