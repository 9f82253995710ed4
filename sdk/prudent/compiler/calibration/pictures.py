"""Pictures to calibrate and compare vision networks on: dead leaves drawn from a seed, not one photograph.

Discs and boxes of all sizes that cover each other, each with a colour, a slope and a texture whose spectrum
falls with frequency, have the statistics of natural images that filters respond to (edges at all scales,
contrast, correlated colours): Lee, Mumford, Huang, "Occlusion models for natural images", IJCV 2001.
Whether that is near enough to photographs is measured, not assumed: see docs/vision.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_TEXTURES = 4
_LEAST_LEAVES, _MOST_LEAVES = 3, 60
_SMALLEST_RADIUS = 4.0
"""Pixels. Radii follow the law 1 / r^2 that makes the picture look alike at every scale."""

_BOX_SHARE = 0.4


def calibration_pictures(count: int, size: int, seed: int) -> NDArray[np.uint8]:
    """Pictures (count, size, size, 3), RGB; the same for the same arguments."""
    random = np.random.default_rng(seed)
    return np.stack([_picture(random, size) for _ in range(count)])


def _picture(random: np.random.Generator, size: int) -> NDArray[np.uint8]:
    textures = [_texture(random, size) for _ in range(_TEXTURES)]
    picture = (textures[0] * random.uniform(5, 60) + random.uniform(30, 220, 3)).astype(np.float32)
    for _ in range(int(random.integers(_LEAST_LEAVES, _MOST_LEAVES))):
        _cover(random, picture, textures[int(random.integers(_TEXTURES))])
    return picture.clip(0, 255).astype(np.uint8)


def _cover(random: np.random.Generator, picture: NDArray[np.float32], texture: NDArray[np.float32]) -> None:
    """Lay one leaf on the picture."""
    size = len(picture)
    radius = min(size / 2, _SMALLEST_RADIUS / random.uniform(0.03, 1))
    centre, aspect, angle = random.uniform(0, size, 2), random.uniform(0.4, 2.5), random.uniform(0, np.pi)
    box, grey = random.random() < _BOX_SHARE, random.random() < 0.5
    colour = random.uniform(0, 255) + random.normal(0, 25, 3) if grey else random.uniform(0, 255, 3)
    slopes, contrast, shift = 0.5 * random.normal(size=2), random.uniform(0, 35), random.integers(0, size, 2)
    reach = radius * max(1.0, aspect) * np.sqrt(2)
    top, left = (max(0, int(place - reach)) for place in centre)
    bottom, right = (min(size, int(place + reach) + 2) for place in centre)
    y, x = np.mgrid[top:bottom, left:right].astype(np.float32) - centre.astype(np.float32)[:, None, None]
    u = (x * np.cos(angle) + y * np.sin(angle)) / aspect
    v = y * np.cos(angle) - x * np.sin(angle)
    inside = (np.abs(u) < radius) & (np.abs(v) < radius) if box else u * u + v * v < radius * radius
    shifted = np.roll(texture, shift, axis=(0, 1))[top:bottom, left:right]
    leaf = colour + (slopes[0] * u + slopes[1] * v)[..., None] + shifted * contrast
    picture[top:bottom, left:right][inside] = leaf[inside]


def _texture(random: np.random.Generator, size: int) -> NDArray[np.float32]:
    """Noise of unit variance with the spectrum 1 / f^a, its colours correlated: (size, size, 3)."""
    frequency = np.fft.fftfreq(size).astype(np.float32)
    falloff = np.hypot(frequency[: size // 2 + 1], frequency[:, None])
    falloff[0, 0] = 1.0
    white = np.fft.rfft2(random.standard_normal((3, size, size), np.float32))
    noise = np.fft.irfft2(white / falloff ** random.uniform(0.5, 1.6), (size, size))
    noise /= noise.std(axis=(1, 2), keepdims=True)
    mixing = 0.4 * random.normal(size=(3, 3)) + 0.6
    return np.tensordot(mixing, noise, 1).transpose(1, 2, 0).astype(np.float32)
