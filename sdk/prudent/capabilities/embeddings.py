"""Texts to vectors: `EmbeddingModel.load().embed(["How do I pay?"], kind="query")`.

It joins tokenizer and encoder, and makes batches of texts of like length. Knows no index, no cache of texts
and no HTTP.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from prudent.errors import ContextLengthError, InvalidRequestError, ServiceUnavailableError
from prudent.runtime.encoder_artifact import EncoderArtifact
from prudent.runtime.session import Session, SessionOptions, Spinning, open_session
from prudent.store import open_encoder
from prudent.tokenizer.unigram import UnigramTokenizer
from prudent.tokenizer.unigram_spec import UnigramSpec
from prudent.types.progress import ProgressListener

DEFAULT_EMBEDDING_MODEL = "multilingual-e5-small"

EmbeddingKind: TypeAlias = Literal["query", "passage"]
"""What a text is: a `query` asks, a `passage` may answer. To compare like with like, use one for both."""

_BATCH_TOKENS = 512
"""Tokens in one run, padding included; more of them were not faster, and each takes some 20 kB."""

_PADDING_SHARE = 4
_PADDING_TOKENS = 4
"""A text joins a batch if it is shorter than the longest by no more than a quarter, or these few tokens."""


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Vectors float32 (texts, size), each of length 1, and how many tokens every text had."""

    vectors: NDArray[np.float32]
    tokens: tuple[int, ...]


class EmbeddingModel:
    """A loaded encoder. Safe to use from several threads; their runs take turns."""

    def __init__(self, artifact: EncoderArtifact, *, threads: int | None = None) -> None:
        """Load the encoder (about a second). `threads` None uses every core that this process may use.

        Raises:
            ModelFileError: the folder is damaged.
        """
        self.id = artifact.card.id
        self.card = artifact.card
        self.size: int = artifact.config.hidden_size
        """Numbers in a vector."""
        self.max_tokens: int = artifact.config.max_tokens
        """Tokens that a text may have, with its kind's prefix and the marks of beginning and end."""
        self._prefixes: dict[EmbeddingKind, str] = {
            "query": artifact.config.query_prefix,
            "passage": artifact.config.passage_prefix,
        }
        self._tokenizer = UnigramTokenizer(UnigramSpec.load(artifact.tokenizer))
        options = SessionOptions(threads=threads, spinning=Spinning.NEVER)
        self._session: Session | None = open_session(artifact.graph, options)
        self._turn = threading.Lock()

    @classmethod
    def load(
        cls,
        name: str = DEFAULT_EMBEDDING_MODEL,
        *,
        pull: bool = True,
        threads: int | None = None,
        progress: ProgressListener | None = None,
    ) -> Self:
        """A model of the catalog by name; fetched and compiled the first time.

        `pull` False never fetches.

        Raises:
            ModelNotFoundError: no model has this name.
            InvalidRequestError: the model is not for embeddings.
            ConflictError: `pull` is False and the model is not fetched.
            FetchError, StorageError, ModelFileError, AccuracyGateError: it could not be made ready.
        """
        return cls(open_encoder(name, pull=pull, progress=progress), threads=threads)

    def embed(self, texts: Sequence[str], *, kind: EmbeddingKind) -> NDArray[np.float32]:
        """A vector for each text: float32 (texts, size), each of length 1.

        The product of two vectors is the cosine of the texts: near 1 where they mean the same, in whatever
        language. A text's vector does not depend on the texts beside it. With this model unrelated texts
        have cosines about 0.75, so compare cosines with each other, not with 0.

        Raises:
            InvalidRequestError: `texts` is no list of texts, or there is no such kind.
            ContextLengthError: a text is longer than the model takes; `details` has its index and lengths.
                Nothing is ever cut off to make it fit.
            ServiceUnavailableError: the model was closed.
        """
        return self.embed_counted(texts, kind=kind).vectors

    def embed_counted(self, texts: Sequence[str], *, kind: EmbeddingKind) -> Embeddings:
        """Like `embed`, with the number of tokens of each text."""
        ids = self._tokenize(texts, kind)
        vectors = np.empty((len(ids), self.size), np.float32)
        for batch in _batches([len(row) for row in ids]):
            vectors[batch] = self._run([ids[index] for index in batch])
        return Embeddings(vectors, tuple(map(len, ids)))

    def close(self) -> None:
        """Free the weights, once the run in progress is over. Closing twice is no error."""
        with self._turn:
            self._session = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _tokenize(self, texts: Sequence[str], kind: EmbeddingKind) -> list[list[int]]:
        if isinstance(texts, str):
            raise InvalidRequestError(
                "One text was given where a list is wanted.",
                hint="Put it in brackets: [text].",
                param="input",
            )
        if kind not in self._prefixes:
            raise InvalidRequestError(
                f"There is no kind {kind!r:.40} of text.",
                hint=f"Use one of {', '.join(get_args(EmbeddingKind))}.",
                param="kind",
            )
        prefix = self._prefixes[kind]
        rows: list[list[int]] = []
        for index, text in enumerate(texts):
            if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise InvalidRequestError(
                    f"Text {index} is of the type {type(text).__name__}, not text.", param="input"
                )
            row = self._tokenizer.encode(prefix + text)
            if len(row) > self.max_tokens:
                raise self._too_long(index, len(row))
            rows.append(row)
        return rows

    def _too_long(self, index: int, tokens: int) -> ContextLengthError:
        return ContextLengthError(
            f"Text {index} has {tokens:,} tokens; {self.id} takes {self.max_tokens}.",
            hint="Split it into shorter parts.",
            param="input",
            details={"index": index, "tokens": tokens, "max_tokens": self.max_tokens},
        )

    def _run(self, rows: list[list[int]]) -> NDArray[np.float32]:
        lengths = np.array([len(row) for row in rows], np.int32)
        ids = np.full((len(rows), int(lengths.max())), self._tokenizer.padding_id, np.int64)
        for place, row in enumerate(rows):
            ids[place, : len(row)] = row
        with self._turn:
            if self._session is None:
                raise ServiceUnavailableError(f"{self.id} was closed.", hint="Load it again.")
            return self._session.run({"input_ids": ids, "lengths": lengths})[0]


def _batches(lengths: list[int]) -> Iterator[list[int]]:
    """Indices of texts to run together: of like length, within the budget; a long text runs alone."""
    longest_first = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    batch: list[int] = []
    for index in longest_first:
        if batch:
            longest = lengths[batch[0]]
            spare = longest - lengths[index]
            full = (len(batch) + 1) * longest > _BATCH_TOKENS
            if full or spare > max(_PADDING_TOKENS, longest // _PADDING_SHARE):
                yield batch
                batch = []
        batch.append(index)
    if batch:
        yield batch
