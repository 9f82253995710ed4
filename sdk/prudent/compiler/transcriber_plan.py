"""From Whisper's weight file to a plan: every number and tensor name of the two graphs.

Reads no weights and knows no graph. What the file holds and the plan would not use is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prudent.compiler.encoder_plan import Affine
from prudent.compiler.readers.ct2 import ALIAS, SCALAR, SPECIFICATION
from prudent.compiler.readers.weights import Weights
from prudent.compiler.shapes import require_shapes
from prudent.errors import ModelFileError, UnsupportedModelError

EPSILON = 1e-5
MELS = 80
POSITIONS = 1500
KERNEL = 3
MAX_LAYERS = 64

_SCALARS: Mapping[str, int] = {
    "decoder/activation": 3,
    "decoder/alibi": 0,
    "decoder/alignment_heads": 1,
    "decoder/alignment_layer": -1,
    "decoder/pre_norm": 1,
    "decoder/scale_embeddings": 0,
    "decoder/start_from_zero_embedding": 0,
}
"""What Whisper's graphs are built for: exact GELU (3), norms before, plain embeddings."""

_HEADS = "/num_heads"
_HEAD = "decoder/projection/weight"
EMBEDDING = "decoder/embeddings/weight"


@dataclass(frozen=True, slots=True)
class FeedForward:
    """Tensor names of a feed-forward and the norm before it."""

    norm: Affine
    up: Affine
    down: Affine


@dataclass(frozen=True, slots=True)
class SelfAttention:
    """Tensor names of an attention and the norm before it; `packed` is query, key and value in one."""

    norm: Affine
    packed: Affine
    output: Affine


@dataclass(frozen=True, slots=True)
class CrossAttention:
    """Tensor names of an attention to the sound; `packed` is its key and value in one."""

    norm: Affine
    query: Affine
    packed: Affine
    output: Affine


@dataclass(frozen=True, slots=True)
class SoundLayer:
    """A layer of the encoder."""

    index: int
    attention: SelfAttention
    feed_forward: FeedForward


@dataclass(frozen=True, slots=True)
class TextLayer:
    """A layer of the decoder."""

    index: int
    attention: SelfAttention
    cross: CrossAttention
    feed_forward: FeedForward


@dataclass(frozen=True, slots=True)
class TranscriberPlan:
    """Both halves of a Whisper model; sizes in elements, `max_tokens` in tokens."""

    heads: int
    hidden_size: int
    feed_forward_size: int
    vocab_size: int
    max_tokens: int
    first_convolution: Affine
    second_convolution: Affine
    sound_positions: str
    sound_layers: tuple[SoundLayer, ...]
    sound_norm: Affine
    embedding: str
    text_positions: str
    text_layers: tuple[TextLayer, ...]
    text_norm: Affine

    @property
    def head_dim(self) -> int:
        """Elements of a head."""
        return self.hidden_size // self.heads

    @property
    def sound_matrices(self) -> tuple[Affine, ...]:
        """Those that multiply in the encoder, the cross keys and values among them."""
        own = [
            affine
            for layer in self.sound_layers
            for affine in (
                layer.attention.packed,
                layer.attention.output,
                layer.feed_forward.up,
                layer.feed_forward.down,
            )
        ]
        return (*own, *(layer.cross.packed for layer in self.text_layers))

    @property
    def matrix_inputs(self) -> frozenset[int]:
        """The different numbers of inputs that the matrices have."""
        return frozenset({self.hidden_size, self.feed_forward_size})


def plan_transcriber(weights: Weights) -> TranscriberPlan:
    """Plan the model that a CTranslate2 file holds.

    Raises:
        UnsupportedModelError: no Whisper, or one of another make (128 mels, other heads in its halves).
        ModelFileError: tensor shapes contradict each other.
    """
    heads = _require_whisper(weights)
    vocab_size, hidden = _matrix(weights, EMBEDDING)
    max_tokens, _ = _matrix(weights, "decoder/position_encodings/encodings")
    wide, _ = _matrix(weights, "encoder/layer_0/ffn/linear_0/weight")
    if hidden % heads or (hidden // heads) % 8:
        raise UnsupportedModelError(f"{heads} heads do not divide the hidden size {hidden} evenly.")
    plan = TranscriberPlan(
        heads=heads,
        hidden_size=hidden,
        feed_forward_size=wide,
        vocab_size=vocab_size,
        max_tokens=max_tokens,
        first_convolution=_affine("encoder/conv1"),
        second_convolution=_affine("encoder/conv2"),
        sound_positions="encoder/position_encodings/encodings",
        sound_layers=tuple(_sound_layer(i) for i in range(_layers(weights, "encoder"))),
        sound_norm=_norm("encoder"),
        embedding=EMBEDDING,
        text_positions="decoder/position_encodings/encodings",
        text_layers=tuple(_text_layer(i) for i in range(_layers(weights, "decoder"))),
        text_norm=_norm("decoder"),
    )
    require_shapes(_shapes(plan), weights)
    return plan


def _require_whisper(weights: Weights) -> int:
    """The number of heads, after checking everything that the file says of the model."""
    metadata = weights.metadata
    if metadata.get(SPECIFICATION) != "WhisperSpec":
        raise UnsupportedModelError(
            f"The file holds a {str(metadata.get(SPECIFICATION))[:40]!r}, not Whisper.",
            hint="Give a Whisper model converted for CTranslate2 (model.bin).",
        )
    scalars = {key.removeprefix(SCALAR): value for key, value in metadata.items() if key.startswith(SCALAR)}
    heads = {half: scalars.pop(half + _HEADS, None) for half in ("encoder", "decoder")}
    for name, wanted in _SCALARS.items():
        if scalars.pop(name, wanted) != wanted:
            raise UnsupportedModelError(f"{name} is not {wanted}, for which prudent builds Whisper.")
    if scalars:
        raise UnsupportedModelError(
            f"The file states {next(iter(scalars))[:60]}, which prudent would ignore."
        )
    if metadata.get(ALIAS + _HEAD) != EMBEDDING:
        raise UnsupportedModelError("The model's output matrix is not its embedding, as Whisper's is.")
    count = heads["encoder"]
    if not isinstance(count, int) or count != heads["decoder"] or not 0 < count <= 1 << 10:
        raise UnsupportedModelError("The two halves of the model have different numbers of heads, or none.")
    return count


def _matrix(weights: Weights, name: str) -> tuple[int, int]:
    info = weights.tensors.get(name)
    if info is None or len(info.shape) != 2:
        raise ModelFileError(f"The file has no matrix {name}.", hint="Fetch the file again.")
    outputs, inputs = info.shape
    return outputs, inputs


def _layers(weights: Weights, half: str) -> int:
    count = 0
    while f"{half}/layer_{count}/ffn/linear_0/weight" in weights.tensors:
        count += 1
    if not 0 < count <= MAX_LAYERS:
        raise ModelFileError(f"The file has {count} {half} layers.", hint="Fetch the file again.")
    return count


def _affine(name: str) -> Affine:
    return Affine(f"{name}/weight", f"{name}/bias")


def _norm(parent: str) -> Affine:
    return Affine(f"{parent}/layer_norm/gamma", f"{parent}/layer_norm/beta")


def _sound_layer(index: int) -> SoundLayer:
    name = f"encoder/layer_{index}"
    return SoundLayer(index, _self_attention(name), _feed_forward(name))


def _text_layer(index: int) -> TextLayer:
    name = f"decoder/layer_{index}"
    cross = f"{name}/attention"
    return TextLayer(
        index,
        _self_attention(name),
        CrossAttention(
            _norm(cross),
            query=_affine(f"{cross}/linear_0"),
            packed=_affine(f"{cross}/linear_1"),
            output=_affine(f"{cross}/linear_2"),
        ),
        _feed_forward(name),
    )


def _self_attention(layer: str) -> SelfAttention:
    name = f"{layer}/self_attention"
    return SelfAttention(_norm(name), _affine(f"{name}/linear_0"), _affine(f"{name}/linear_1"))


def _feed_forward(layer: str) -> FeedForward:
    name = f"{layer}/ffn"
    return FeedForward(_norm(name), _affine(f"{name}/linear_0"), _affine(f"{name}/linear_1"))


def _shapes(plan: TranscriberPlan) -> dict[str, tuple[int, ...]]:
    hidden, wide = plan.hidden_size, plan.feed_forward_size
    shapes: dict[str, tuple[int, ...]] = {
        plan.sound_positions: (POSITIONS, hidden),
        plan.text_positions: (plan.max_tokens, hidden),
        plan.embedding: (plan.vocab_size, hidden),
    }

    def add(affine: Affine, *shape: int) -> None:
        shapes[affine.weight] = shape
        shapes[affine.bias] = shape[:1]

    add(plan.first_convolution, hidden, MELS, KERNEL)
    add(plan.second_convolution, hidden, hidden, KERNEL)
    for norm in (plan.sound_norm, plan.text_norm):
        add(norm, hidden)
    for layer in (*plan.sound_layers, *plan.text_layers):
        add(layer.attention.norm, hidden)
        add(layer.attention.packed, 3 * hidden, hidden)
        add(layer.attention.output, hidden, hidden)
        add(layer.feed_forward.norm, hidden)
        add(layer.feed_forward.up, wide, hidden)
        add(layer.feed_forward.down, hidden, wide)
    for layer in plan.text_layers:
        add(layer.cross.norm, hidden)
        add(layer.cross.query, hidden, hidden)
        add(layer.cross.packed, 2 * hidden, hidden)
        add(layer.cross.output, hidden, hidden)
    return shapes
