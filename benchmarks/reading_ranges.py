"""Takes the ranges of activations that int8 readers are quantised with, on pages rendered here.

    python benchmarks/reading_ranges.py MODEL --files FOLDER [--pages 24] [--lines 96]

FOLDER holds the model's files as fetched. The result goes into the package beside the other calibration
data: for every value the mean over samples of its least and of its greatest number.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import random
from pathlib import Path

import numpy as np
import onnxruntime
from reading_pages import CHINESE_FONTS, LATIN_FONTS, find_fonts, pages

from prudent import compiler
from prudent.capabilities.vision.detection import detect
from prudent.capabilities.vision.quads import cut_out, resized
from prudent.compiler.imported.graph import OnnxGraph, Operator, serialize_onnx
from prudent.compiler.imported.quantizing import activations, fuse_relus
from prudent.compiler.reader_graphs import PARTS, Part, part_graph

SEED = 20
MAP_SIDE = 640
STEP = 32


def observed(graph: OnnxGraph) -> tuple[list[str], onnxruntime.InferenceSession]:
    """Names of the values to measure, and a session that gives their least and greatest."""
    quantized = copy.deepcopy(graph)
    fuse_relus(quantized)
    names = [name for name in activations(quantized) if name not in graph.weights]
    watched = copy.deepcopy(graph)
    made = set(watched.producers())
    names = [name for name in names if name in made]
    for index, name in enumerate(names):
        for kind in ("ReduceMin", "ReduceMax"):
            output = f"{kind}_{index}"
            watched.operators.append(Operator(kind, [name], [output], {"keepdims": 0}))
            watched.outputs[output] = (np.dtype(np.float32), ())
    return names, opened(watched)


def opened(graph: OnnxGraph) -> onnxruntime.InferenceSession:
    """A session of one thread: two wait for each other where other work runs beside it."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    return onnxruntime.InferenceSession(serialize_onnx(graph), options)


def measure(graph: OnnxGraph, inputs: list[np.ndarray]) -> dict[str, list[float]]:
    """Mean of extremes by name."""
    names, session = observed(graph)
    wanted = [f"{kind}_{index}" for index in range(len(names)) for kind in ("ReduceMin", "ReduceMax")]
    taken = np.array([session.run(wanted, {"pixels": each}) for each in inputs], np.float64)
    low, high = taken[:, 0::2].mean(0), taken[:, 1::2].mean(0)
    return {name: [float(f"{a:.5g}"), float(f"{b:.5g}")] for name, a, b in zip(names, low, high, strict=True)}


def samples(detector: OnnxGraph, count: int, lines: int) -> dict[Part, list[np.ndarray]]:
    """Pages for the detector, and lines that it finds on them for the recogniser."""
    session = opened(detector)
    seen: dict[Part, list[np.ndarray]] = {"detector": [], "recognizer": []}
    rng = random.Random(SEED)
    for page in pages(count, SEED):
        image = np.asarray(page.image.convert("RGB"))
        boxes = detect(image, lambda pixels: session.run(None, {"pixels": pixels})[0])
        for box in rng.sample(boxes, min(len(boxes), -(-lines // count))):
            line = cut_out(image, box.quad)
            width = min(STEP * 20, max(STEP, -(-48 * line.shape[1] // line.shape[0] // STEP) * STEP))
            seen["recognizer"].append(resized(line, width, 48).transpose(2, 0, 1)[None])
        image = image[:MAP_SIDE, :MAP_SIDE]
        high, wide = (side // STEP * STEP for side in image.shape[:2])
        seen["detector"].append(image[:high, :wide].transpose(2, 0, 1)[None])
    return {part: [np.ascontiguousarray(one) for one in found] for part, found in seen.items()}


def main() -> None:
    """Measure, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--files", type=Path, required=True)
    parser.add_argument("--pages", type=int, default=24)
    parser.add_argument("--lines", type=int, default=96)
    asked = parser.parse_args()
    paths: dict[Part, Path] = {part: next(asked.files.glob(f"*{mark}*.onnx")) for part, mark in PARTS.items()}
    graphs = {part: part_graph(path, part).graph for part, path in paths.items()}
    seen = samples(graphs["detector"], asked.pages, asked.lines)
    fonts = [path.name for path in (*find_fonts(LATIN_FONTS), *find_fonts(CHINESE_FONTS))]
    ranges = {
        "sources": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths.values()},
        "made_by": "benchmarks/reading_ranges.py",
        "pages": f"{asked.pages} pages rendered with seed {SEED} in {', '.join(fonts)}",
        "samples": {part: len(found) for part, found in seen.items()},
        "ranges": {part: measure(graphs[part], found) for part, found in seen.items()},
    }
    target = Path(next(iter(compiler.__path__))) / "calibration" / f"{asked.model}.json"
    target.write_text(json.dumps(ranges, indent=0) + "\n", encoding="utf-8")
    print(target.name, {part: len(found) for part, found in ranges["ranges"].items()})


if __name__ == "__main__":
    main()
