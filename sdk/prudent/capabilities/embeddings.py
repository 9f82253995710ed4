"""Texts to vectors: `EmbeddingModel.load().embed(["How do I pay?"], kind="query")`.

It joins tokenizer, queue and encoder. Where much waits, each core runs a batch by itself, which is faster
than to share every batch among the cores; a long text that is alone has all of them. Knows no HTTP.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from prudent.capabilities.embedding_answer import embedding_list, require_dimensions
from prudent.capabilities.embedding_queue import Batch, EmbeddingQueue, Job
from prudent.capabilities.interface.embeddings import EMBEDDINGS
from prudent.capabilities.offload import offload
from prudent.errors import ContextLengthError, InvalidRequestError, PrudentError, ServiceUnavailableError
from prudent.runtime.encoder_artifact import EncoderArtifact
from prudent.runtime.session import Session, SessionOptions, Spinning, open_session
from prudent.runtime.threads import usable_cores
from prudent.store import open_encoder
from prudent.tokenizer.encoder_tokenizers import open_tokenizer
from prudent.types.embeddings import EmbeddingList, EmbeddingRequest, InputType
from prudent.types.progress import ProgressListener

DEFAULT_EMBEDDING_MODEL = EMBEDDINGS.default

EmbeddingKind: TypeAlias = InputType
"""What a text is: a `query` asks, a `passage` may answer. To compare like with like, use one for both."""

_CHARACTERS_A_TOKEN = 32
"""Twice the longest piece of the catalog's models. A text of more than this for each token that the model
takes is too long whatever it says, and is not tokenized to find out."""

_WIDE_TOKENS = 64
"""A run of fewer tokens gains little by several cores, and disturbs whoever else is at work on them."""


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Vectors float32 (texts, size), each of length 1, and how many tokens every text had."""

    vectors: NDArray[np.float32]
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Sessions:
    """The encoder twice: on one core, for several runs at once, and on all of them, for one at a time."""

    narrow: Session
    wide: Session

    @classmethod
    def open(cls, graph: Path, threads: int) -> Self:
        # The arena keeps what one run took for the next: some 20 MB, and half the time of a large run.
        narrow = open_session(graph, SessionOptions(threads=1, spinning=Spinning.NEVER, arena=True))
        if threads == 1:
            return cls(narrow, narrow)
        options = SessionOptions(threads=threads, spinning=Spinning.WHILE_RUNNING, arena=True)
        return cls(narrow, open_session(graph, options))


class EmbeddingModel:
    """A loaded encoder. Safe to use from several threads; what they ask at the same time is run together."""

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
        self._tokenizer = open_tokenizer(artifact.config.tokenizer, artifact.tokenizer)
        self._workers = threads or usable_cores()
        self._sessions: _Sessions | None = _Sessions.open(artifact.graph, self._workers)
        self._changed = threading.Condition()
        self._queue = EmbeddingQueue(self._workers)
        self._running = 0
        self._holders = 1
        self._closed = False
        self._threads: list[threading.Thread] = []

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
        language. A text's vector does not depend on the texts beside it. With the E5 model unrelated texts
        have cosines about 0.75, so compare cosines with each other, not with 0.

        Raises:
            InvalidRequestError: `texts` is no list of texts, or there is no such kind.
            ContextLengthError: a text is longer than the model takes; `details` has its index and lengths.
                Nothing is ever cut off to make it fit.
            ServiceUnavailableError: the model was closed.
        """
        return self.embed_counted(texts, kind=kind).vectors

    def embed_counted(
        self, texts: Sequence[str], *, kind: EmbeddingKind, truncate: bool = False
    ) -> Embeddings:
        """Like `embed`, with the tokens of each text counted. `truncate` cuts what is too long at its end."""
        rows = self._tokenize(texts, kind, truncate=truncate)
        job = self._submit(rows)
        return Embeddings(job.done.result(), tuple(map(len, rows)))

    async def create(self, request: EmbeddingRequest) -> EmbeddingList:
        """See `prudent.capabilities.interface.embeddings.Embedder`."""
        require_dimensions(request, self.id, self.size)
        rows = await offload(self._tokenize, request.texts, request.input_type, truncate=request.truncate)
        job = self._submit(rows)
        try:
            vectors = await asyncio.wrap_future(job.done)
        except asyncio.CancelledError:
            with self._changed:
                self._queue.remove(job)
            raise
        return await offload(embedding_list, request, vectors, tokens=sum(map(len, rows)), model=self.id)

    def share(self) -> bool:
        """Count one more holder, who closes it too; False where the model is closed already."""
        with self._changed:
            self._holders += not self._closed
            return not self._closed

    def close(self) -> None:
        """Free the weights, once the runs in progress are over and every holder has closed it.

        Closing it more often is no error.
        """
        with self._changed:
            self._holders = max(0, self._holders - 1)
            if self._holders:
                return
            self._closed = True
            for job in self._queue.take_all():
                job.fail(self._was_closed())
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        self._sessions = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _tokenize(
        self, texts: Sequence[str], kind: EmbeddingKind, *, truncate: bool
    ) -> list[NDArray[np.int32]]:
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
        return [self._ids(index, text, prefix, truncate=truncate) for index, text in enumerate(texts)]

    def _ids(self, index: int, text: str, prefix: str, *, truncate: bool) -> NDArray[np.int32]:
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidRequestError(
                f"Text {index} is of the type {type(text).__name__}, not text.", param=f"input.{index}"
            )
        most = self.max_tokens * _CHARACTERS_A_TOKEN
        if len(text) > most and not truncate:
            raise self._too_long(index, f"{len(text):,} characters", f"{most:,}", None)
        row = self._tokenizer.encode(prefix + text[:most])
        if len(row) > self.max_tokens:
            if not truncate:
                raise self._too_long(index, f"{len(row):,} tokens", f"{self.max_tokens}", len(row))
            row = [*row[: self.max_tokens - 1], row[-1]]
        return np.array(row, np.int32)

    def _too_long(self, index: int, length: str, most: str, tokens: int | None) -> ContextLengthError:
        return ContextLengthError(
            f"Text {index} has {length}; {self.id} takes {most}.",
            hint="Split it into shorter parts, or let its end be cut (truncate=true).",
            param=f"input.{index}",
            details={"index": index, "tokens": tokens, "max_tokens": self.max_tokens},
        )

    def _submit(self, rows: list[NDArray[np.int32]]) -> Job:
        """Put texts in the line.

        Raises:
            ServiceUnavailableError: the model was closed.
        """
        job = Job(rows, self.size)
        with self._changed:
            if self._closed:
                raise self._was_closed()
            if not self._threads:
                self._threads = [
                    threading.Thread(target=self._work, name=f"prudent-embed-{number}", daemon=True)
                    for number in range(self._workers)
                ]
                for thread in self._threads:
                    thread.start()
            if rows:
                self._queue.add(job)
                self._changed.notify_all()
            else:
                job.done.set_result(np.empty((0, self.size), np.float32))
        return job

    def _work(self) -> None:
        """Run batches until the model is closed."""
        while True:
            with self._changed:
                while (batch := self._queue.next_batch()) is None:
                    if self._closed:
                        return
                    self._changed.wait()
                alone = not self._running and self._queue.empty
                self._running += 1
            try:
                vectors = self._run(batch, alone=alone)
            except Exception as error:  # noqa: BLE001 handed to whoever waits for the vectors
                self._fail(batch, error)
                continue
            finally:
                with self._changed:
                    self._running -= 1
            with self._changed:
                for (job, index), vector in zip(batch.places, vectors, strict=True):
                    job.deliver(index, vector)

    def _fail(self, batch: Batch, error: Exception) -> None:
        with self._changed:
            for job in {id(job): job for job, _ in batch.places}.values():
                self._queue.remove(job)
                job.fail(error)

    def _run(self, batch: Batch, *, alone: bool) -> NDArray[np.float32]:
        rows = batch.rows
        lengths = np.array([len(row) for row in rows], np.int32)
        ids = np.full((len(rows), int(lengths.max())), self._tokenizer.padding_id, np.int64)
        for place, row in enumerate(rows):
            ids[place, : len(row)] = row
        if self._sessions is None:
            raise self._was_closed()
        session = self._sessions.wide if alone and ids.size >= _WIDE_TOKENS else self._sessions.narrow
        return session.run({"input_ids": ids, "lengths": lengths})[0]

    def _was_closed(self) -> PrudentError:
        return ServiceUnavailableError(f"{self.id} was closed.", hint="Load it again.")
