"""Milliseconds of the encoder at several shapes: float32 against the int8 routes, and what each loses.

    python benchmarks/encoder.py [--model multilingual-e5-small] [--runs 25] [--threads N] [--keep]

`rows` multiplies bytes with one scale a row (MatMulIntegerToFloat), `narrow` the same with weights of 7 bits
on the signed kernel, `blocks` is MatMulNBits with blocks of 128. The routes take turns in one run, so that
a disturbance of the machine meets them alike; figures are medians, the ratio is to float32, and the accuracy
is measured on the calibration sentences. In all of them a text's vector does not depend on the texts beside
it, which DynamicQuantizeMatMul would not keep.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import describe, keep

from prudent.catalog import Catalog
from prudent.catalog.fetch import fetch
from prudent.compiler.encoder_gate import compare_vectors
from prudent.compiler.encoder_plan import EncoderPlan, plan_encoder
from prudent.compiler.encoder_texts import calibration_texts
from prudent.compiler.families import ENCODER_FAMILIES
from prudent.compiler.graph.encoder import encoder_graph
from prudent.compiler.graph.external_data import ExternalFile
from prudent.compiler.graph.onnx_file import serialize
from prudent.compiler.graph.precision import Float32, Int8, Precision
from prudent.compiler.graph.row_precision import RowInt8, RowWeights
from prudent.compiler.readers import open_weights
from prudent.compiler.readers.weights import Weights
from prudent.runtime.session import Session, SessionOptions, Spinning, open_session
from prudent.runtime.threads import usable_cores
from prudent.tokenizer import UnigramSpec, UnigramTokenizer

SHAPES = ((1, 16), (1, 32), (1, 128), (8, 32))
BLOCK = 128


def routes(plan: EncoderPlan) -> dict[str, Precision]:
    """The precisions that take part."""
    matrices = frozenset(matrix.weight for layer in plan.layers for matrix in layer.matrices)
    return {
        "float32": Float32(),
        "blocks": Int8(BLOCK),
        "rows": RowInt8(Int8(BLOCK), matrices),
        "narrow": RowInt8(Int8(BLOCK), matrices, RowWeights.NARROW),
    }


def build(folder: Path, plan: EncoderPlan, weights: Weights, precision: Precision, threads: int) -> Session:
    """Write a graph and open it."""
    folder.mkdir()
    with (folder / "model.data").open("wb") as file:
        graph = encoder_graph(plan, weights, ExternalFile(file), precision, lambda _: None)
    (folder / "model.onnx").write_bytes(serialize(graph, "model.data"))
    return open_session(folder / "model.onnx", SessionOptions(threads=threads, spinning=Spinning.NEVER))


def time_all(sessions: dict[str, Session], vocabulary: int, runs: int) -> dict[str, dict[str, float]]:
    """Median milliseconds by shape and route."""
    draw = np.random.default_rng(0)
    found: dict[str, dict[str, float]] = {}
    for batch, tokens in SHAPES:
        ids = draw.integers(5, vocabulary, (batch, tokens))
        feeds = {"input_ids": ids, "lengths": np.full(batch, tokens, np.int32)}
        taken: dict[str, list[float]] = {name: [] for name in sessions}
        for _ in range(runs + 1):
            for name, session in sessions.items():
                started = time.perf_counter()
                session.run(feeds)
                taken[name].append(1e3 * (time.perf_counter() - started))
        found[f"{batch} x {tokens}"] = {name: statistics.median(times[1:]) for name, times in taken.items()}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="multilingual-e5-small")
    parser.add_argument("--runs", type=int, default=25)
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--keep", action="store_true", help="Write the run to runs/.")
    arguments = parser.parse_args()
    entry = Catalog.load().get(arguments.model)
    weights = open_weights(fetch(entry) / entry.files[0].name)
    plan = plan_encoder(weights, ENCODER_FAMILIES)
    texts = calibration_texts(plan.config, UnigramTokenizer(UnigramSpec.from_metadata(weights.metadata)))
    with tempfile.TemporaryDirectory() as scratch:
        sessions = {
            name: build(Path(scratch) / name, plan, weights, precision, arguments.threads)
            for name, precision in routes(plan).items()
        }
        times = time_all(sessions, plan.config.vocab_size, arguments.runs)
        vectors = {
            name: texts.vectors(lambda ids, n, s=session: s.run({"input_ids": ids, "lengths": n})[0])
            for name, session in sessions.items()
        }
    accuracy = {
        name: compare_vectors(vectors["float32"], of_route, texts.queries, texts.sha256).model_dump()
        for name, of_route in vectors.items()
    }
    print(f"{entry.id}, {arguments.threads} threads, {arguments.runs} runs; {describe()}")
    print(f"{'texts x tokens':16}" + "".join(f"{name:>22}" for name in sessions))
    for shape, of_shape in times.items():
        cells = (f"{ms:9.1f} ms {of_shape['float32'] / ms:6.2f} x" for ms in of_shape.values())
        print(f"{shape:16}" + "".join(f"{cell:>22}" for cell in cells))
    for name, figures in accuracy.items():
        cosine = f"cosine {figures['mean_cosine']:.4f} (least {figures['min_cosine']:.4f})"
        same = f"nearest text {figures['nearest_agreement']:.1%} the same"
        print(f"{name:8} {cosine}, {same}, rank correlation {figures['rank_correlation']:.4f}")
    if arguments.keep:
        settings = {"model": entry.id, "threads": arguments.threads, "runs": arguments.runs}
        print(keep("encoder", settings, {"milliseconds": times, "accuracy": accuracy}))


if __name__ == "__main__":
    main()
