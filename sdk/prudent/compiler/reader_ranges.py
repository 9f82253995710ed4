"""The ranges that an int8 reader is quantised with: taken once, shipped with the package, checked by hash.

Taken on pages of text rendered for the purpose (benchmarks/reading_ranges.py), because the fonts to render
Chinese are on few machines. Knows no graph.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from prudent.compiler.imported.quantizing import Range
from prudent.compiler.reader_graphs import Part
from prudent.errors import UnsupportedModelError
from prudent.runtime.artifact import SourceFile


class ReaderRanges(BaseModel):
    """`ranges` have the least and greatest value of each activation, `sources` the hashes of the files."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sources: dict[str, str]
    made_by: str
    pages: str
    samples: dict[Part, int]
    ranges: dict[Part, dict[str, Range]]


def reader_ranges(model: str, sources: Iterable[SourceFile]) -> ReaderRanges:
    """The ranges of a model of the catalog.

    Raises:
        UnsupportedModelError: there are none for this model, or they are of other files.
    """
    file = importlib.resources.files("prudent.compiler.calibration") / f"{model}.json"
    hint = "Compile to the float32 target, or take ranges with benchmarks/reading_ranges.py."
    if not file.is_file():
        raise UnsupportedModelError(f"There are no int8 ranges for {model}.", hint=hint)
    ranges = ReaderRanges.model_validate_json(file.read_bytes())
    hashes = {source.name: source.sha256 for source in sources}
    if any(hashes.get(name) != sha256 for name, sha256 in ranges.sources.items()):
        raise UnsupportedModelError(f"The int8 ranges for {model} are of other files.", hint=hint)
    return ranges
