"""Which kernels a compiled model really runs on, and what they have to do: from ONNX Runtime's own profile.

A model's card says how its matrices were stored; what the runtime made of it is seen only when it runs.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from prudent.diagnosis.figures import KernelShare, Workload
from prudent.errors import InternalError
from prudent.runtime.artifact import DecoderArtifact
from prudent.runtime.session import Session, SessionOptions, open_session

_PROMPT = 128
_MATRIX_OPS: Mapping[str, int] = {
    "MatMulNBits": 1,
    "MatMulIntegerToFloat": 1,
    "MatMulInteger": 1,
    "DynamicQuantizeMatMul": 1,
    "MatMul": 4,
    "FusedMatMul": 4,
    "Gemm": 4,
}
"""Operators that multiply by a stored matrix, and the bytes they read for a weight."""

_SCALE_BYTES = 8
"""A block's scale and its sum, float32 each; the kernels keep both."""


def profile_kernels(artifact: DecoderArtifact) -> tuple[list[KernelShare], Workload]:
    """Run the model a few times under ONNX Runtime's profiler; takes about as long as loading it.

    Returns:
        shares: those of decode in falling order.
        workload: see `Workload`.

    Raises:
        PrudentError: the model cannot be opened or run.
    """
    with tempfile.TemporaryDirectory(prefix="prudent-profile-") as folder:
        session = open_session(artifact.graph, SessionOptions(profile=Path(folder) / "run"))
        for tokens in (1, 1, _PROMPT):
            session.run(_feeds(artifact, tokens), ["logits"])
        nodes = _nodes(session)
    decode, prefill = _runs(nodes)
    counts = Counter(node["args"]["op_name"] for node in decode)
    shares = _share(decode), _share(prefill)
    kernels = [
        KernelShare(name, counts[name], part, shares[1].get(name, 0.0)) for name, part in shares[0].items()
    ]
    return kernels, _workload(artifact, decode)


def _feeds(artifact: DecoderArtifact, tokens: int) -> dict[str, NDArray[Any]]:
    config = artifact.config
    empty = np.zeros((1, config.kv_heads, 0, config.head_dim), np.float32)
    past = {f"past_{part}_{layer}": empty for part in ("key", "value") for layer in range(config.layers)}
    return {
        **past,
        "input_ids": np.ones((1, tokens), np.int64),
        "seqlens_k": np.array([tokens - 1], np.int32),
        "total_length": np.array([tokens], np.int32),
        "logit_rows": np.array([tokens - 1], np.int64),
    }


def _nodes(session: Session) -> list[dict[str, Any]]:
    try:
        events = json.loads(session.end_profile().read_bytes())
    except (OSError, ValueError) as error:
        raise InternalError("ONNX Runtime wrote no profile that can be read.") from error
    return [event for event in cast("list[dict[str, Any]]", events) if event.get("cat") == "Node"]


def _runs(nodes: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The second and the third of three runs over the same nodes: the first one warms up."""
    each = len(nodes) // 3
    return nodes[each : 2 * each], nodes[2 * each : 3 * each]


def _share(nodes: list[dict[str, Any]]) -> dict[str, float]:
    times: Counter[str] = Counter()
    for node in nodes:
        times[node["args"]["op_name"]] += node["dur"]
    whole = sum(times.values()) or 1
    return {name: spent / whole for name, spent in times.most_common()}


def _workload(artifact: DecoderArtifact, nodes: list[dict[str, Any]]) -> Workload:
    config, card = artifact.config, artifact.card
    read = operations = 0
    for node in nodes:
        name = node["name"].removesuffix("_kernel_time").removesuffix(".product")
        width = _MATRIX_OPS.get(node["args"]["op_name"])
        if width is None or name not in card.precision:
            continue
        inputs, outputs = (_last(node, side) for side in ("input_type_shape", "output_type_shape"))
        read += inputs * outputs * width
        if width == 1:
            read += _SCALE_BYTES * outputs * (inputs // _block(card.precision[name], inputs))
        if outputs != config.vocab_size:
            operations += 2 * inputs * outputs
    cache = 2 * config.layers * config.kv_heads * config.head_dim * 4
    return Workload(decode_bytes=read, cache_bytes=cache, prefill_operations=operations)


def _last(node: dict[str, Any], side: str) -> int:
    """The size of the last axis of a node's first input or output."""
    (shape,) = node["args"][side][0].values()
    return int(shape[-1])


def _block(stored: str, inputs: int) -> int:
    """Weights that share a scale, of the card's words "int8, blocks of 32" or "int8, rows"."""
    _, _, size = stored.partition("blocks of ")
    return int(size) if size.isdecimal() else inputs
