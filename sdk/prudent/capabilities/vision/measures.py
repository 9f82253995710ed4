"""What can be measured of an image without a model: its main colours, how sharp it is, a hash of its looks.

Pure functions of pixels uint8 (height, width, 3), red green blue.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prudent.types.vision import DominantColor, Sharpness

_COLOR_SIDE: Final = 64
"""Colours are counted on the image at this size."""

_PALETTE: Final = 8
_MOST_COLORS: Final = 5
_LEAST_SHARE: Final = 0.02

_SHARPNESS_SIDE: Final = 512
"""The longer side at which edges are measured: a blur of the original must not hide in its size."""

_BLURRED_BELOW: Final = 50.0
"""Variance of the Laplacian: Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy" (2000). Of
64 photographs 6 % are below it as they are, half after a Gaussian blur of 1 pixel, all after one of 2."""

_HASH_SIDE: Final = 32
_HASH_LOW: Final = 8
"""The 8 x 8 lowest frequencies of the 32 x 32 cosine transform."""


def dominant_colors(pixels: NDArray[np.uint8]) -> list[DominantColor]:
    """Up to five colours by their share of the image, the largest first (median cut, Heckbert 1982)."""
    small = _scaled(pixels, (_COLOR_SIDE, _COLOR_SIDE))
    reduced = small.quantize(_PALETTE, method=Image.Quantize.MEDIANCUT, kmeans=1)
    palette = np.array(reduced.getpalette("RGB"), np.uint8).reshape(-1, 3)
    indices, counts = np.unique(np.asarray(reduced), return_counts=True)
    shares = {tuple(int(level) for level in palette[index]): 0.0 for index in indices}
    for index, count in zip(indices, counts, strict=True):
        shares[tuple(int(level) for level in palette[index])] += count / _COLOR_SIDE**2
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    return [
        DominantColor(hex="#{:02x}{:02x}{:02x}".format(*color), share=round(share, 4))
        for color, share in ordered[:_MOST_COLORS]
        if share >= _LEAST_SHARE
    ]


def sharpness(pixels: NDArray[np.uint8]) -> Sharpness:
    """The variance of the Laplacian, 4 neighbours, of the grey image at a longer side of at most 512."""
    scale = min(1.0, _SHARPNESS_SIDE / max(pixels.shape[:2]))
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    grey = np.asarray(_scaled(pixels, (width, height)).convert("L"), np.float32)
    if min(grey.shape) < 3:
        return Sharpness(variance=0.0, blurred=True)
    inside = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * inside
    variance = float(laplacian.var())
    return Sharpness(variance=round(variance, 2), blurred=variance < _BLURRED_BELOW)


def perceptual_hash(pixels: NDArray[np.uint8]) -> str:
    """64 bits as hexadecimal digits: which of the image's lowest frequencies are above their median (pHash).

    Row by row from the lowest, the first bit highest. The mean brightness is left out of the median. Copies
    that were scaled or saved again differ in a few bits, other images in about 32.
    """
    grey = np.asarray(_scaled(pixels, (_HASH_SIDE, _HASH_SIDE)).convert("L"), np.float64)
    basis = _cosines()
    low = (basis @ grey @ basis.T).reshape(-1)
    bits = low > np.median(low[1:])
    return f"{int(''.join('1' if bit else '0' for bit in bits), 2):016x}"


def _cosines() -> NDArray[np.float64]:
    """The first rows of the cosine transform (DCT-II): (low, side)."""
    frequency, place = np.arange(_HASH_LOW)[:, None], np.arange(_HASH_SIDE)[None]
    return np.cos(np.pi * frequency * (2 * place + 1) / (2 * _HASH_SIDE))


def _scaled(pixels: NDArray[np.uint8], size: tuple[int, int]) -> Image.Image:
    image = Image.fromarray(pixels)
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
