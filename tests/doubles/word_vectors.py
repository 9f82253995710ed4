"""A client whose vectors are of a text's words, and that reads and hears what the test says."""

from __future__ import annotations

import base64
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from prudent.errors import ContentFilterError
from prudent_agents.knowledge.lexicon import words

SIZE = 128


def vector_of(text: str) -> Any:
    """A vector of length 1: each word adds a random one of its own."""
    total = np.full(SIZE, 0.01)
    for word, count in Counter(words(text)).items():
        total += count * np.random.default_rng(zlib.crc32(word.encode())).normal(size=SIZE)
    return (total / np.linalg.norm(total)).astype("<f4")


class WordVectors:
    """Stands in for Client. No text may hold `refused`; `embedded` are the texts it was given."""

    def __init__(
        self, *, refused: str = "\0", pages: Sequence[str] = (), segments: Sequence[Any] = ()
    ) -> None:
        self.embedded: list[str] = []
        self.asked_for: list[list[int] | None] = []
        self._refused, self._pages, self._segments = refused, pages, segments
        self.embeddings = SimpleNamespace(create=self._embed)
        self.vision = SimpleNamespace(read=self._read)
        self.safety = SimpleNamespace(check=self._check)
        self.audio = SimpleNamespace(transcriptions=SimpleNamespace(create=self._hear))

    def _embed(self, *, input: list[str], **_: Any) -> Any:
        if any(self._refused in text for text in input):
            raise ContentFilterError("A check refused a text.")
        self.embedded += input
        data = [SimpleNamespace(embedding=base64.b64encode(vector_of(text).tobytes())) for text in input]
        return SimpleNamespace(data=data)

    def _read(self, file: Path, *, pages: list[int] | None = None) -> Any:
        self.asked_for.append(pages)
        chosen = pages or range(1, len(self._pages) + 1)
        read = [SimpleNamespace(number=number, text=self._pages[number - 1]) for number in chosen]
        return SimpleNamespace(pages=read, pages_total=len(self._pages), text="\n\n".join(self._pages))

    def _check(self, parts: list[dict[str, str]]) -> Any:
        passed = [None if self._refused in part["text"] else part["text"] for part in parts]
        return SimpleNamespace(parts=[SimpleNamespace(text=text) for text in passed])

    def _hear(self, **_: Any) -> Any:
        return SimpleNamespace(segments=list(self._segments), text="")
