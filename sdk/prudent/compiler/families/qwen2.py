"""Qwen2 and Qwen2.5 (general, Coder, Math): biases on q, k and v; rotary halves; large models untie the head."""

from __future__ import annotations

from prudent.compiler.families.spec import DecoderSpec

QWEN2 = DecoderSpec(architecture="qwen2", rope="half")
