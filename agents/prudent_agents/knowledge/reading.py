"""One document made ready: text out of bytes, passages, their vectors. Writes nothing.

The server checks each passage as text of a document before it makes a vector of it; a passage that the policy
refuses is withheld, so that it is never found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from prudent.errors import ContentFilterError
from prudent_agents.knowledge.chunks import Chunk, cut
from prudent_agents.knowledge.extraction.extracted import Extracted
from prudent_agents.knowledge.vectors import Vectors, packed
from prudent_agents.senses import Senses

_BATCH = 32


def passages_of(
    document: Extracted, senses: Senses, model: str, *, told: Callable[[int, int], None]
) -> tuple[list[Chunk], list[bytes], int]:
    """The passages of a document, their packed vectors, and how many are withheld.

    `told` hears how many of how many are done. Raises PrudentError: what the client raises.
    """
    chunks = cut(document)
    kept: list[Chunk] = []
    vectors: list[bytes] = []
    for begin in range(0, len(chunks), _BATCH):
        told(begin, len(chunks))
        batch = chunks[begin : begin + _BATCH]
        texts = [_embedded(document, chunk) for chunk in batch]
        places, found = _vectors(texts, senses, model)
        kept += [batch[place] for place in places]
        vectors += packed(found) if places else []
    told(len(chunks), len(chunks))
    return kept, vectors, len(chunks) - len(kept)


def _embedded(document: Extracted, chunk: Chunk) -> str:
    """A passage as it is embedded: with the headings above it, which say what it is about."""
    text = document.text[chunk.start : chunk.end]
    above = chunk.heading or document.title
    return f"{above}\n{text}" if above and not text.startswith(above) else text


def _vectors(texts: Sequence[str], senses: Senses, model: str) -> tuple[list[int], Vectors]:
    """The places of texts that were not refused, and their vectors."""
    try:
        return list(range(len(texts))), senses.embed(texts, "passage", model)
    except ContentFilterError:
        places: list[int] = []
        rows: list[Vectors] = []
        for place, text in enumerate(texts):
            try:
                rows.append(senses.embed([text], "passage", model))
            except ContentFilterError:
                continue
            places.append(place)
        return places, np.concatenate(rows) if rows else np.empty((0, 0), np.float32)
