"""One embedding model in memory for all who use it in a process: requests, and the choice of tools.

Knows how to count holders, not how a model is loaded.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable

from prudent.capabilities.embeddings import EmbeddingModel


class SharedEncoders:
    """Embedding models by id. Thread-safe. Each holder closes what it got, and the last one frees it."""

    def __init__(self) -> None:
        self._models: dict[str, EmbeddingModel] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()

    def open(self, id: str, load: Callable[[], EmbeddingModel]) -> EmbeddingModel:
        """The model that someone holds already, else the one that `load` brings.

        Raises:
            PrudentError: what `load` raises.
        """
        with self._lock:
            own = self._locks[id]
        with own:
            model = self._models.get(id)
            if model is None or not model.share():
                model = self._models[id] = load()
            return model
