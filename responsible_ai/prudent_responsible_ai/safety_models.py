"""The checks' models on this machine, each opened when a check first asks for it, and shared by all."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prudent.capabilities.embeddings import EmbeddingModel
    from prudent_responsible_ai.text_encoder import TextEncoder


class LocalSafetyModels:
    """See `setup.SafetyModels`. What cannot be opened is tried again when it is next asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._encoder: TextEncoder | None = None
        self._embedder: EmbeddingModel | None = None

    def encoder(self) -> TextEncoder:
        """The checks' encoder; compiled the first time (seconds)."""
        from prudent_responsible_ai.encoder.loading import open_text_encoder

        with self._lock:
            if self._encoder is None:
                self._encoder = open_text_encoder()
            return self._encoder

    def embedder(self) -> EmbeddingModel:
        """multilingual-e5-small."""
        from prudent.capabilities.embeddings import EmbeddingModel

        with self._lock:
            if self._embedder is None:
                self._embedder = EmbeddingModel.load()
            return self._embedder
