"""How near a request is to what a tool does: the encoder's cosines, tools' vectors kept.

The encoder is loaded when first needed, and only if it is on this machine. Knows no decision.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from prudent.capabilities.embeddings import EmbeddingModel
from prudent.capabilities.tools.cards import PreparedTool
from prudent.errors import ConflictError, ContextLengthError, PrudentError

_MOST_CHARACTERS = 1200
_FEWEST_CHARACTERS = 64
_MOST_VECTORS = 2048


class ToolEncoder:
    """Compares requests with tools. Thread-safe; one serves every chat model of a process."""

    def __init__(self, load: Callable[[], EmbeddingModel]) -> None:
        """`load` is called at the first use; where it raises, there are no similarities from then on."""
        self._load = load
        self._lock = threading.Lock()
        self._encoder: EmbeddingModel | None = None
        self._unavailable = False
        self._vectors: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()

    @classmethod
    def local(cls) -> ToolEncoder:
        """The encoder of this machine; never fetched for this purpose."""
        return cls(lambda: EmbeddingModel.load(pull=False))

    def similarities(self, request: str, tools: Sequence[PreparedTool]) -> dict[str, float] | None:
        """The cosine of the request and each tool; None where there is no encoder."""
        with self._lock:
            encoder = self._opened()
            if encoder is None or not request.strip():
                return None
            vectors = self._of_tools(encoder, [tool.gist for tool in tools])
            asked = _embed(encoder, [request])[0]
        return {tool.name: float(vector @ asked) for tool, vector in zip(tools, vectors, strict=True)}

    def close(self) -> None:
        """Free the encoder."""
        with self._lock:
            if self._encoder is not None:
                self._encoder.close()
            self._encoder, self._unavailable = None, True

    def _opened(self) -> EmbeddingModel | None:
        if self._encoder is None and not self._unavailable:
            try:
                self._encoder = self._load()
            except (ConflictError, PrudentError):
                self._unavailable = True
        return self._encoder

    def _of_tools(self, encoder: EmbeddingModel, gists: Sequence[str]) -> list[NDArray[np.float32]]:
        keys = [hashlib.sha256(gist.encode("utf-8", "surrogatepass")).digest() for gist in gists]
        missing = [index for index, key in enumerate(keys) if key not in self._vectors]
        if missing:
            found = _embed(encoder, [gists[index] for index in missing])
            for index, vector in zip(missing, found, strict=True):
                self._vectors[keys[index]] = vector
        vectors = [self._vectors[key] for key in keys]
        for key in keys:
            self._vectors.move_to_end(key)
        while len(self._vectors) > _MOST_VECTORS:
            self._vectors.popitem(last=False)
        return vectors


def _embed(encoder: EmbeddingModel, texts: Sequence[str]) -> NDArray[np.float32]:
    """Vectors of the texts' beginnings, as much of them as the encoder takes."""
    most = _MOST_CHARACTERS
    while True:
        try:
            return encoder.embed([text[:most] for text in texts], kind="query")
        except ContextLengthError:
            if most <= _FEWEST_CHARACTERS:
                raise
            most //= 2
