"""The texts on which a compiled model is compared with float32. Their files ship with the package.

For decoders: prose, code in four languages, a conversation, JSON, Chinese, numbers and dates, all written for
prudent: what a chat model reads, and at least 2,000 tokens with every tokenizer of the catalog's models. For
encoders: pairs of an English sentence and the same in Chinese, written for prudent too.
"""

from __future__ import annotations

import importlib.resources

from pydantic import TypeAdapter

_PAIRS = TypeAdapter(list[tuple[str, str]])
_FILES = ("prose.txt", "code.txt", "chat.txt", "records.json", "chinese.txt", "numbers.txt")


def calibration_text() -> str:
    """All of it, in a fixed order."""
    folder = importlib.resources.files("prudent.compiler.calibration")
    return "\n\n".join((folder / name).read_text(encoding="utf-8").strip() for name in _FILES)


def calibration_pairs() -> list[tuple[str, str]]:
    """Sentences in English and Chinese."""
    file = importlib.resources.files("prudent.compiler.calibration") / "sentences.json"
    return _PAIRS.validate_json(file.read_bytes())
