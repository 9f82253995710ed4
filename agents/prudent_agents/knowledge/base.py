"""KnowledgeBase: documents in, passages with their exact places out. Knows no agent and no table.

with Client() as client, KnowledgeBase("handbook.db", client) as handbook:
    handbook.add("docs/")
    for passage in handbook.search("How do I reset my password?"):
        print(passage.number, passage.place, passage.text)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from prudent.errors import ConfigurationError, InvalidRequestError, NotFoundError
from prudent.types.content import Source
from prudent.types.progress import ProgressListener
from prudent_agents.knowledge import tables
from prudent_agents.knowledge.adding import Adding, require_model
from prudent_agents.knowledge.files import absolute, is_inside, require_there
from prudent_agents.knowledge.nearest import with_nearest
from prudent_agents.knowledge.ranking import Fusion, Mode, Ranking
from prudent_agents.knowledge.results import Document, Passage, Update
from prudent_agents.labels import Confidentiality
from prudent_agents.senses import Senses
from prudent_agents.sqlite_file import SqliteFile

if TYPE_CHECKING:
    from prudent.client import AsyncClient, Client

T = TypeVar("T")

MODEL = "multilingual-e5-small"
PASSAGES = 5
MOST_PASSAGES = 100
_LONGEST_QUESTION = 4000


class KnowledgeBase:
    """Documents that can be searched, in one SQLite file. Threads and processes may share the file.

    `client` makes vectors, reads images and PDFs, hears recordings and checks what is found; with an
    AsyncClient use the methods that end in _async. Without one, a base can be listed and changed, and
    searched by words alone. `model` is the one that makes vectors; a base has one model for ever.
    """

    def __init__(
        self,
        path: Path | str,
        client: Client | AsyncClient | None = None,
        *,
        model: str = MODEL,
        fusion: Fusion | None = None,
    ) -> None:
        self._file = SqliteFile(absolute(path), tables.KIND)
        self._client = client
        self._model = model
        self._ranking = Ranking(fusion)

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    @property
    def has_client(self) -> bool:
        """Whether it was given a client."""
        return self._client is not None

    def add(
        self,
        *paths: Path | str,
        confidentiality: Confidentiality | str | None = None,
        progress: ProgressListener | None = None,
    ) -> Update:
        """Add files, and all in folders that can be read; known ones are brought up to date.

        Unchanged files cost nothing but their hash, a changed one is replaced at once, and what was in a
        folder and is gone is removed. A file that cannot be read is in `failed` and stops no other. Without
        `confidentiality` new documents are private and known ones keep their label. Links in documents and
        folders are not followed.

        Raises:
            InvalidRequestError: there is no such path, or no such label.
            StorageError: the file cannot be written; documents before are in.
            PrudentError: the client cannot be reached, or its model cannot be made ready.
        """
        return self._add(self._senses(None), paths, confidentiality, progress)

    async def add_async(
        self,
        *paths: Path | str,
        confidentiality: Confidentiality | str | None = None,
        progress: ProgressListener | None = None,
    ) -> Update:
        """See `add`."""
        return await self._in_thread(lambda senses: self._add(senses, paths, confidentiality, progress))

    def add_text(
        self,
        name: str,
        text: str,
        *,
        title: str = "",
        confidentiality: Confidentiality | str | None = None,
    ) -> Update:
        """Add a text that is in no file, or put it in place of the one of that name. Raises as `add`."""
        return self._adding(self._senses(None), confidentiality, None).text(name, text, title)

    def search(
        self,
        question: str,
        *,
        limit: int = PASSAGES,
        clearance: Confidentiality | str = Confidentiality.PRIVATE,
        mode: Mode = "hybrid",
        check: bool = True,
        nearest: bool = False,
    ) -> list[Passage]:
        """The passages that fit a question best, by words and by meaning, the best first.

        Documents more confidential than `clearance` are as if they were not there. With `check` the passages
        pass the checks as text of documents: orders hidden in them are taken out (`changed`), and those that
        the policy blocks are left out. Turn it off only where somebody else checks them, as agents do.
        With `nearest` each passage says which of its sentences is nearest to the question, in a base of the
        default model.

        Raises:
            InvalidRequestError: the question is empty or too long, or `limit` is not from 1 to 100.
            ContentFilterError: a check refused the question.
            ConfigurationError: there is no client, or the base was made with another model.
            StorageError: the file cannot be read.
        """
        return self._search(self._senses(None), question, limit, clearance, mode, check, nearest)

    async def search_async(
        self,
        question: str,
        *,
        limit: int = PASSAGES,
        clearance: Confidentiality | str = Confidentiality.PRIVATE,
        mode: Mode = "hybrid",
        check: bool = True,
        nearest: bool = False,
        client: AsyncClient | None = None,
    ) -> list[Passage]:
        """See `search`; `client` is used in place of the base's own."""
        return await self._in_thread(
            lambda senses: self._search(senses, question, limit, clearance, mode, check, nearest), client
        )

    def documents(self) -> list[Document]:
        """All documents, by name."""
        with self._file.reading() as connection:
            return tables.documents(connection)

    def text(self, document: str) -> str:
        """The text of a document, in which passages have their offsets. Raises NotFoundError."""
        with self._file.reading() as connection:
            text = tables.document_text(connection, document)
        if text is None:
            raise NotFoundError(
                f"There is no document {document[:200]} in {self.path}.", hint="`documents()` lists them."
            )
        return text

    def remove(self, *names: Path | str) -> list[str]:
        """Remove documents by name or path, and all in folders; the names of those that were there."""
        with self._file.changing() as connection:
            known = [document.name for document in tables.documents(connection)]
            gone = [
                name
                for name in known
                if any(name == str(asked) or is_inside(name, absolute(asked)) for asked in names)
            ]
            return tables.take_out(connection, gone)

    def close(self) -> None:
        """Close the file; the client stays open."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _add(
        self,
        senses: Senses | None,
        paths: Sequence[Path | str],
        label: Confidentiality | str | None,
        progress: ProgressListener | None,
    ) -> Update:
        there = [absolute(path) for path in paths]
        require_there(there)
        return self._adding(senses, label, progress).paths(there)

    def _adding(
        self, senses: Senses | None, label: Confidentiality | str | None, progress: ProgressListener | None
    ) -> Adding:
        if senses is None:
            raise _no_client("add to")
        with self._file.reading() as connection:
            require_model(connection, self._model)
        chosen = None if label is None else _label(label, "confidentiality")
        return Adding(self._file, senses, self._model, chosen, progress)

    def _search(
        self,
        senses: Senses | None,
        question: str,
        limit: int,
        clearance: Confidentiality | str,
        mode: Mode,
        check: bool,
        nearest: bool,
    ) -> list[Passage]:
        rank = _label(clearance, "clearance").rank
        _require_question(question, limit)
        if senses is None and (mode != "words" or check):
            raise _no_client("search")
        vector = None
        if senses is not None and mode != "words":
            vector = senses.embed([question], "query", self._model)[0]
        with self._file.reading() as connection:
            require_model(connection, self._model)
            hits = self._ranking.find(connection, question, vector, rank=rank, limit=limit, mode=mode)
            found = tables.passages(connection, hits)
        if nearest and senses is not None and vector is not None and self._model == MODEL:
            found = with_nearest(
                found, question, vector, lambda one: senses.embed(one, "passage", self._model)
            )
        return found if senses is None or not check else _checked(found, senses)

    async def _in_thread(self, work: Callable[[Senses | None], T], client: AsyncClient | None = None) -> T:
        loop = asyncio.get_running_loop()
        senses = self._senses(loop) if client is None else Senses(client, loop)
        return await asyncio.to_thread(work, senses)

    def _senses(self, loop: asyncio.AbstractEventLoop | None) -> Senses | None:
        return None if self._client is None else Senses(self._client, loop)


def _checked(found: list[Passage], senses: Senses) -> list[Passage]:
    """What may go on of passages, numbered anew where some were left out."""
    if not found:
        return found
    verdict = senses.check([passage.text for passage in found], Source.DOCUMENT)
    kept: list[Passage] = []
    for passage, part in zip(found, verdict.parts, strict=True):
        if part.text is not None:
            passed = {"number": len(kept) + 1, "text": part.text, "changed": part.text != passage.text}
            kept.append(passage.model_copy(update=passed))
    return kept


def _require_question(question: str, limit: int) -> None:
    if not question.strip():
        raise InvalidRequestError("The question is empty.", hint="Say what to look for.", param="question")
    if len(question) > _LONGEST_QUESTION:
        raise InvalidRequestError(
            f"The question has {len(question):,} characters; {_LONGEST_QUESTION:,} are taken.",
            hint="Ask for one thing at a time.",
            param="question",
        )
    if not 1 <= limit <= MOST_PASSAGES:
        raise InvalidRequestError(
            f"{limit} passages cannot be asked for.", hint=f"Ask for 1 to {MOST_PASSAGES}.", param="limit"
        )


def _label(given: Confidentiality | str, param: str) -> Confidentiality:
    try:
        return Confidentiality(given)
    except ValueError:
        raise InvalidRequestError(
            f"There is no label '{str(given)[:40]}'.",
            hint=f"Use one of {', '.join(Confidentiality)}.",
            param=param,
        ) from None


def _no_client(what: str) -> ConfigurationError:
    return ConfigurationError(
        f"A knowledge base without a client cannot {what} by meaning.",
        hint="Give it one: KnowledgeBase(path, Client()).",
    )
