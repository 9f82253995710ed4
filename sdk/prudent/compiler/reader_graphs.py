"""The two graphs of a reader of text (PP-OCR), from ONNX files as they come to graphs that take bytes.

Detector: pixels uint8 (1, 3, H, W) to float32 (1, 1, H, W), H and W multiples of 32.
Recogniser: pixels uint8 (B, 3, 48, W) to characters int64 and probabilities float32, both (B, columns).
Both take red, green, blue, and 127 as padding. Knows no precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from prudent.compiler.imported.folding import fold_into_convolutions
from prudent.compiler.imported.fusing import fuse
from prudent.compiler.imported.graph import OnnxGraph, read_onnx
from prudent.compiler.imported.pixels import take_pixels
from prudent.compiler.imported.reading_heads import add_best_character
from prudent.errors import ModelFileError, UnsupportedModelError

Part = Literal["detector", "recognizer"]

PARTS: Final[dict[Part, str]] = {"detector": "_det_", "recognizer": "_rec_"}
"""What PaddleOCR's files have in their names."""

_MIDDLE: Final = 127.5
"""Mean and deviation of a pixel: from 0-255 to -1-1, as RapidOCR runs both networks."""

_CHARACTERS: Final = "character"
"""Key of the character list in the recogniser's metadata, a line a character."""


@dataclass(frozen=True, slots=True)
class PartGraph:
    """A float32 graph and the name of the value that its pixels become."""

    graph: OnnxGraph
    image: str


def part_file(names: Sequence[str], part: Part) -> str:
    """Which of the files holds a part.

    Raises:
        UnsupportedModelError: none of them, or several.
    """
    found = [name for name in names if PARTS[part] in name]
    if len(found) != 1:
        raise UnsupportedModelError(f"Among {', '.join(names)} there is not one file of a {part}.")
    return found[0]


def part_graph(path: Path, part: Part) -> PartGraph:
    """Read and simplify one part.

    Raises:
        ModelFileError: the file is damaged.
        UnsupportedModelError: it holds another kind of graph.
    """
    graph = read_onnx(path)
    fold_into_convolutions(graph)
    fuse(graph)
    image = take_pixels(graph, mean=_MIDDLE, deviation=_MIDDLE, reverse=True)
    if part == "recognizer":
        add_best_character(graph)
    return PartGraph(graph, image)


def character_list(graph: OnnxGraph) -> list[str]:
    """Characters by index: first that which stands for none, last the space.

    Raises:
        ModelFileError: the metadata hold no list.
    """
    listed = graph.metadata.get(_CHARACTERS, "").split("\n")
    if listed and not listed[-1]:
        listed.pop()
    if not listed:
        raise ModelFileError("The recogniser's file holds no list of characters.", hint="Fetch it again.")
    return ["", *(line.rstrip("\r") for line in listed), " "]
