"""The EfficientNet-Lite networks, as data: blocks of each stage, their widths and the size of the image.

From the reference implementation (tensorflow/tpu, efficientnet-lite): stem, first and last stage keep their
depth, widths are rounded to multiples of 8.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EfficientNetSpec:
    """One network. `repeats` and `widths` are of the seven stages; `resolution` in pixels."""

    name: str
    resolution: int
    repeats: tuple[int, ...]
    widths: tuple[int, ...]

    @property
    def block_widths(self) -> tuple[int, ...]:
        """Output channels of each block."""
        stages = zip(self.repeats, self.widths, strict=True)
        return tuple(width for repeat, width in stages for _ in range(repeat))

    @property
    def block_strides(self) -> tuple[int, ...]:
        """Stride of each block: its stage's for the first, 1 for the others."""
        stages = zip(self.repeats, _STAGE_STRIDES, strict=True)
        return tuple(stride if first == 0 else 1 for repeat, stride in stages for first in range(repeat))


_STAGE_STRIDES = (1, 2, 2, 2, 1, 2, 1)

STEM_STRIDE = 2
EPSILON = 1e-3
"""Of every batch norm."""

ACTIVATION_LIMIT = 6.0
"""ReLU6 follows every convolution but the projections."""

RESIZE_MARGIN = 32
"""The image's shorter side is scaled to resolution + 32 before the middle is cut out."""

PIXEL_MEAN = 127
PIXEL_SCALE = 128
"""A pixel enters as (value - 127) / 128."""

EFFICIENTNET_LITE = (
    EfficientNetSpec("efficientnet-lite0", 224, (1, 2, 2, 3, 3, 4, 1), (16, 24, 40, 80, 112, 192, 320)),
    EfficientNetSpec("efficientnet-lite2", 260, (1, 3, 3, 4, 4, 5, 1), (16, 24, 48, 88, 120, 208, 352)),
)
