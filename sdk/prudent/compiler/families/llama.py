"""Llama and what is built like it (SmolLM2, TinyLlama, Mistral 7B): no biases.

llama.cpp's converter reorders the rows of q and k, so that in the file neighbours rotate together, whatever
the layout of the checkpoint was.
"""

from __future__ import annotations

from prudent.compiler.families.spec import DecoderSpec

LLAMA = DecoderSpec(architecture="llama", rope="interleaved")
