"""Decoding images: the odd but good succeed, the broken and hostile get a clear answer, in little memory."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from prudent.capabilities.vision.decode import DecodedImage, ImageLimits, decode_image
from prudent.errors import InvalidRequestError, PrudentError, RequestTooLargeError, UnsupportedMediaError

BAD = Path(__file__).parents[5] / "shared" / "data" / "media" / "bad"
IMAGES = (".png", ".jpg", ".gif", ".webp", ".svg", ".bin", ".docx")


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *, pixels: bytes = b"", more: bytes = b"") -> bytes:
    """A grey PNG that says it is so large, whatever is in it."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + more + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    x = np.linspace(0, 255, 48, dtype=np.uint8)
    return Image.fromarray(np.stack(np.broadcast_arrays(x[None], x[:32, None], np.uint8(90)), -1).copy())


def _manifest() -> list[dict]:
    if not BAD.is_dir():
        return []
    rows = [json.loads(line) for line in (BAD / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row["file"].endswith(IMAGES)]


@pytest.mark.skipif(not BAD.is_dir(), reason="the shared media are not here")
@pytest.mark.parametrize("row", _manifest(), ids=lambda row: row["file"])
def test_every_broken_file_gets_the_answer_that_its_manifest_asks_for(row):
    data, name = (BAD / row["file"]).read_bytes(), row["file"]
    if row["should_succeed"]:
        image = decode_image(data, name=name)
        assert image.pixels.dtype == np.uint8
        assert image.info.name == name
        assert ("warning" in row["expect"]) == bool(image.warnings) or "flatten" in row["expect"]
        return
    with pytest.raises(InvalidRequestError) as caught:
        decode_image(data, name=name)
    assert name in caught.value.message
    for status in (413, 415):
        if f"{status}" in row["expect"]:
            assert caught.value.http_status == status
    assert caught.value.http_status in (400, 413, 415)


@pytest.mark.skipif(not BAD.is_dir(), reason="the shared media are not here")
def test_all_broken_files_together_take_little_memory():
    script = (
        "import resource, sys\nfrom pathlib import Path\n"
        "from prudent.capabilities.vision.decode import decode_image\n"
        "from prudent.errors import PrudentError\n"
        "start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "for path in Path(sys.argv[1]).iterdir():\n"
        "    try:\n        decode_image(path.read_bytes())\n"
        "    except PrudentError:\n        pass\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(BAD)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 64 * 1024  # KiB


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("BMP", {}), ("TIFF", {"compression": "tiff_lzw"}), ("WEBP", {"lossless": True})],
)
def test_lossless_formats_give_the_pixels_that_went_in(photo, kind, options):
    image = decode_image(encoded(photo, kind, **options))
    np.testing.assert_array_equal(image.pixels, np.asarray(photo))
    assert image.format.upper() == kind
    assert (image.width, image.height, image.orientation, image.warnings) == (48, 32, 1, ())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_turned_upright(photo, orientation):
    """The same as Pillow's own transposition, for every orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(photo, "JPEG", exif=exif, quality=95)
    image = decode_image(data)
    from PIL import ImageOps

    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    np.testing.assert_array_equal(image.pixels, np.asarray(expected))
    assert image.orientation == orientation


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_makes_no_image_unreadable(photo):
    data = encoded(photo, "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff")
    assert decode_image(data).orientation == 1


def test_transparent_is_white_and_half_transparent_is_between(photo):
    layered = Image.new("RGBA", (3, 1))
    layered.putdata([(255, 0, 0, 255), (255, 0, 0, 0), (0, 0, 0, 128)])
    image = decode_image(encoded(layered))
    assert image.pixels[0].tolist() == [[255, 0, 0], [255, 255, 255], [127, 127, 127]]
    assert image.warnings == ("Transparent parts were taken as white.",)


def test_a_colour_of_the_palette_can_be_transparent(photo):
    palette = photo.convert("P", palette=Image.Palette.ADAPTIVE, colors=8)
    first = palette.getpixel((0, 0))
    image = decode_image(encoded(palette, transparency=first))
    assert image.pixels[0, 0].tolist() == [255, 255, 255]


def test_sixteen_bits_are_scaled_not_clipped():
    deep = Image.fromarray(np.array([[0, 257, 32768, 65535]], np.uint16))
    assert decode_image(encoded(deep)).pixels[0, :, 0].tolist() == [0, 1, 127, 255]


def test_cmyk_grey_and_one_bit_become_colours(photo):
    for mode in ("CMYK", "L", "1", "YCbCr"):
        kind = "TIFF" if mode == "1" else "JPEG"
        pixels = decode_image(encoded(photo.convert(mode), kind)).pixels
        assert pixels.shape == (32, 48, 3)
        if mode in ("CMYK", "YCbCr"):
            assert np.abs(pixels.astype(int) - np.asarray(photo)).mean() < 10


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_the_first_of_several_frames_is_read_and_said(kind, photo):
    frames = [photo, Image.new("RGB", photo.size, "red"), Image.new("RGB", photo.size, "blue")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    image = decode_image(data)
    assert np.abs(image.pixels.astype(int) - np.asarray(photo)).mean() < 12
    assert image.warnings == ("Only the first of several frames was read.",)


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (b"", InvalidRequestError, "is empty"),
        (b"hello there", UnsupportedMediaError, "not an image in a format that is known"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", UnsupportedMediaError, "vector images are not read"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><svg/>", UnsupportedMediaError, "vector images are not read"),
        (b"%PDF-1.7\n", UnsupportedMediaError, "PDF document"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", UnsupportedMediaError, "HEIC"),
        (png(30_000, 10_000), RequestTooLargeError, "30,000 x 10,000 pixels"),
        (png(2**31 - 1, 2**31 - 1), RequestTooLargeError, "pixels"),
        (png(60_000, 4), InvalidRequestError, "sides of up to"),
        (png(0, 4), InvalidRequestError, "x.png"),
        (png(8, 8, pixels=bytes(20)), InvalidRequestError, "damaged PNG"),
        (b"\xff\xd8\xff" + b"\xff\xda" * 300, InvalidRequestError, "scans"),
    ],
)
def test_each_defect_has_its_own_words(data, error, words):
    with pytest.raises(error, match=words) as caught:
        decode_image(data, name="x.png", param="picture")
    assert "x.png" in caught.value.message
    assert caught.value.param == "picture"


def test_limits_are_those_that_are_given(photo):
    with pytest.raises(RequestTooLargeError, match="bytes"):
        decode_image(encoded(photo), limits=ImageLimits(bytes=100))
    with pytest.raises(RequestTooLargeError, match="pixels"):
        decode_image(encoded(photo), limits=ImageLimits(pixels=48 * 32 - 1))
    assert decode_image(encoded(photo), limits=ImageLimits(pixels=48 * 32)).width == 48


def test_a_file_is_called_what_it_is_called_without_control_characters(photo):
    with pytest.raises(InvalidRequestError, match=r"^два 空格\.png is empty"):
        decode_image(b"", name="два \x1b空格.png")


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"]),
    changes=st.lists(st.tuples(st.integers(0, 900), st.binary(min_size=1, max_size=6)), max_size=5),
    cut=st.integers(1, 2000),
)
def test_a_damaged_file_is_pixels_or_an_error_for_people(kind, changes, cut):
    x = np.linspace(0, 255, 24, dtype=np.uint8)
    content = bytearray(encoded(Image.fromarray(np.stack([x + i for i in range(20)])), kind))
    for place, data in changes:
        content[place : place + len(data)] = data
    answer = outcome(bytes(content[:cut]))
    if isinstance(answer, PrudentError):
        assert answer.http_status in (400, 413, 415)
        assert "0x" not in answer.message
    else:
        assert answer.pixels.shape == (answer.height, answer.width, 3)


def outcome(data: bytes) -> DecodedImage | PrudentError:
    try:
        return decode_image(data, limits=ImageLimits(pixels=1_000_000))
    except PrudentError as error:
        return error
