"""From PaddleOCR's ONNX files to a compiled reader's folder: simplify, quantise, compare, write the card.

It knows the order of the steps and none of their insides.
"""

from __future__ import annotations

import copy
import json
import time
from pathlib import Path
from typing import Final

from prudent.compiler.identity import ModelIdentity
from prudent.compiler.imported.graph import OnnxGraph, serialize_onnx
from prudent.compiler.imported.pixels import PIXEL_RANGE
from prudent.compiler.imported.quantizing import QUANTIZED_KINDS, quantize
from prudent.compiler.reader_gate import ReaderLimits, agreement, measured, sample_reader
from prudent.compiler.reader_graphs import PARTS, Part, character_list, part_file, part_graph
from prudent.compiler.reader_ranges import reader_ranges
from prudent.compiler.records import write_config_and_card
from prudent.compiler.staging import staged
from prudent.runtime.artifact import MeasuredAccuracy, Target
from prudent.runtime.processor import Kernels, preferred_kernels
from prudent.runtime.reader_artifact import (
    CHARACTERS_FILE,
    DETECTOR_FILE,
    RECOGNIZER_FILE,
    ReaderArtifact,
    ReaderConfig,
)
from prudent.types.progress import Progress, ProgressListener

_FILES: Final[dict[Part, str]] = {"detector": DETECTOR_FILE, "recognizer": RECOGNIZER_FILE}

_WEIGHT_LIMITS: Final[dict[Kernels, int]] = {"block": 127, "row": 64}
"""Processors without byte dot products add two products in 16 bits. With weights up to 127 and bright pixels
that saturates: the detector's map overlapped float32's by 0.91, with weights up to 64 by 0.98."""

_FAMILY: Final = "pp-ocr"


def compile_reader(
    files: Path,
    folder: Path,
    identity: ModelIdentity,
    *,
    target: Target = "int8",
    kernels: Kernels | None = None,
    limits: ReaderLimits | None = None,
    progress: ProgressListener | None = None,
) -> ReaderArtifact:
    """Compile detector and recogniser into `folder`, which appears whole or not at all.

    A part not within `limits` at int8 is tried with depthwise convolutions and products in float32, and stays
    float32 as a whole where that is not enough either; the card says what came of it.

    The direction classifier among the files is not used: a line read upside down is told by its confidence.
    `kernels` None means those that suit this processor.

    Raises:
        ModelFileError: a file is damaged.
        UnsupportedModelError: there are no int8 ranges for these files.
        StorageError: the disk is full, or the place cannot be written.
    """
    started = time.monotonic()
    names = [source.name for source in identity.sources]

    def tell(done: int) -> None:
        if progress is not None:
            progress(Progress("compile", identity.id, done, len(PARTS)))

    with staged(folder) as staging:
        graphs: dict[Part, OnnxGraph] = {}
        images: dict[Part, str] = {}
        for part in PARTS:
            read = part_graph(files / part_file(names, part), part)
            graphs[part], images[part] = read.graph, read.image
            (staging / _FILES[part]).write_bytes(serialize_onnx(read.graph))
            tell(len(graphs))
        characters = character_list(graphs["recognizer"])
        parameters = sum(graph.parameters() for graph in graphs.values())
        precision, accuracy = {"all weights": "float32"}, None
        if target == "int8":
            limit = _WEIGHT_LIMITS[kernels or preferred_kernels()]
            precision, accuracy = _to_int8(staging, identity, graphs, images, limit, limits or ReaderLimits())
        (staging / CHARACTERS_FILE).write_text(json.dumps(characters, ensure_ascii=False), encoding="utf-8")
        write_config_and_card(
            staging,
            identity,
            config=ReaderConfig(family=_FAMILY, characters=len(characters)),
            parameters=parameters,
            weight_bytes=sum((staging / name).stat().st_size for name in _FILES.values()),
            target=target,
            precision=precision,
            accuracy=accuracy,
            started=started,
        )
    return ReaderArtifact(folder)


def _to_int8(
    staging: Path,
    identity: ModelIdentity,
    graphs: dict[Part, OnnxGraph],
    images: dict[Part, str],
    weight_limit: int,
    limits: ReaderLimits,
) -> tuple[dict[str, str], MeasuredAccuracy]:
    """Quantise what lies there as float32, in its place, as far as the limits allow."""
    shipped = reader_ranges(identity.id, identity.sources)
    precision: dict[str, str] = {}
    agreements: dict[Part, float] = {}
    for part, graph in graphs.items():
        path = staging / _FILES[part]
        exact = path.read_bytes()
        reference = sample_reader(path, part)
        ranges = {**shipped.ranges[part], images[part]: PIXEL_RANGE}
        for depthwise in (True, False):
            quantized = copy.deepcopy(graph)
            kinds = QUANTIZED_KINDS if depthwise else QUANTIZED_KINDS - {"Mul"}
            quantize(quantized, ranges, kinds=kinds, weight_limit=weight_limit, depthwise=depthwise)
            path.write_bytes(serialize_onnx(quantized))
            agreements[part] = agreement(reference, sample_reader(path, part))
            if agreements[part] >= limits.of(part):
                left = "activations" if depthwise else "activations, products, depthwise convolutions"
                precision[part] = f"int8, weights up to {weight_limit} by channel; float32 {left}"
                break
        else:
            path.write_bytes(exact)
            agreements[part], precision[part] = 1.0, "float32: int8 strayed too far"
    precision["ranges"] = f"mean extremes on {shipped.pages}"
    return precision, measured(agreements)
