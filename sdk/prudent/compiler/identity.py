"""Who a model is, as far as its weight file does not say. Knows nothing of catalogs."""

from __future__ import annotations

from dataclasses import dataclass

from prudent.runtime.artifact import SourceFile


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Goes into the card as it is."""

    id: str
    license: str
    upstream: str
    sources: tuple[SourceFile, ...]
