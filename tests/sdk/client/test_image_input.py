"""Whatever a caller has of an image becomes one reference, and files are read on this side."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from prudent.client.image_input import MAX_FILE_BYTES, as_reference
from prudent.errors import InvalidRequestError, RequestTooLargeError
from prudent.server.image_source import inline_bytes
from prudent.types.image import ImageReference

DATA = b"\x89PNG\r\n\x1a\n and more"


def test_a_path_is_read_and_named(tmp_path: Path) -> None:
    path = tmp_path / "имя 空.png"
    path.write_bytes(DATA)
    for given in (path, str(path)):
        reference = as_reference(given)
        assert reference.name == "имя 空.png"
        assert str(tmp_path) not in reference.url
        assert inline_bytes(reference.url) == DATA


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_travel_as_they_are(kind: type) -> None:
    assert inline_bytes(as_reference(kind(DATA)).url) == DATA


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "CMYK", "1", "I;16"])
def test_a_pil_image_loses_nothing_that_png_can_hold(mode: str) -> None:
    values = np.arange(48, dtype=np.uint8).reshape(4, 4, 3) * 5
    image = Image.fromarray(values).convert(mode) if mode != "I;16" else Image.new(mode, (4, 4), 300)
    back = Image.open(io.BytesIO(inline_bytes(as_reference(image).url)))
    assert back.size == (4, 4)
    assert list(back.convert("RGB").tobytes()) == list(image.convert("RGB").tobytes())


def test_urls_and_base64_are_left_alone() -> None:
    text = base64.b64encode(DATA).decode()
    for given in ("data:image/png;base64," + text, "https://example.org/a.png", text):
        assert as_reference(given) == ImageReference(url=given)
    reference = ImageReference(url="https://example.org/a.png", name="a")
    assert as_reference(reference) is reference


@pytest.mark.parametrize("given", ["no-such-file.png", "a/b.jpg", "", "x" * 5000 + "!", "null\0byte.png"])
def test_what_is_nothing_of_these_is_told(given: str) -> None:
    with pytest.raises(InvalidRequestError, match="no file") as caught:
        as_reference(given)
    assert caught.value.param == "image"
    assert len(caught.value.message) < 200


def test_a_folder_and_other_types_are_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="cannot be read"):
        as_reference(tmp_path)
    with pytest.raises(InvalidRequestError, match="as int"):
        as_reference(7)  # type: ignore[arg-type]


def test_a_huge_file_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(RequestTooLargeError, match=r"huge\.png"):
        as_reference(path)


def test_the_client_does_not_load_pillow() -> None:
    code = "import sys, prudent, prudent.client.resources.vision; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
