"""Facts kept from run to run, with where they came from, and forgotten for good. Knows no run.

A fact is recalled by what it means. What is forgotten is overwritten in the file, its vector too: vectors
tell of their texts.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict

from prudent.errors import ConfigurationError, InvalidRequestError
from prudent_agents.labels import TRUSTED, Confidentiality, Label
from prudent_agents.senses import Senses
from prudent_agents.sqlite_file import FileKind, SqliteFile

if TYPE_CHECKING:
    from prudent.client import AsyncClient, Client

T = TypeVar("T")

MODEL = "multilingual-e5-small"
RECALLED = 5
LONGEST_FACT = 1000
"""Characters: a fact is a sentence or two, what is longer is a document."""
MOST_FACTS = 50_000
"""All of them are looked at in each recall."""
_ROWS_AT_A_TIME = 4096
_SECONDS_A_DAY = 86_400.0

_KIND = FileKind(
    "memory",
    "CREATE TABLE facts (id TEXT PRIMARY KEY, subject TEXT NOT NULL, text TEXT NOT NULL,"
    " source TEXT NOT NULL, label TEXT NOT NULL, rank INTEGER NOT NULL, at REAL NOT NULL,"
    " model TEXT NOT NULL, vector BLOB NOT NULL);\n"
    "CREATE INDEX facts_by_subject ON facts (subject);\n"
    "CREATE INDEX facts_by_age ON facts (at)",
    mark=0x70726D65,
)


class Fact(BaseModel):
    """Something that is remembered. `subject` is whom or what it is about; `at` is in seconds since 1970.

    `source` says where it came from: a run, a document, `user`. `label` is that of the value it came
    from, and goes with it wherever it is used.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    text: str
    subject: str = ""
    source: str
    label: Label = TRUSTED
    at: float


class Recalled(BaseModel):
    """A fact that was recalled, and the cosine of its text to what was asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fact: Fact
    similarity: float


class LongTermMemory:
    """Facts in one SQLite file. Threads and processes may share it.

    `client` makes vectors; with an AsyncClient use the methods that end in _async. Without one, facts can be
    listed and forgotten.
    """

    def __init__(
        self,
        path: Path | str,
        client: Client | AsyncClient | None = None,
        *,
        model: str = MODEL,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._file = SqliteFile(Path(path).expanduser().absolute(), _KIND)
        self._client = client
        self._model = model
        self._clock = clock

    def remember(self, text: str, *, source: str, subject: str = "", label: Label = TRUSTED) -> Fact:
        """Keep a fact. One with the same text and subject is replaced, and so is told anew.

        Raises:
            InvalidRequestError: it is empty or longer than 1,000 characters, or there are 50,000 facts.
            ContentFilterError: a check refused it.
            StorageError: the file cannot be written.
        """
        return self._remember(self._senses(None), text, source, subject, label)

    async def remember_async(
        self, text: str, *, source: str, subject: str = "", label: Label = TRUSTED
    ) -> Fact:
        """See `remember`."""
        return await self._in_thread(lambda senses: self._remember(senses, text, source, subject, label))

    def recall(
        self,
        about: str,
        *,
        limit: int = RECALLED,
        subject: str | None = None,
        clearance: Confidentiality | str = Confidentiality.PRIVATE,
        least: float = 0.0,
    ) -> list[Recalled]:
        """The facts that are nearest in meaning, the nearest first.

        `subject` keeps to one subject. Facts more confidential than `clearance` are as if they were not
        there. `least` is the cosine below which a fact is left out; those of E5 begin at about 0.75 for
        unrelated texts.
        """
        return self._recall(self._senses(None), about, limit, subject, Confidentiality(clearance), least)

    async def recall_async(
        self,
        about: str,
        *,
        limit: int = RECALLED,
        subject: str | None = None,
        clearance: Confidentiality | str = Confidentiality.PRIVATE,
        least: float = 0.0,
    ) -> list[Recalled]:
        """See `recall`."""
        return await self._in_thread(
            lambda senses: self._recall(senses, about, limit, subject, Confidentiality(clearance), least)
        )

    def facts(self, subject: str | None = None) -> list[Fact]:
        """All facts, or those of a subject, the oldest first."""
        where, values = ("", ()) if subject is None else (" WHERE subject = ?", (subject,))
        with self._file.reading() as connection:
            query = f"SELECT id, text, subject, source, label, at FROM facts{where} ORDER BY at, id"  # noqa: S608 fixed
            return [_fact(row) for row in connection.execute(query, values)]

    def forget(
        self, *, id: str | None = None, subject: str | None = None, older_than_days: float | None = None
    ) -> int:
        """Forget the facts that fit all that is said; how many there were. They are gone from the file.

        Raises:
            InvalidRequestError: nothing is said. `clear()` forgets everything.
        """
        terms: list[tuple[str, Any]] = []
        if id is not None:
            terms.append(("id = ?", id))
        if subject is not None:
            terms.append(("subject = ?", subject))
        if older_than_days is not None:
            terms.append(("at < ?", self._clock() - older_than_days * _SECONDS_A_DAY))
        if not terms:
            raise InvalidRequestError(
                "It is not said what to forget.", hint="Give id, subject or older_than_days, or call clear()."
            )
        return self._delete(" AND ".join(term for term, _ in terms), [value for _, value in terms])

    def clear(self) -> int:
        """Forget everything; how many facts there were."""
        return self._delete("1", [])

    def close(self) -> None:
        """Close the file; the client stays open."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _remember(self, senses: Senses, text: str, source: str, subject: str, label: Label) -> Fact:
        if not text.strip() or len(text) > LONGEST_FACT:
            raise InvalidRequestError(
                f"A fact has 1 to {LONGEST_FACT:,} characters; this has {len(text):,}.",
                hint="Say it in a sentence or two, or put it into a knowledge base.",
                param="text",
            )
        vector = senses.embed([text], "passage", self._model)[0]
        fact = Fact(
            id=uuid.uuid4().hex, text=text, subject=subject, source=source, label=label, at=self._clock()
        )
        row = (fact.id, subject, text, source, label.model_dump_json(), label.confidentiality.rank, fact.at)
        with self._file.changing() as connection:
            connection.execute("DELETE FROM facts WHERE subject = ? AND text = ?", (subject, text))
            if connection.execute("SELECT count(*) FROM facts").fetchone()[0] >= MOST_FACTS:
                raise InvalidRequestError(
                    f"This memory has {MOST_FACTS:,} facts, the most it holds.",
                    hint="Forget old ones: forget(older_than_days=...).",
                )
            connection.execute(
                "INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, self._model, vector.astype("<f4").tobytes()),
            )
        return fact

    def _recall(
        self,
        senses: Senses,
        about: str,
        limit: int,
        subject: str | None,
        clearance: Confidentiality,
        least: float,
    ) -> list[Recalled]:
        vector = senses.embed([about], "query", self._model)[0]
        with self._file.reading() as connection:
            nearest = self._nearest(connection, vector, limit, subject, clearance)
            query = "SELECT id, text, subject, source, label, at FROM facts WHERE id = ?"
            return [
                Recalled(
                    fact=_fact(connection.execute(query, (fact,)).fetchone()), similarity=round(cosine, 4)
                )
                for cosine, fact in nearest
                if cosine >= least
            ]

    def _nearest(
        self,
        connection: sqlite3.Connection,
        vector: Any,
        limit: int,
        subject: str | None,
        clearance: Confidentiality,
    ) -> list[tuple[float, str]]:
        """Cosines and ids, the nearest first. All facts are looked at, some thousand at a time."""
        rows = connection.execute(
            "SELECT id, vector FROM facts WHERE model = ? AND rank <= ? AND (? IS NULL OR subject = ?)",
            (self._model, clearance.rank, subject, subject),
        )
        best: list[tuple[float, str]] = []
        while batch := rows.fetchmany(_ROWS_AT_A_TIME):
            vectors = np.frombuffer(b"".join(row[1] for row in batch), "<f4").reshape(len(batch), -1)
            cosines = vectors @ vector
            best += zip(cosines.tolist(), (str(row[0]) for row in batch), strict=True)
            best = sorted(best, key=lambda one: (-one[0], one[1]))[:limit]
        return best

    def _delete(self, where: str, values: list[Any]) -> int:
        with self._file.changing() as connection:
            count = connection.execute(f"DELETE FROM facts WHERE {where}", values).rowcount  # noqa: S608 fixed words
        self._file.forget_log()
        return count

    def _senses(self, loop: asyncio.AbstractEventLoop | None) -> Senses:
        if self._client is None:
            raise ConfigurationError(
                "A memory without a client cannot take or recall facts.",
                hint="Give it one: LongTermMemory(path, Client()).",
            )
        return Senses(self._client, loop)

    async def _in_thread(self, work: Callable[[Senses], T]) -> T:
        senses = self._senses(asyncio.get_running_loop())
        return await asyncio.to_thread(work, senses)


def _fact(row: tuple[Any, ...]) -> Fact:
    identity, text, subject, source, label, at = row
    return Fact(
        id=identity, text=text, subject=subject, source=source, label=Label.model_validate_json(label), at=at
    )
