"""How far an int8 reader is from float32, on lines of text that ship with the package.

`reading_lines.png` holds lines of 48 pixels, one below the other, rendered from the compiler's own texts in
Latin alphabets and Chinese: a page for the detector, and cut up the lines for the recogniser.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import io
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prudent.compiler.reader_graphs import Part
from prudent.runtime.artifact import MeasuredAccuracy
from prudent.runtime.session import Session, SessionOptions, Spinning, open_session

_LINES: Final = "reading_lines.png"
_LINE_HEIGHT: Final = 48
_IS_TEXT: Final = 0.3
_ROWS_AT_ONCE: Final = 6


@dataclass(frozen=True, slots=True)
class ReaderLimits:
    """What int8 promises: characters as with float32, and the map of text overlapping float32's (0-1)."""

    character_agreement: float = 0.97
    map_overlap: float = 0.9

    def of(self, part: Part) -> float:
        """The limit for a part."""
        return self.map_overlap if part == "detector" else self.character_agreement


MEASURES: Final[dict[Part, str]] = {"detector": "map_overlap", "recognizer": "character_agreement"}

ReaderSample: TypeAlias = NDArray[np.bool_] | list[list[int]]
"""What a graph gave for the shipped lines: where text is, or the characters of each line."""


def sample_reader(graph: Path, part: Part) -> ReaderSample:
    """Run a graph on the shipped lines."""
    page = _page()
    session = open_session(graph, SessionOptions(spinning=Spinning.NEVER))
    if part == "detector":
        planes = np.ascontiguousarray(page.transpose(2, 0, 1))[np.newaxis]
        return session.run({"pixels": planes})[0] > _IS_TEXT
    rows = page.reshape(-1, _LINE_HEIGHT, *page.shape[1:]).transpose(0, 3, 1, 2)
    lines: list[list[int]] = []
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        lines += _characters(session, np.ascontiguousarray(rows[start : start + _ROWS_AT_ONCE]))
    return lines


def agreement(reference: ReaderSample, candidate: ReaderSample) -> float:
    """How much of float32's is kept (0-1): of characters in order, or of the area of text."""
    if isinstance(reference, list) and isinstance(candidate, list):
        same = total = 0
        for ours, theirs in zip(candidate, reference, strict=True):
            blocks = SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks()
            same += sum(block.size for block in blocks)
            total += max(len(ours), len(theirs))
        return same / max(1, total)
    both, either = np.logical_and(reference, candidate).sum(), np.logical_or(reference, candidate).sum()
    return float(both) / max(1, int(either))


def measured(agreements: dict[Part, float]) -> MeasuredAccuracy:
    """What goes on the card."""
    return MeasuredAccuracy(
        measures={MEASURES[part]: round(value, 5) for part, value in agreements.items()},
        samples=len(_page()) // _LINE_HEIGHT,
        calibration_sha256=hashlib.sha256(_bytes()).hexdigest(),
    )


def _characters(session: Session, rows: NDArray[np.uint8]) -> list[list[int]]:
    best: NDArray[Any] = session.run({"pixels": rows}, ["characters"])[0]
    found: list[list[int]] = []
    for row in best:
        kept = row[np.r_[True, row[1:] != row[:-1]]]
        found.append([int(index) for index in kept if index])
    return found


def _bytes() -> bytes:
    return (importlib.resources.files("prudent.compiler.calibration") / _LINES).read_bytes()


def _page() -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(_bytes())) as image:
        return np.array(image.convert("RGB"))
