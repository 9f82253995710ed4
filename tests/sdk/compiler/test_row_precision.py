"""Row-wise int8: what it computes, that rows do not see each other, and that balancing changes no product."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from prudent.compiler.balance import BalancedWeights, Group, column_size
from prudent.compiler.compile import compile_decoder
from prudent.compiler.gate import Limits
from prudent.compiler.graph.builder import GraphBuilder
from prudent.compiler.graph.external_data import ExternalFile
from prudent.compiler.graph.matrix import Matrix
from prudent.compiler.graph.onnx_file import serialize
from prudent.compiler.graph.precision import Int8
from prudent.compiler.graph.row_precision import RowInt8, RowWeights
from prudent.compiler.readers.weights import TensorInfo
from prudent.runtime.session import open_session

ANY = Limits(mean_kl=1e9, greedy_agreement=-1.0)
INPUTS, OUTPUTS = 96, 40


class HeldArrays:
    """Weights (see prudent.compiler.readers.weights) out of arrays."""

    def __init__(self, **arrays):
        self._arrays = {name: np.asarray(array, np.float32) for name, array in arrays.items()}
        self.metadata = {}
        self.tensors = {name: TensorInfo(name, a.shape, "F32") for name, a in self._arrays.items()}

    def read(self, name, start=0, stop=None):
        return self._arrays[name][start:stop]

    def close(self):
        """Nothing to release."""


@pytest.fixture
def product(tmp_path):
    """Build x times a matrix row-wise and return a function of x (rows, INPUTS)."""

    def make(matrix, bias=None, kind=RowWeights.WIDE):
        weights = HeldArrays(m=matrix, **({} if bias is None else {"b": bias}))
        precision = RowInt8(Int8(32), frozenset({"m"}), kind)
        with (tmp_path / "w").open("wb") as file:
            graph = GraphBuilder(ExternalFile(file))
            x = graph.input("x", ("rows", INPUTS))
            matrix_ = Matrix(weights, ("m",), () if bias is None else ("b",))
            graph.output(precision.linear(graph, x, matrix_, "y"))
        assert precision.used == {"y": kind.value}
        (tmp_path / "g.onnx").write_bytes(serialize(graph.build(), "w"))
        session = open_session(tmp_path / "g.onnx")
        return lambda rows: session.run({"x": np.asarray(rows, np.float32)})[0]

    return make


def by_definition(x, matrix, kind=RowWeights.WIDE):
    """The same in float64 on integers: round half to even, as QuantizeLinear does."""
    scale = np.abs(x).max(1, keepdims=True) / np.float32(127)
    steps = np.abs(matrix).max(1) / np.float32(127 if kind is RowWeights.WIDE else 63)
    a = np.rint(np.divide(x, scale, where=scale > 0, out=np.zeros_like(x)))
    b = np.floor(matrix / steps[:, None] + np.float32(0.5))
    return (a.astype(np.int64) @ b.astype(np.int64).T) * scale.astype(np.float64) * steps


@pytest.mark.parametrize("kind", RowWeights)
def test_product_is_exact_in_integers_even_at_full_scale(product, kind):
    """Every value at the end of the range: pairs of these at 8 bits overflow 16 in AVX2's signed kernel."""
    matrix = np.full((OUTPUTS, INPUTS), 1.0, np.float32)
    matrix[::2] = -1.0
    run = product(matrix, kind=kind)
    x = np.ones((3, INPUTS), np.float32)
    np.testing.assert_allclose(run(x), by_definition(x, matrix, kind), rtol=1e-6)


@pytest.mark.parametrize("kind", RowWeights)
def test_random_product_is_what_the_definition_says(product, kind):
    rng = np.random.default_rng(5)
    matrix, bias = rng.standard_normal((OUTPUTS, INPUTS)).astype(np.float32), rng.standard_normal(OUTPUTS)
    x = rng.standard_normal((7, INPUTS)).astype(np.float32)
    np.testing.assert_allclose(
        product(matrix, bias, kind)(x), by_definition(x, matrix, kind) + bias, rtol=1e-3, atol=1e-3
    )


def test_a_row_is_the_same_whoever_is_beside_it(product):
    rng = np.random.default_rng(6)
    run = product(rng.standard_normal((OUTPUTS, INPUTS)))
    rows = rng.standard_normal((16, INPUTS)) * np.logspace(-3, 3, 16)[:, None]
    together = run(rows)
    for index in range(16):
        np.testing.assert_array_equal(run(rows[index : index + 1])[0], together[index])


def test_a_row_of_zeros_gives_zeros(product):
    run = product(np.random.default_rng(7).standard_normal((OUTPUTS, INPUTS)))
    mixed = np.zeros((2, INPUTS))
    mixed[1] = 1.0
    assert (run(mixed)[0] == 0.0).all()


def test_balancing_changes_no_product_and_evens_the_columns():
    rng = np.random.default_rng(8)
    spread = np.logspace(-2, 2, INPUTS)
    weights = HeldArrays(
        norm=rng.standard_normal(INPUTS) + 2,
        a=rng.standard_normal((8, INPUTS)),
        b=rng.standard_normal((5, INPUTS)),
    )
    normed = rng.standard_normal((50, INPUTS)) * spread
    fed = (normed * weights.read("norm")).astype(np.float32)
    balanced = BalancedWeights(weights, [Group(("norm",), ("a", "b"))], lambda _: column_size([fed]))
    after = normed * balanced.read("norm")
    for name in ("a", "b"):
        np.testing.assert_allclose(
            after @ balanced.read(name).T, fed @ weights.read(name).T, rtol=1e-4, atol=1e-3
        )
        np.testing.assert_array_equal(balanced.read(name, 2, 4), balanced.read(name)[2:4])
    sizes = column_size([after.astype(np.float32)])
    assert sizes.max() / sizes.min() < 0.1 * spread.max() / spread.min()


def test_a_source_that_feeds_several_heads_is_balanced_for_all_of_them():
    rng = np.random.default_rng(9)
    heads, kv_heads, size = 6, 2, 4
    weights = HeldArrays(
        value=rng.standard_normal((kv_heads * size, INPUTS)),
        bias=rng.standard_normal(kv_heads * size),
        output=rng.standard_normal((INPUTS, heads * size)),
    )
    group = Group(("value", "bias"), ("output",), heads // kv_heads, size)
    x = rng.standard_normal((50, INPUTS))

    def mixed(of) -> np.ndarray:
        values = (x @ of.read("value").T + of.read("bias")).reshape(50, kv_heads, 1, size)
        return np.broadcast_to(values, (50, kv_heads, heads // kv_heads, size)).reshape(50, -1)

    sizes = np.exp(rng.standard_normal(heads * size)).astype(np.float32)
    balanced = BalancedWeights(weights, [group], lambda _: sizes)
    assert not np.allclose(balanced.read("value"), weights.read("value"))
    np.testing.assert_allclose(
        mixed(balanced) @ balanced.read("output").T,
        mixed(weights) @ weights.read("output").T,
        rtol=1e-3,
        atol=1e-3,
    )


def test_a_matrix_that_is_fed_and_feeds_is_balanced_on_both_sides():
    rng = np.random.default_rng(10)
    weights = HeldArrays(
        norm=rng.standard_normal(INPUTS) + 2,
        up=rng.standard_normal((8, INPUTS)),
        down=rng.standard_normal((INPUTS, 8)),
    )
    groups = [Group(("norm",), ("up",)), Group(("up",), ("down",))]
    sizes = {groups[0]: np.logspace(-1, 1, INPUTS), groups[1]: np.logspace(-1, 1, 8)}
    balanced = BalancedWeights(weights, groups, lambda group: sizes[group].astype(np.float32))
    x = rng.standard_normal((50, INPUTS))

    def product(of) -> np.ndarray:
        return x * of.read("norm") @ of.read("up").T @ of.read("down").T

    np.testing.assert_allclose(product(balanced), product(weights), rtol=1e-3, atol=1e-2)
    np.testing.assert_array_equal(balanced.read("up", 3, 5), balanced.read("up")[3:5])


@pytest.mark.parametrize("tied", [True, False])
def test_row_kernels_stay_near_float32(
    tied, architecture, make_tiny, by_definition, runner, identity, tmp_path
):
    arch = architecture("qwen2", bias=True, tied=tied)
    source = make_tiny(arch)
    artifact = compile_decoder(source, tmp_path / "out", identity, kernels="row", limits=ANY)
    ids = list(range(40))
    expected = by_definition(source, arch, ids)
    assert np.abs(runner(artifact).feed(ids) - expected).mean() < 0.05 * np.abs(expected).mean()
    used = artifact.card.precision
    layers = {kind for name, kind in used.items() if name.startswith("layer_")}
    assert layers == {"int8, rows"}
    assert (used["logits"] == "int8, rows") is not tied
    ops = {node.op_type for node in onnx.load(artifact.graph, load_external_data=False).graph.node}
    assert "MatMulIntegerToFloat" in ops
    assert ("MatMulNBits" in ops) is tied


def test_blocks_are_taken_where_rows_are_not_exact_enough(architecture, make_tiny, identity, tmp_path):
    # With 96 inputs everywhere there is one block size, so one attempt of each kind.
    source = make_tiny(architecture("llama", hidden=96, heads=3, kv_heads=3, forward=96))
    rows, blocks = (
        compile_decoder(source, tmp_path / kind, identity, kernels=kind, limits=ANY).card.accuracy
        for kind in ("row", "block")
    )
    assert blocks.mean_kl < rows.mean_kl, "this toy no longer tells rows from blocks"
    limits = Limits(mean_kl=(blocks.mean_kl + rows.mean_kl) / 2, greedy_agreement=-1.0)
    card = compile_decoder(source, tmp_path / "gated", identity, kernels="row", limits=limits).card
    assert "int8, rows" not in card.precision.values()
    assert card.accuracy.mean_kl < limits.mean_kl
