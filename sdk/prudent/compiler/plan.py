"""From a family's spec and a file's header to a plan: every number and tensor name that the graph needs.

Reads no weights and knows no graph. What the file holds and the plan would not use is refused: a feature
that is silently left out gives a model that runs and is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from prudent.compiler.families.spec import Activation, DecoderSpec, RopeLayout
from prudent.compiler.plan_metadata import Metadata
from prudent.compiler.readers.weights import Weights
from prudent.compiler.shapes import require_shapes
from prudent.errors import ModelFileError, UnsupportedModelError
from prudent.runtime.artifact import DecoderConfig

MAX_CONTEXT = 1 << 18
"""The rotary tables have a row for every position; at this length they take 64 MB."""


@dataclass(frozen=True, slots=True)
class Rope:
    """Rotary positions: angle = position / scale * base^(-2i/head_dim) / factors[i] (a tensor, or None)."""

    layout: RopeLayout
    base: float
    scale: float
    factors: str | None


@dataclass(frozen=True, slots=True)
class AttentionPlan:
    """Tensor names of one layer's attention; None where the family has no such thing."""

    norm: str
    query: str
    key: str
    value: str
    biases: tuple[str, str, str] | None
    query_norm: str | None
    key_norm: str | None
    output: str
    post_norm: str | None
    rope: Rope
    window: int | None


@dataclass(frozen=True, slots=True)
class FeedForwardPlan:
    """Tensor names of one layer's feed-forward."""

    norm: str
    gate: str
    up: str
    down: str
    post_norm: str | None


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """One layer."""

    index: int
    attention: AttentionPlan
    feed_forward: FeedForwardPlan

    @property
    def tensors(self) -> tuple[str, ...]:
        """Names of all tensors of the layer (the rotary factors belong to the model)."""
        names: list[str] = []
        for part in (self.attention, self.feed_forward):
            for field in fields(part):
                value: object = getattr(part, field.name)
                names += [value] if isinstance(value, str) else []
        return (*names, *(self.attention.biases or ()))


@dataclass(frozen=True, slots=True)
class DecoderPlan:
    """A whole decoder; `head` is the embedding's name where the two are tied."""

    config: DecoderConfig
    feed_forward_size: int
    epsilon: float
    activation: Activation
    embedding_scale: float
    attention_softcap: float | None
    logit_softcap: float | None
    embedding: str
    head: str
    final_norm: str
    layers: tuple[LayerPlan, ...]

    @property
    def is_tied(self) -> bool:
        """Whether embedding and head are one tensor."""
        return self.head == self.embedding

    @property
    def matrix_inputs(self) -> frozenset[int]:
        """The different numbers of inputs that the decoder's matrices have."""
        config = self.config
        return frozenset({config.hidden_size, config.heads * config.head_dim, self.feed_forward_size})


def plan_decoder(weights: Weights, families: Mapping[str, DecoderSpec]) -> DecoderPlan:
    """Plan the decoder that a file holds.

    Raises:
        UnsupportedModelError: a family, feature or tensor that prudent does not know.
        ModelFileError: metadata or tensor shapes contradict each other.
    """
    spec = _spec(weights, families)
    metadata = Metadata(weights.metadata, spec.architecture)
    config = _config(weights, spec, metadata)
    layers = tuple(_layer(index, weights, spec, metadata) for index in range(config.layers))
    head = spec.tensors.head if spec.tensors.head in weights.tensors else spec.tensors.embedding
    plan = DecoderPlan(
        config=config,
        feed_forward_size=metadata.whole("feed_forward_length", most=1 << 20),
        epsilon=metadata.real("attention.layer_norm_rms_epsilon", least=0.0, most=1.0),
        activation=spec.activation,
        embedding_scale=config.hidden_size**0.5 if spec.scale_embedding else 1.0,
        attention_softcap=metadata.optional_real("attn_logit_softcapping"),
        logit_softcap=metadata.optional_real("final_logit_softcapping"),
        embedding=spec.tensors.embedding,
        head=head,
        final_norm=spec.tensors.final_norm,
        layers=layers,
    )
    metadata.require_all_known()
    require_shapes(_shapes(plan), weights)
    return plan


def _spec(weights: Weights, families: Mapping[str, DecoderSpec]) -> DecoderSpec:
    architecture = weights.metadata.get("general.architecture")
    spec = families.get(architecture) if isinstance(architecture, str) else None
    if spec is None:
        raise UnsupportedModelError(
            f"The file holds a model of the family {str(architecture)[:80]!r}.",
            hint=f"prudent compiles {', '.join(families)}.",
        )
    return spec


def _config(weights: Weights, spec: DecoderSpec, metadata: Metadata) -> DecoderConfig:
    embedding = weights.tensors.get(spec.tensors.embedding)
    if embedding is None or len(embedding.shape) != 2:
        raise ModelFileError(
            f"The file has no embedding matrix {spec.tensors.embedding!r}.", hint="Fetch it again."
        )
    hidden = metadata.whole("embedding_length", most=1 << 16)
    heads = metadata.whole("attention.head_count", most=1 << 10)
    head_dim = metadata.optional_whole("attention.key_length", most=1 << 10) or hidden // heads
    kv_heads = metadata.optional_whole("attention.head_count_kv", most=heads) or heads
    for key in ("attention.value_length", "rope.dimension_count"):
        size = metadata.optional_whole(key, most=1 << 10)
        if size not in (None, head_dim):
            raise UnsupportedModelError(
                f"{key} is {size} and the heads have {head_dim}; prudent needs them equal."
            )
    if heads % kv_heads or head_dim % 8:
        raise UnsupportedModelError(
            f"{heads} heads of {head_dim} over {kv_heads} key-value heads cannot be run;"
            " heads must divide evenly and have a multiple of 8 elements."
        )
    return DecoderConfig(
        family=spec.architecture,
        layers=metadata.whole("block_count", most=1 << 10),
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        hidden_size=hidden,
        vocab_size=embedding.shape[0],
        context_length=min(MAX_CONTEXT, metadata.whole("context_length", most=1 << 31)),
    )


def _layer(index: int, weights: Weights, spec: DecoderSpec, metadata: Metadata) -> LayerPlan:
    names = spec.tensors

    def name(template: str) -> str:
        return template.format(layer=index)

    def present(template: str) -> str | None:
        return name(template) if name(template) in weights.tensors else None

    biases = tuple(present(bias) for bias in (names.query_bias, names.key_bias, names.value_bias))
    local = spec.local_attention
    is_local = local is not None and (index + 1) % local.global_every != 0
    attention = AttentionPlan(
        norm=name(names.attention_norm),
        query=name(names.query),
        key=name(names.key),
        value=name(names.value),
        biases=None if biases == (None, None, None) else _complete(biases, index),
        query_norm=present(names.query_norm),
        key_norm=present(names.key_norm),
        output=name(names.attention_output),
        post_norm=present(names.attention_post_norm),
        rope=_rope(weights, spec, metadata, is_local),
        window=metadata.whole("attention.sliding_window", most=MAX_CONTEXT) if is_local else None,
    )
    if (attention.query_norm is None) != (attention.key_norm is None):
        raise ModelFileError(
            f"Layer {index} has a norm for only one of q and k.", hint="Fetch the file again."
        )
    feed_forward = FeedForwardPlan(
        norm=name(names.feed_forward_norm),
        gate=name(names.gate),
        up=name(names.up),
        down=name(names.down),
        post_norm=present(names.feed_forward_post_norm),
    )
    return LayerPlan(index, attention, feed_forward)


def _complete(biases: tuple[str | None, ...], index: int) -> tuple[str, str, str]:
    query, key, value = biases
    if query is None or key is None or value is None:
        raise ModelFileError(
            f"Layer {index} has only some of the q, k and v biases.", hint="Fetch the file again."
        )
    return query, key, value


def _rope(weights: Weights, spec: DecoderSpec, metadata: Metadata, is_local: bool) -> Rope:
    base = metadata.optional_real("rope.freq_base") or 10_000.0
    scaling = metadata.optional_text("rope.scaling.type") or "none"
    factor = metadata.optional_real("rope.scaling.factor")
    if scaling not in ("none", "linear"):
        raise UnsupportedModelError(f"Rotary scaling {scaling[:40]!r} is not supported; none and linear are.")
    factors = spec.tensors.rope_factors if spec.tensors.rope_factors in weights.tensors else None
    if is_local and spec.local_attention is not None and spec.local_attention.rope_base is not None:
        # Models that give local layers a base of their own scale only the global ones (Gemma 3).
        return Rope(spec.rope, spec.local_attention.rope_base, 1.0, factors)
    return Rope(spec.rope, base, (factor or 1.0) if scaling == "linear" else 1.0, factors)


def _shapes(plan: DecoderPlan) -> dict[str, tuple[int, ...]]:
    config, hidden = plan.config, plan.config.hidden_size
    query_size, kv_size = config.heads * config.head_dim, config.kv_heads * config.head_dim
    shapes: dict[str, tuple[int, ...]] = {
        plan.embedding: (config.vocab_size, hidden),
        plan.head: (config.vocab_size, hidden),
        plan.final_norm: (hidden,),
    }
    for layer in plan.layers:
        attention, forward = layer.attention, layer.feed_forward
        optional: list[tuple[str | None, tuple[int, ...]]] = [
            (attention.rope.factors, (config.head_dim // 2,)),
            (attention.query_norm, (config.head_dim,)),
            (attention.key_norm, (config.head_dim,)),
            (attention.post_norm, (hidden,)),
            (forward.post_norm, (hidden,)),
        ]
        shapes |= {name: shape for name, shape in optional if name is not None}
        if attention.biases is not None:
            shapes |= dict(zip(attention.biases, ((query_size,), (kv_size,), (kv_size,)), strict=True))
        shapes |= {
            attention.norm: (hidden,),
            attention.query: (query_size, hidden),
            attention.key: (kv_size, hidden),
            attention.value: (kv_size, hidden),
            attention.output: (hidden, query_size),
            forward.norm: (hidden,),
            forward.gate: (plan.feed_forward_size, hidden),
            forward.up: (plan.feed_forward_size, hidden),
            forward.down: (hidden, plan.feed_forward_size),
        }
    return shapes
