"""BERT as sentence-transformers trains it (MiniLM): the mean of a text's tokens, no prefixes, no pooler."""

from __future__ import annotations

from prudent.compiler.families.encoder_spec import EncoderSpec, EncoderTensors

BERT = EncoderSpec(
    architecture="bert",
    query_prefix="",
    passage_prefix="",
    tensors=EncoderTensors(
        words="embeddings.word_embeddings.weight",
        positions="embeddings.position_embeddings.weight",
        types="embeddings.token_type_embeddings.weight",
        embedding_norm="embeddings.LayerNorm",
        query="encoder.layer.{layer}.attention.self.query",
        key="encoder.layer.{layer}.attention.self.key",
        value="encoder.layer.{layer}.attention.self.value",
        attention_output="encoder.layer.{layer}.attention.output.dense",
        attention_norm="encoder.layer.{layer}.attention.output.LayerNorm",
        up="encoder.layer.{layer}.intermediate.dense",
        down="encoder.layer.{layer}.output.dense",
        output_norm="encoder.layer.{layer}.output.LayerNorm",
        weight=".weight",
        bias=".bias",
    ),
    english=True,
    unused=frozenset({"pooler.dense.weight", "pooler.dense.bias"}),
)
