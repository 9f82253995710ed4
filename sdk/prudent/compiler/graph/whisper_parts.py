"""What both halves of Whisper are made of: norms, projections, feed-forwards. Knows no session."""

from __future__ import annotations

from dataclasses import dataclass

from prudent.compiler.encoder_plan import Affine
from prudent.compiler.graph.builder import CONTRIB, GraphBuilder, require_last, require_same
from prudent.compiler.graph.matrix import Matrix
from prudent.compiler.graph.normalization import Residual
from prudent.compiler.graph.precision import Precision
from prudent.compiler.graph.values import DType, Shape, Value
from prudent.compiler.readers.weights import Weights
from prudent.compiler.transcriber_plan import EPSILON, FeedForward, TranscriberPlan


@dataclass(frozen=True, slots=True)
class WhisperAssembly:
    """What every part needs while a graph is put together."""

    graph: GraphBuilder
    plan: TranscriberPlan
    weights: Weights
    precision: Precision

    def linear(self, x: Value, affine: Affine, name: str) -> Value:
        """x (..., inputs) times a matrix, plus its bias."""
        matrix = Matrix(self.weights, (affine.weight,), (affine.bias,))
        return self.precision.linear(self.graph, x, matrix, name)

    def stored(self, tensor: str, name: str) -> Value:
        """A tensor of the file as float32."""
        data = self.weights.read(tensor)
        return self.graph.weight(name, data.shape, DType.FLOAT, [data])

    def norm(self, residual: Residual, affine: Affine, name: str) -> tuple[Value, Value]:
        """The norm of the residual stream, and the stream with its addition done."""
        scale, shift = self.stored(affine.weight, f"{name}.weight"), self.stored(affine.bias, f"{name}.bias")
        x, pending = residual.stream, residual.pending
        require_last(x, self.plan.hidden_size, name)
        if pending is not None:
            require_same(x, pending, name)
            # Not Add: ONNX Runtime (1.32) would fuse it with the norm into SkipLayerNormalization, whose
            # kernel takes five times as long as the two apart (1.3 against 0.26 ms for 500 rows of 384).
            (x,) = self.graph.node("Sum", [x, pending], [(f"{name}.stream", x.shape)])
        (normed,) = self.graph.node(
            "LayerNormalization",
            [x, scale, shift],
            [(name, x.shape)],
            attributes={"axis": -1, "epsilon": EPSILON},
        )
        return normed, x

    def feed_forward(self, residual: Residual, plan: FeedForward, name: str) -> Residual:
        """Norm, wide matrix, GELU, narrow matrix."""
        normed, stream = self.norm(residual, plan.norm, f"{name}.norm")
        wide = self.linear(normed, plan.up, f"{name}.up")
        (active,) = self.graph.node("Gelu", [wide], [(f"{name}.active", wide.shape)], domain=CONTRIB)
        return Residual(stream, self.linear(active, plan.down, f"{name}.down"))

    def split(self, packed: Value, parts: tuple[str, ...], name: str) -> tuple[Value, ...]:
        """Parts of hidden_size each, along the last dimension."""
        hidden = self.plan.hidden_size
        sizes = self.graph.constant(f"{name}.sizes", [hidden] * len(parts))
        shape: Shape = (*packed.shape[:-1], hidden)
        return self.graph.node(
            "Split", [packed, sizes], [(f"{name}.{part}", shape) for part in parts], attributes={"axis": -1}
        )
