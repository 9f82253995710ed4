"""The tables of a knowledge base: documents, their passages, words and vectors. Knows no model and no file.

documents   one row a document, with its text, packed
passages    where each begins and ends; ids are never used twice
vectors     one row a passage, see `vectors`
words       FTS5 over the passages' words, see `lexicon`; it keeps no text
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from prudent_agents.knowledge import lexicon
from prudent_agents.knowledge.chunks import Chunk
from prudent_agents.knowledge.results import Document, Hit, Passage
from prudent_agents.labels import Confidentiality
from prudent_agents.sqlite_file import FileKind

_SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, title TEXT NOT NULL, kind TEXT NOT NULL,
    rank INTEGER NOT NULL, characters INTEGER NOT NULL, passages INTEGER NOT NULL, withheld INTEGER NOT NULL,
    bytes INTEGER NOT NULL, hash TEXT NOT NULL, added REAL NOT NULL, text BLOB NOT NULL
);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    start INTEGER NOT NULL, until INTEGER NOT NULL, heading TEXT NOT NULL, page INTEGER,
    begins REAL, ends REAL, text TEXT NOT NULL
);
CREATE INDEX passages_by_document ON passages (document);
CREATE TABLE vectors (passage INTEGER PRIMARY KEY, rank INTEGER NOT NULL, vector BLOB NOT NULL);
CREATE VIRTUAL TABLE words USING fts5 (text, content='',
    tokenize="porter unicode61 remove_diacritics 2 categories 'L* N* Co M*'");
INSERT INTO facts VALUES ('passages', '0');
INSERT INTO facts VALUES ('labels', '0')"""

KIND = FileKind("knowledge base", _SCHEMA.strip(), mark=0x70726B62)

_DOCUMENT = "name, title, kind, rank, characters, passages, withheld, bytes, hash, added"
_RANKS = tuple(Confidentiality)


@dataclass(frozen=True, slots=True)
class Content:
    """A document as it is put in: its text whole, and each passage with its packed vector."""

    document: Document
    text: str
    chunks: Sequence[Chunk]
    vectors: Sequence[bytes]


def fact(connection: sqlite3.Connection, name: str) -> str | None:
    """What is written down about the base under a name."""
    row = connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return None if row is None else row[0]


def set_fact(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Write something down about the base."""
    connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))


def documents(connection: sqlite3.Connection, name: str | None = None) -> list[Document]:
    """All documents by name, or the one of a name."""
    where, values = ("", ()) if name is None else ("WHERE name = ?", (name,))
    query = f"SELECT {_DOCUMENT} FROM documents {where} ORDER BY name"  # noqa: S608 fixed words
    return [_document(row) for row in connection.execute(query, values)]


def document_text(connection: sqlite3.Connection, name: str) -> str | None:
    """The whole text of a document."""
    row = connection.execute("SELECT text FROM documents WHERE name = ?", (name,)).fetchone()
    return None if row is None else zlib.decompress(row[0]).decode("utf-8", "surrogatepass")


def put(connection: sqlite3.Connection, content: Content) -> None:
    """Put a document in, in place of the one of its name."""
    one = content.document
    take_out(connection, [one.name])
    packed = zlib.compress(content.text.encode("utf-8", "surrogatepass"))
    row = (*one.model_dump(exclude={"confidentiality"}).values(),)
    values = (*row[:3], one.confidentiality.rank, *row[3:], packed)
    marks = ", ".join("?" * len(values))
    put_in = connection.execute(
        f"INSERT INTO documents ({_DOCUMENT}, text) VALUES ({marks})",  # noqa: S608 fixed words
        values,
    )
    _count(connection, "passages", len(content.chunks))
    for chunk, vector in zip(content.chunks, content.vectors, strict=True):
        text = content.text[chunk.start : chunk.end]
        place = (chunk.start, chunk.end, chunk.heading, chunk.page, chunk.seconds, chunk.until, text)
        made = connection.execute(
            "INSERT INTO passages (document, start, until, heading, page, begins, ends, text)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (put_in.lastrowid, *place),
        )
        passage = made.lastrowid
        connection.execute(
            "INSERT INTO vectors VALUES (?, ?, ?)", (passage, one.confidentiality.rank, vector)
        )
        words = indexed(chunk.heading, text)
        connection.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (passage, words))


def take_out(connection: sqlite3.Connection, names: Iterable[str]) -> list[str]:
    """Take documents out; the names that were there."""
    found: list[str] = []
    for name in names:
        row = connection.execute("SELECT id FROM documents WHERE name = ?", (name,)).fetchone()
        if row is None:
            continue
        passages = connection.execute(
            "SELECT id, heading, text FROM passages WHERE document = ?", row
        ).fetchall()
        _count(connection, "passages", -len(passages))
        for passage, heading, text in passages:
            connection.execute(
                "INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)",
                (passage, indexed(heading, text)),
            )
            connection.execute("DELETE FROM vectors WHERE passage = ?", (passage,))
        connection.execute("DELETE FROM documents WHERE id = ?", row)
        found.append(name)
    return found


def relabel(connection: sqlite3.Connection, name: str, rank: int) -> bool:
    """Give a document another label; whether there is one of this name that had another."""
    changed = connection.execute(
        "UPDATE documents SET rank = ? WHERE name = ? AND rank != ?", (rank, name, rank)
    ).rowcount
    if changed:
        connection.execute(
            "UPDATE vectors SET rank = ? WHERE passage IN"
            " (SELECT p.id FROM passages p JOIN documents d ON d.id = p.document WHERE d.name = ?)",
            (rank, name),
        )
        _count(connection, "labels", 1)
    return bool(changed)


def indexed(heading: str, text: str) -> str:
    """The words that a passage is found by."""
    return " ".join(lexicon.words(f"{heading}\n{text}"))


def _count(connection: sqlite3.Connection, name: str, more: int) -> None:
    connection.execute("UPDATE facts SET value = value + ? WHERE name = ?", (more, name))


def _document(row: tuple[object, ...]) -> Document:
    fields = dict(zip(_DOCUMENT.split(", "), row, strict=True))
    rank = fields.pop("rank")
    return Document.model_validate(fields | {"confidentiality": _RANKS[int(str(rank))]})


def passages(connection: sqlite3.Connection, hits: Sequence[Hit]) -> list[Passage]:
    """The passages of hits, in their order."""
    query = (
        "SELECT d.name, d.title, p.start, p.until, p.text, p.page, p.begins, p.ends, p.heading, d.rank"
        " FROM passages p JOIN documents d ON d.id = p.document WHERE p.id = ?"
    )
    found: list[Passage] = []
    for hit in hits:
        row: tuple[Any, ...] = connection.execute(query, (hit.passage,)).fetchone()
        names = ("document", "title", "start", "end", "text", "page", "seconds", "until", "heading")
        found.append(
            Passage(
                number=len(found) + 1,
                **dict(zip(names, row[:-1], strict=True)),
                confidentiality=_RANKS[int(row[-1])],
                score=round(hit.score, 6),
                similarity=None if hit.similarity is None else round(hit.similarity, 4),
            )
        )
    return found
