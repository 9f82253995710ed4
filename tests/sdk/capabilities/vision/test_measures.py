"""Colours, sharpness and hashes: what is known of made images, and what must not change a hash."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from prudent.capabilities.vision.measures import dominant_colors, perceptual_hash, sharpness
from prudent.compiler.calibration.pictures import calibration_pictures


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return calibration_pictures(8, 224, 11)


def distance(first: str, second: str) -> int:
    return (int(first, 16) ^ int(second, 16)).bit_count()


def changed(pixels: np.ndarray, how: str) -> np.ndarray:
    image = Image.fromarray(pixels)
    match how:
        case "smaller":
            image = image.resize((90, 90), Image.Resampling.LANCZOS)
        case "larger":
            image = image.resize((500, 500), Image.Resampling.BICUBIC)
        case "brighter":
            image = image.point([min(255, level + 12) for level in range(256)] * 3)
        case "saved as JPEG":
            buffer = io.BytesIO()
            image.save(buffer, "JPEG", quality=60)
            image = Image.open(buffer)
    return np.array(image)


@pytest.mark.parametrize("how", ["smaller", "larger", "brighter", "saved as JPEG"])
def test_a_copy_has_nearly_the_same_hash(pictures, how):
    distances = [distance(perceptual_hash(one), perceptual_hash(changed(one, how))) for one in pictures]
    assert max(distances) <= 8
    assert np.mean(distances) <= 3


def test_other_pictures_have_other_hashes(pictures):
    hashes = [perceptual_hash(one) for one in pictures]
    distances = [distance(a, b) for i, a in enumerate(hashes) for b in hashes[:i]]
    assert min(distances) > 12
    assert 24 < np.mean(distances) < 40


def test_a_hash_is_that_of_the_cosine_transform(pictures):
    """The definition, a coefficient at a time."""
    grey = np.asarray(
        Image.fromarray(pictures[0])
        .resize((32, 32), Image.Resampling.LANCZOS, reducing_gap=3.0)
        .convert("L"),
        np.float64,
    )
    place = np.arange(32)
    low = [
        (
            grey
            * np.outer(np.cos(np.pi * u * (2 * place + 1) / 64), np.cos(np.pi * v * (2 * place + 1) / 64))
        ).sum()
        for u in range(8)
        for v in range(8)
    ]
    bits = [value > np.median(low[1:]) for value in low]
    assert perceptual_hash(pictures[0]) == f"{int(''.join(str(int(bit)) for bit in bits), 2):016x}"


def test_colours_of_a_flag_have_their_shares():
    flag = np.zeros((90, 120, 3), np.uint8)
    flag[:45], flag[45:, :60], flag[45:, 60:] = (200, 10, 10), (10, 10, 200), (250, 250, 250)
    found = dominant_colors(flag)[:3]
    levels = np.array([[int(color.hex[at : at + 2], 16) for at in (1, 3, 5)] for color in found])
    order = np.argsort(levels[1:, 0]) + 1
    expected = [(200, 10, 10), (10, 10, 200), (250, 250, 250)]
    np.testing.assert_allclose(levels[[0, *order]], expected, atol=8)
    np.testing.assert_allclose([found[at].share for at in (0, *order)], [0.5, 0.25, 0.25], atol=0.03)


def test_a_blurred_picture_is_less_sharp_and_said_to_be(pictures):
    for pixels in pictures:
        soft = np.array(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(6)))
        assert sharpness(soft).variance < sharpness(pixels).variance
        assert sharpness(soft).blurred
        assert not sharpness(pixels).blurred


@settings(max_examples=30, deadline=None)
@given(height=st.integers(1, 70), width=st.integers(1, 70), level=st.integers(0, 255))
def test_every_size_can_be_measured(height, width, level):
    pixels = np.full((height, width, 3), level, np.uint8)
    assert len(perceptual_hash(pixels)) == 16
    assert dominant_colors(pixels)[0].share == pytest.approx(1.0)
    assert sharpness(pixels).variance == 0.0
