"""A piece of text to be checked, with where it came from and where it stands in the request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prudent.types.content import Source
from prudent.types.vision import ImageSeverity


@dataclass(frozen=True, slots=True)
class Part:
    """Text of one content part. `source` decides which rules of the policy apply to it.

    Where it is what was read in an image, `image` is what a model said of the image itself, by category;
    None where none has looked at it.
    """

    text: str
    source: Source
    message_index: int = 0
    part_index: int = 0
    image: Mapping[str, ImageSeverity] | None = None
