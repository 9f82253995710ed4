"""A decoder without a model: its graph keeps the contract and its next token is read from a table.

It tests the engine's mechanics, not a model's behaviour: token t is followed by t + 1, the last by 0.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from prudent.generation.engine import Engine
from prudent.generation.options import EngineOptions
from prudent.runtime.artifact import CARD_FILE, CONFIG_FILE, GRAPH_FILE, DecoderArtifact, DecoderConfig

VOCAB = 64
NOT_A_NUMBER = 40  # what follows this token are logits of NaN

_CARD = (
    '{"id": "table", "family": "table", "target": "float32", "license": "Apache-2.0", "upstream": "none",'
    ' "sources": [], "parameters": 0, "weight_bytes": 0, "precision": {}, "accuracy": null,'
    ' "compiler_version": "0", "compiled_at": "2026-01-01T00:00:00Z", "compile_seconds": 0.0}'
)


class WordDecoder:
    """Token 7 reads `w7 `; token 63 cannot be decoded."""

    def push(self, token: int, /) -> str:
        if token == VOCAB - 1:
            raise ValueError("undecodable")
        return f"w{token} "

    def finish(self) -> str:
        return ""


class WordTokenizer:
    """As much of a tokenizer as the engine asks for."""

    vocab_size = VOCAB

    def incremental(self) -> WordDecoder:
        return WordDecoder()


@pytest.fixture(scope="session")
def table_artifact(tmp_path_factory: pytest.TempPathFactory) -> DecoderArtifact:
    """The compiled folder of the table decoder."""
    folder = tmp_path_factory.mktemp("table")
    table = np.zeros((VOCAB, VOCAB), np.float32)
    table[np.arange(VOCAB), (np.arange(VOCAB) + 1) % VOCAB] = 3.0
    table[NOT_A_NUMBER] = np.nan
    flat = numpy_helper.from_array(np.array([-1], np.int64), "flat")
    cache = ["B", 1, "M", 2]
    graph = helper.make_graph(
        [
            helper.make_node("Reshape", ["input_ids", "flat"], ["tokens"]),
            helper.make_node("Gather", ["tokens", "logit_rows"], ["wanted"]),
            helper.make_node("Gather", ["table", "wanted"], ["logits"]),
            helper.make_node("Identity", ["past_key_0"], ["present_key_0"]),
            helper.make_node("Identity", ["past_value_0"], ["present_value_0"]),
        ],
        "table",
        [
            helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["B", "S"]),
            helper.make_tensor_value_info("seqlens_k", TensorProto.INT32, ["B"]),
            helper.make_tensor_value_info("total_length", TensorProto.INT32, [1]),
            helper.make_tensor_value_info("logit_rows", TensorProto.INT64, ["Q"]),
            helper.make_tensor_value_info("past_key_0", TensorProto.FLOAT, cache),
            helper.make_tensor_value_info("past_value_0", TensorProto.FLOAT, cache),
        ],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["Q", VOCAB]),
            helper.make_tensor_value_info("present_key_0", TensorProto.FLOAT, cache),
            helper.make_tensor_value_info("present_value_0", TensorProto.FLOAT, cache),
        ],
        [flat, numpy_helper.from_array(table, "table")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.save_model(model, folder / GRAPH_FILE)
    config = DecoderConfig(
        family="table",
        layers=1,
        heads=1,
        kv_heads=1,
        head_dim=2,
        hidden_size=2,
        vocab_size=VOCAB,
        context_length=1000,
    )
    (folder / CONFIG_FILE).write_text(config.model_dump_json())
    (folder / CARD_FILE).write_text(_CARD)
    return DecoderArtifact(folder)


@pytest.fixture(scope="session")
def words() -> WordTokenizer:
    """The table decoder's tokenizer."""
    return WordTokenizer()


@pytest.fixture
def engine(table_artifact: DecoderArtifact) -> Iterator[Engine]:
    """An engine of two slots over the table decoder."""
    with Engine(table_artifact, WordTokenizer(), EngineOptions(slots=2, threads=1, max_queue=4)) as engine:
        yield engine
