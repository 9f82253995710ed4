"""A file's bytes to pixels, in bounded memory and time whatever the bytes are: `decode_image(data)`.

What a file is follows from its bytes, never from its name. Sizes are judged by the header before a pixel is
decoded. It knows no model and no URL.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageStat

from prudent.capabilities.vision.formats import ImageFormat, image_format
from prudent.errors import InvalidRequestError, PrudentError, RequestTooLargeError
from prudent.types.image import ImageInfo

_WHITE: Final = (255, 255, 255)
_BLACK: Final = (0, 0, 0)
_LIGHT: Final = 160
_MOSTLY_SEEN: Final = 127
"""Levels: of grey from which something is light, of opacity from which it is seen."""

_ORIENTATION_TAG: Final = 0x0112
_UPRIGHT: Final = 1
_TRANSPOSES: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What puts an image upright, by its EXIF orientation; any other number means that it is."""

_SIXTEEN_BITS: Final = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})
_LEVELS_OF_16_BITS: Final = 65535

_SCAN: Final = b"\xff\xda"
_MOST_SCANS: Final = 200
"""Of a progressive JPEG: an honest one has about 10, and each costs a pass over the whole image."""


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """The most that a file may have: bytes, and pixels and sides once it is decoded.

    A decoded image takes 3 bytes a pixel and while it is decoded up to 7, so 280 MB at the default.
    """

    bytes: int = 32 * 2**20
    pixels: int = 40_000_000
    side: int = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class DecodedImage:
    """Pixels uint8 (height, width, 3), red green blue, upright; what was transparent is white."""

    pixels: NDArray[np.uint8]
    format: str
    bytes: int
    name: str | None = None
    orientation: int = _UPRIGHT
    warnings: tuple[str, ...] = field(default=())

    @property
    def height(self) -> int:
        """In pixels."""
        return self.pixels.shape[0]

    @property
    def width(self) -> int:
        """In pixels."""
        return self.pixels.shape[1]

    @property
    def info(self) -> ImageInfo:
        """What was read, as answers tell it."""
        return ImageInfo(
            name=self.name,
            format=self.format,
            width=self.width,
            height=self.height,
            bytes=self.bytes,
            orientation=self.orientation,
            warnings=list(self.warnings),
        )


def decode_image(
    data: bytes,
    *,
    name: str | None = None,
    limits: ImageLimits | None = None,
    param: str = "image",
    contrast: bool = False,
) -> DecodedImage:
    """Decode the first frame of a JPEG, PNG, WebP, GIF, BMP or TIFF file.

    `name` is what messages call the file, `param` the request's field that it came in. With `contrast` what
    is transparent becomes black where what can be seen is light: white letters on nothing can then be read.

    Raises:
        UnsupportedMediaError: it is no file of these formats.
        RequestTooLargeError: it has too many bytes or pixels; none of them is decoded.
        InvalidRequestError: it is empty, damaged, cut short, or far too long on one side.
    """
    limits = limits or ImageLimits()
    called = shown_name(name)
    if not data:
        raise InvalidRequestError(f"{called} is empty: it has no bytes.", param=param)
    if len(data) > limits.bytes:
        raise RequestTooLargeError(
            f"{called} has {len(data):,} bytes; {limits.bytes:,} are read.",
            hint="Save the image smaller.",
            param=param,
        )
    kind = image_format(data, called, param)
    try:
        return _decode(data, kind, name, limits, param, contrast)
    except PrudentError:
        raise
    except Exception as error:  # decoders raise whatever a hostile file drives them to
        raise InvalidRequestError(
            f"{called} is a damaged {kind.name} file: {_reason(error)}.",
            hint="Open it in an image viewer and save it again.",
            param=param,
        ) from error


def shown_name(name: str | None) -> str:
    """What a message calls an image."""
    printable = "".join(letter for letter in name or "" if letter.isprintable())
    return printable or "The image"


def _decode(
    data: bytes, kind: ImageFormat, name: str | None, limits: ImageLimits, param: str, contrast: bool
) -> DecodedImage:
    if kind.name == "JPEG" and data.count(_SCAN) > _MOST_SCANS:
        raise InvalidRequestError(
            f"{shown_name(name)} is a JPEG file of more than {_MOST_SCANS} scans.", param=param
        )
    # The format's own class, not Image.open: no registry of formats, no global limits, no warnings.
    with kind.open(io.BytesIO(data)) as image:
        _require_size(image.width, image.height, shown_name(name), limits, param)
        image.load()
        orientation = _orientation(image)
        warnings: list[str] = []
        upright = _flattened(image, warnings, contrast)
        if orientation in _TRANSPOSES:
            upright = upright.transpose(_TRANSPOSES[orientation])
        pixels = np.array(upright)
        if _has_more_frames(image):
            warnings.append("Only the first of several frames was read.")
    return DecodedImage(pixels, kind.name, len(data), name, orientation, tuple(warnings))


def _require_size(width: int, height: int, called: str, limits: ImageLimits, param: str) -> None:
    if width < 1 or height < 1:
        raise InvalidRequestError(f"{called} has no pixels ({width} x {height}).", param=param)
    if width * height > limits.pixels:
        raise RequestTooLargeError(
            f"{called} has {width:,} x {height:,} pixels; {limits.pixels:,} are read.",
            hint="Scale the image down.",
            param=param,
        )
    if max(width, height) > limits.side:
        raise InvalidRequestError(
            f"{called} has {width:,} x {height:,} pixels; sides of up to {limits.side:,} are read.",
            hint="Cut the image into pieces.",
            param=param,
        )


def _orientation(image: Image.Image) -> int:
    """EXIF's number from 1 to 8; what is damaged or not defined counts as upright."""
    try:
        value = image.getexif().get(_ORIENTATION_TAG, _UPRIGHT)
    except Exception:  # noqa: BLE001 damaged EXIF makes no image unreadable
        return _UPRIGHT
    return value if isinstance(value, int) and value in _TRANSPOSES else _UPRIGHT


def _flattened(image: Image.Image, warnings: list[str], contrast: bool) -> Image.Image:
    """The image as RGB of 8 bits."""
    if image.mode in _SIXTEEN_BITS:
        values = np.asarray(image).astype(np.int64).clip(0, _LEVELS_OF_16_BITS)
        return Image.fromarray((values * 255 // _LEVELS_OF_16_BITS).astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    layered = image.convert("RGBA")
    alpha = layered.getchannel("A")
    ground = _BLACK if contrast and _is_light(layered, alpha) else _WHITE
    if alpha.getextrema() != (255, 255):
        warnings.append(f"Transparent parts were taken as {'black' if ground is _BLACK else 'white'}.")
    flat = Image.new("RGB", layered.size, ground)
    flat.paste(layered, mask=alpha)
    return flat


def _is_light(layered: Image.Image, alpha: Image.Image) -> bool:
    """Whether what can be seen is nearer to white, and most can be seen through."""
    if np.asarray(alpha).mean() > _MOSTLY_SEEN:
        return False
    seen = ImageStat.Stat(layered.convert("L"), mask=alpha.point(_opaque))
    return bool(seen.count[0]) and seen.mean[0] > _LIGHT


def _opaque(level: int) -> int:
    return 255 if level > _MOSTLY_SEEN else 0


def _has_more_frames(image: Image.Image) -> bool:
    """Whether there is a second frame. Counting them all would read a file of a million frames."""
    try:
        image.seek(1)
    except Exception:  # noqa: BLE001 the end of the file, or what is behind the first frame is damaged
        return False
    return True


def _reason(error: Exception) -> str:
    """Pillow's words where they are some, without addresses of objects."""
    text = str(error).partition("\n")[0].strip().rstrip(".")
    return text[:120] if text and "0x" not in text and "<" not in text else "it cannot be decoded"
