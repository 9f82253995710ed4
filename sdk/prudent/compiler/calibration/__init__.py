"""The text on which a compiled model is compared with float32. Its files ship with the package.

Prose, code in four languages, a conversation, JSON, Chinese, numbers and dates, all written for prudent:
what a chat model reads, and at least 2,000 tokens with every tokenizer of the catalog's models.
"""

from __future__ import annotations

import importlib.resources

_FILES = ("prose.txt", "code.txt", "chat.txt", "records.json", "chinese.txt", "numbers.txt")


def calibration_text() -> str:
    """All of it, in a fixed order."""
    folder = importlib.resources.files("prudent.compiler.calibration")
    return "\n\n".join((folder / name).read_text(encoding="utf-8").strip() for name in _FILES)
