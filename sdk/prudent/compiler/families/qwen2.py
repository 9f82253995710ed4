"""Qwen2 and Qwen2.5 (general, Coder, Math): biases on q, k and v; large models have a head of their own."""

from __future__ import annotations

from prudent.compiler.families.spec import DecoderSpec

QWEN2 = DecoderSpec(architecture="qwen2", rope="half")
