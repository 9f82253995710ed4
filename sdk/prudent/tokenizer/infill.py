"""The control tokens that models trained to fill a gap have around it. Knows no model and no request."""

from __future__ import annotations

from prudent.tokenizer.prompt import Control, RenderedPrompt
from prudent.tokenizer.spec import TokenizerSpec

INFILL_TEXTS = (
    ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),  # Qwen2.5-Coder, Granite Code
    ("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),  # StarCoder
)
"""Before the text that comes first, the text that comes last, and the answer, which goes between the two."""


def infill_prompt(spec: TokenizerSpec, prefix: str, suffix: str) -> RenderedPrompt | None:
    """The prompt for what stands between two texts; None where the vocabulary has no such tokens."""
    special = spec.special_tokens
    for texts in INFILL_TEXTS:
        if all(text in special for text in texts):
            first, last, middle = (Control(special[text], text) for text in texts)
            return RenderedPrompt((first, prefix, last, suffix, middle))
    return None
