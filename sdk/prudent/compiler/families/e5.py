"""Multilingual E5 (XLM-R's vocabulary, BERT's layers): one language's question finds another's answer."""

from __future__ import annotations

from prudent.compiler.families.encoder_spec import EncoderSpec

E5 = EncoderSpec(architecture="e5", query_prefix="query: ", passage_prefix="passage: ")
