"""Vectors as the answer to a request: shortened, encoded, counted. Knows no model and no HTTP."""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import NDArray

from prudent.errors import InvalidRequestError
from prudent.types.embeddings import Embedding, EmbeddingList, EmbeddingRequest, EmbeddingUsage


def require_dimensions(request: EmbeddingRequest, model: str, size: int) -> None:
    """Return where the model has as many dimensions as are asked for.

    Raises:
        InvalidRequestError: it has fewer.
    """
    if request.dimensions is not None and request.dimensions > size:
        raise InvalidRequestError(
            f"dimensions is {request.dimensions}; the vectors of {model} have {size}.", param="dimensions"
        )


def embedding_list(
    request: EmbeddingRequest, vectors: NDArray[np.float32], *, tokens: int, model: str
) -> EmbeddingList:
    """The answer of vectors (texts, size), each of length 1."""
    if request.dimensions is not None:
        vectors = shortened(vectors, request.dimensions)
    return EmbeddingList(
        data=[
            Embedding(index=index, embedding=_encoded(vector, request.encoding_format))
            for index, vector in enumerate(vectors)
        ],
        model=model,
        usage=EmbeddingUsage(prompt_tokens=tokens, total_tokens=tokens),
    )


def shortened(vectors: NDArray[np.float32], dimensions: int) -> NDArray[np.float32]:
    """The first numbers of each vector, brought to length 1 again; one of zeros stays so."""
    kept = vectors[:, :dimensions]
    lengths = np.linalg.norm(kept, axis=-1, keepdims=True)
    return np.divide(kept, lengths, out=np.zeros_like(kept), where=lengths > 0)


def _encoded(vector: NDArray[np.float32], encoding: str) -> list[float] | str:
    if encoding == "base64":
        return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")
    return vector.tolist()
