"""From an encoder family's spec and a file's header to a plan: every number and tensor name of the graph.

Reads no weights and knows no graph. What the file holds and the plan would not use is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prudent.compiler.families.encoder_spec import EncoderActivation, EncoderSpec, EncoderTensors
from prudent.compiler.plan_metadata import Metadata
from prudent.compiler.readers.weights import Weights
from prudent.compiler.shapes import require_shapes
from prudent.errors import UnsupportedModelError
from prudent.runtime.encoder_artifact import EncoderConfig
from prudent.tokenizer.encoder_tokenizers import EncoderTokenizerKind, kind_of_tokenizer

MAX_TOKENS = 1 << 14
"""Attention is quadratic here, and a model with more positions than this is not of the kind."""


@dataclass(frozen=True, slots=True)
class Affine:
    """Tensor names of a matrix and its bias, or of a norm's scale and shift."""

    weight: str
    bias: str


@dataclass(frozen=True, slots=True)
class EncoderLayerPlan:
    """Tensor names of one layer."""

    index: int
    query: Affine
    key: Affine
    value: Affine
    attention_output: Affine
    attention_norm: Affine
    up: Affine
    down: Affine
    output_norm: Affine

    @property
    def matrices(self) -> tuple[Affine, ...]:
        """Those that multiply."""
        return (self.query, self.key, self.value, self.attention_output, self.up, self.down)


@dataclass(frozen=True, slots=True)
class EncoderPlan:
    """A whole encoder; `types` has a row for each kind of segment, of which a single text uses the first."""

    config: EncoderConfig
    feed_forward_size: int
    epsilon: float
    activation: EncoderActivation
    words: str
    positions: str
    types: str
    embedding_norm: Affine
    layers: tuple[EncoderLayerPlan, ...]
    english: bool

    @property
    def matrix_inputs(self) -> frozenset[int]:
        """The different numbers of inputs that the encoder's matrices have."""
        return frozenset({self.config.hidden_size, self.feed_forward_size})


def plan_encoder(weights: Weights, families: Mapping[str, EncoderSpec]) -> EncoderPlan:
    """Plan the encoder that a file holds.

    Raises:
        UnsupportedModelError: a family, feature or tensor that prudent does not know.
        ModelFileError: metadata or tensor shapes contradict each other.
    """
    architecture = weights.metadata.get("general.architecture")
    spec = families.get(architecture) if isinstance(architecture, str) else None
    if spec is None:
        raise UnsupportedModelError(
            f"The file holds a model of the family {str(architecture)[:80]!r}, which is no encoder.",
            hint=f"Encoders that prudent compiles are {', '.join(families)}.",
        )
    metadata = Metadata(weights.metadata, spec.architecture)
    config = _config(spec, metadata, kind_of_tokenizer(weights.metadata))
    types = metadata.whole("token_type_count", most=1 << 8)
    names = spec.tensors
    plan = EncoderPlan(
        config=config,
        feed_forward_size=metadata.whole("feed_forward_length", most=1 << 20),
        epsilon=metadata.real("attention.layer_norm_epsilon", least=0.0, most=1.0),
        activation=spec.activation,
        words=names.words,
        positions=names.positions,
        types=names.types,
        embedding_norm=_affine(names, names.embedding_norm, 0),
        layers=tuple(_layer(names, index) for index in range(config.layers)),
        english=spec.english,
    )
    metadata.require_all_known()
    require_shapes(_shapes(plan, types), weights, spec.unused)
    return plan


def _config(spec: EncoderSpec, metadata: Metadata, tokenizer: EncoderTokenizerKind) -> EncoderConfig:
    hidden = metadata.whole("embedding_length", most=1 << 16)
    heads = metadata.whole("attention.head_count", most=1 << 10)
    if hidden % heads:
        raise UnsupportedModelError(f"{heads} heads do not divide the hidden size {hidden} evenly.")
    return EncoderConfig(
        family=spec.architecture,
        layers=metadata.whole("block_count", most=1 << 10),
        heads=heads,
        hidden_size=hidden,
        vocab_size=metadata.whole("vocab_size", most=1 << 24),
        max_tokens=metadata.whole("context_length", most=MAX_TOKENS),
        tokenizer=tokenizer,
        query_prefix=spec.query_prefix,
        passage_prefix=spec.passage_prefix,
    )


def _affine(names: EncoderTensors, template: str, layer: int) -> Affine:
    name = template.format(layer=layer)
    return Affine(name + names.weight, name + names.bias)


def _layer(names: EncoderTensors, index: int) -> EncoderLayerPlan:
    def affine(template: str) -> Affine:
        return _affine(names, template, index)

    return EncoderLayerPlan(
        index=index,
        query=affine(names.query),
        key=affine(names.key),
        value=affine(names.value),
        attention_output=affine(names.attention_output),
        attention_norm=affine(names.attention_norm),
        up=affine(names.up),
        down=affine(names.down),
        output_norm=affine(names.output_norm),
    )


def _shapes(plan: EncoderPlan, types: int) -> dict[str, tuple[int, ...]]:
    config, hidden, wide = plan.config, plan.config.hidden_size, plan.feed_forward_size
    shapes: dict[str, tuple[int, ...]] = {
        plan.words: (config.vocab_size, hidden),
        plan.positions: (config.max_tokens, hidden),
        plan.types: (types, hidden),
    }

    def add(affine: Affine, *shape: int) -> None:
        shapes[affine.weight] = shape
        shapes[affine.bias] = shape[:1]

    add(plan.embedding_norm, hidden)
    for layer in plan.layers:
        for square in (layer.query, layer.key, layer.value, layer.attention_output):
            add(square, hidden, hidden)
        add(layer.up, wide, hidden)
        add(layer.down, hidden, wide)
        add(layer.attention_norm, hidden)
        add(layer.output_norm, hidden)
    return shapes
