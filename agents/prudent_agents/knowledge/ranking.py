"""Finds passages by words and by meaning and joins the two rankings. Knows no model: the vector is given.

Words: BM25 of FTS5. Meaning: cosines. They are joined by reciprocal ranks (Cormack, Clarke and Büttcher,
SIGIR 2009), since their scores do not compare.
"""

from __future__ import annotations

import json
import math
import sqlite3
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from prudent_agents.knowledge import lexicon, tables
from prudent_agents.knowledge.results import Hit
from prudent_agents.knowledge.vectors import SignIndex, Vectors, unpacked

Mode = Literal["hybrid", "meaning", "words"]

DEPTH: Final = 50
"""Places of each ranking that are joined."""
_LEAST_CANDIDATES: Final = 1000
_ROWS_A_CANDIDATE: Final = 50
"""Of so many rows one more is compared exactly."""
_POSTINGS: Final = 20_000
"""Passages that the words of a question may stand in, all words together: the rarest words come first."""
_COMMON: Final = 0.5
"""Share of passages from which a word says nothing: BM25 gives it no weight."""
_QUESTION_WORDS: Final = 64
_KNOWN_WORDS: Final = 4096
_ROWS_AT_A_TIME: Final = 8192
_SAMPLE: Final = 4096
_GHOSTS: Final = 1.25
_FEW: Final = 1000


@dataclass(frozen=True, slots=True)
class Fusion:
    """Weights of the two rankings, and how little the first places stand out (`flat`).

    Chosen in benchmarks/retrieval.py on the questions that it does not report.
    """

    meaning: float = 1.0
    words: float = 1.5
    flat: float = 5.0


class Ranking:
    """Searches in one base. Keeps signs of all vectors in memory (about 57 bytes a passage)."""

    def __init__(self, fusion: Fusion | None = None) -> None:
        self._fusion = fusion or Fusion()
        self._signs = SignIndex()
        self._labels = ""
        self._frequencies: OrderedDict[str, int] = OrderedDict()
        self._counted_at = 0
        self._counting = threading.Lock()

    def find(
        self,
        connection: sqlite3.Connection,
        question: str,
        vector: Vectors | None,
        *,
        rank: int,
        limit: int,
        mode: Mode = "hybrid",
    ) -> list[Hit]:
        """The best `limit` passages of documents up to a rank of confidentiality, the best first.

        `connection` is in a transaction, so that both rankings see the same base.
        """
        total = int(tables.fact(connection, "passages") or 0)
        depth = max(DEPTH, limit)
        near = [] if vector is None else self._by_meaning(connection, vector, rank, depth, total)
        worded, covered = list[int](), 1.0
        if mode != "meaning":
            worded, covered = self._by_words(connection, question, rank, depth, total)
        similarities = dict(near)
        scores: dict[int, float] = {}
        rankings = ((self._fusion.meaning, [one for one, _ in near]), (self._fusion.words * covered, worded))
        for weight, ranking in rankings:
            for place, passage in enumerate(ranking, 1):
                scores[passage] = scores.get(passage, 0.0) + weight / (self._fusion.flat + place)
        best = sorted(scores, key=lambda one: (-scores[one], one))[:limit]
        return [Hit(one, scores[one], similarities.get(one)) for one in best]

    @property
    def memory(self) -> int:
        """Bytes that the vectors' signs take."""
        return self._signs.memory

    def _by_meaning(
        self, connection: sqlite3.Connection, vector: Vectors, rank: int, depth: int, total: int
    ) -> list[tuple[int, float]]:
        candidates = max(_LEAST_CANDIDATES, depth, total // _ROWS_A_CANDIDATE)
        with self._signs.lock:
            self._catch_up(connection, total)
            near = self._signs.nearest(vector, rank, candidates)
        rows = connection.execute(
            "SELECT passage, vector FROM vectors"
            " WHERE passage IN (SELECT value FROM json_each(?)) AND rank <= ?",
            (json.dumps(near), rank),
        ).fetchall()
        if not rows:
            return []
        cosines = unpacked([row[1] for row in rows]) @ vector
        order = np.argsort(-cosines, kind="stable")[:depth]
        return [(rows[place][0], float(cosines[place])) for place in order]

    def _catch_up(self, connection: sqlite3.Connection, total: int) -> None:
        """Bring the signs to the state of the file. Those of deleted rows stay until they are many."""
        labels = tables.fact(connection, "labels") or ""
        if labels != self._labels or self._signs.count > _GHOSTS * total + _FEW:
            self._signs.reset()
            self._labels = labels
        if not self._signs.centred and total:
            every = max(1, total // _SAMPLE)
            sample = connection.execute(
                "SELECT vector FROM vectors WHERE passage % ? = 0 LIMIT ?", (every, _SAMPLE)
            )
            rows = sample.fetchall() or connection.execute("SELECT vector FROM vectors LIMIT 1").fetchall()
            self._signs.centre(unpacked([row[0] for row in rows]))
        newer = connection.execute(
            "SELECT passage, rank, vector FROM vectors WHERE passage > ? ORDER BY passage",
            (self._signs.last,),
        )
        while rows := newer.fetchmany(_ROWS_AT_A_TIME):
            self._signs.extend(rows)

    def _by_words(
        self, connection: sqlite3.Connection, question: str, rank: int, depth: int, total: int
    ) -> tuple[list[int], float]:
        """Passages by BM25, and the share of what the question's words tell that is in words found here.

        A question that is put in other words, or in another language, shares only words such as "to": then
        their ranking counts for little.
        """
        with self._counting:
            chosen, covered = self._telling(connection, question, total)
        if not chosen:
            return [], covered
        rows = connection.execute(
            "SELECT words.rowid FROM words JOIN vectors ON vectors.passage = words.rowid"
            " WHERE words MATCH ? AND vectors.rank <= ? ORDER BY words.rank LIMIT ?",
            (" OR ".join(f'"{word}"' for word in chosen), rank, depth),
        )
        return [row[0] for row in rows], covered

    def _telling(self, connection: sqlite3.Connection, question: str, total: int) -> tuple[list[str], float]:
        """The words of a question that are worth looking up, the rarest first; and `covered`."""
        if abs(total - self._counted_at) > total // 10:
            self._frequencies.clear()
            self._counted_at = total
        asked = list(dict.fromkeys(lexicon.words(question)))[:_QUESTION_WORDS]
        counts = {word: self._frequency(connection, word) for word in asked}
        chosen: list[str] = []
        postings = 0
        for word in sorted((word for word in asked if counts[word]), key=lambda word: counts[word]):
            postings += counts[word]
            if chosen and (postings > _POSTINGS or counts[word] > _COMMON * total):
                break
            chosen.append(word)
        told = {word: math.log((total + 1) / (count + 0.5)) for word, count in counts.items()}
        whole = sum(told.values())
        return chosen, sum(told[word] for word in asked if counts[word]) / whole if whole > 0 else 1.0

    def _frequency(self, connection: sqlite3.Connection, word: str) -> int:
        """In how many passages a word is, counted no further than matters."""
        if (known := self._frequencies.get(word)) is not None:
            self._frequencies.move_to_end(word)
            return known
        query = "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)"
        (count,) = connection.execute(query, (f'"{word}"', _POSTINGS + 1)).fetchone()
        self._frequencies[word] = count
        if len(self._frequencies) > _KNOWN_WORDS:
            self._frequencies.popitem(last=False)
        return count
