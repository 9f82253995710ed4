"""Retrieval: nDCG@10 of hybrid search beside its halves, and latency with 100,000 passages.

    python benchmarks/retrieval.py quality --data FOLDER
    python benchmarks/retrieval.py latency --data FOLDER [--passages 100000]

FOLDER holds `retrieval_{en,zh}_{passages,queries}.jsonl` and `_qrels.tsv` (XQuAD as retrieval). The weights
of the fusion are chosen on the questions about half of the articles, and figures are of the other half. The
passages of the latency run are put together from the data's sentences, their vectors from those of the
sentences.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import random
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from machine import keep
from retrieval_peers import exact_peers

from prudent import Client
from prudent_agents.knowledge import KnowledgeBase, tables
from prudent_agents.knowledge.chunks import Chunk, sentences
from prudent_agents.knowledge.ranking import Fusion, Mode, Ranking
from prudent_agents.knowledge.results import Document
from prudent_agents.knowledge.vectors import Vectors, packed, unpacked
from prudent_agents.labels import Confidentiality
from prudent_agents.sqlite_file import SqliteFile

MODEL = "multilingual-e5-small"
LANGUAGES = ("en", "zh")
MODES: tuple[Mode, ...] = ("words", "meaning", "hybrid")
DEPTH = 10
GRID = list(itertools.product((5.0, 10.0, 20.0, 40.0, 60.0), (0.25, 0.5, 0.75, 1.0, 1.5)))
RANK = Confidentiality.SECRET.rank


def lines(file: Path) -> list[dict[str, Any]]:
    """The rows of a JSON lines file."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def embedded(client: Client, texts: Sequence[str], kind: Any) -> Vectors:
    """Vectors of any number of texts."""
    parts = [
        client.embeddings.create(input=list(texts[i : i + 128]), model=MODEL, input_type=kind).vectors
        for i in range(0, len(texts), 128)
    ]
    return np.array([row for part in parts for row in part], np.float32)


class Questions:
    """The questions of a language: what is asked, of which article, and which passage answers."""

    def __init__(self, folder: Path, language: str) -> None:
        self.passages = lines(folder / f"retrieval_{language}_passages.jsonl")
        rows = lines(folder / f"retrieval_{language}_queries.jsonl")
        relevant = [
            row.split("\t")
            for row in (folder / f"retrieval_{language}_qrels.tsv").read_text().split("\n")[1:]
        ]
        answers = {row[0]: row[1] for row in relevant if len(row) > 1}
        titles = {one["id"]: one["title"] for one in self.passages}
        order = sorted(set(titles.values()))
        self.texts = [row["text"] for row in rows]
        self.answers = [answers[row["id"]] for row in rows]
        self.tuning = [order.index(titles[answer]) % 2 == 0 for answer in self.answers]


def gains(found: Sequence[str], answer: str) -> tuple[float, float]:
    """nDCG@10 and recall@1 with one relevant passage."""
    place = found.index(answer) if answer in found else None
    return (0.0 if place is None else 1 / math.log2(place + 2), float(place == 0))


def ask(
    file: SqliteFile,
    ranking: Ranking,
    questions: Questions,
    vectors: Vectors,
    mode: Mode,
    places: Iterable[int],
) -> dict[str, float]:
    """Mean gains over some questions."""
    scores: list[tuple[float, float]] = []
    with file.reading() as connection:
        names = dict(
            connection.execute(
                "SELECT p.id, d.name FROM passages p JOIN documents d ON d.id = p.document"
            ).fetchall()
        )
        for place in places:
            vector = None if mode == "words" else vectors[place]
            hits = ranking.find(
                connection, questions.texts[place], vector, rank=RANK, limit=2 * DEPTH, mode=mode
            )
            found = list(dict.fromkeys(names[hit.passage] for hit in hits))[:DEPTH]
            scores.append(gains(found, questions.answers[place]))
    ndcg, first = np.mean(scores, axis=0)
    return {"ndcg@10": round(float(ndcg), 4), "recall@1": round(float(first), 4), "questions": len(scores)}


def quality(folder: Path, policy: str) -> dict[str, Any]:
    """nDCG@10 and recall@1 by language and mode; the fusion is chosen on the tuning half."""
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as temporary, Client(policy=policy) as client:
        worlds: dict[str, tuple[SqliteFile, Questions, Vectors]] = {}
        for language in LANGUAGES:
            questions = Questions(folder, language)
            path = Path(temporary) / f"{language}.db"
            with KnowledgeBase(path, client) as base:
                for passage in questions.passages:
                    base.add_text(passage["id"], passage["text"])
            worlds[language] = (
                SqliteFile(path, tables.KIND),
                questions,
                embedded(client, questions.texts, "query"),
            )
        tuned: dict[tuple[float, float], float] = {}
        for flat, words in GRID:
            ranking = {language: Ranking(Fusion(words=words, flat=flat)) for language in LANGUAGES}
            tuned[flat, words] = sum(
                ask(file, ranking[name], asked, vectors, "hybrid", _half(asked, tuning=True))["ndcg@10"]
                for name, (file, asked, vectors) in worlds.items()
            ) / len(worlds)
        flat, words = max(tuned, key=lambda one: tuned[one])
        results["chosen"] = {"flat": flat, "words": words, "tuning ndcg@10": round(tuned[flat, words], 4)}
        results["grid"] = {f"flat {f:g}, words {w:g}": round(score, 4) for (f, w), score in tuned.items()}
        fusions = {"chosen": Fusion(words=words, flat=flat), "shipped": Fusion()}
        for name, (file, asked, vectors) in worlds.items():
            half = _half(asked, tuning=False)
            results[name] = {
                mode: ask(file, Ranking(), asked, vectors, mode, half) for mode in ("words", "meaning")
            } | {
                f"hybrid, {title}": ask(file, Ranking(f), asked, vectors, "hybrid", half)
                for title, f in fusions.items()
            }
            file.close()
    return results


def _half(questions: Questions, *, tuning: bool) -> list[int]:
    return [place for place, tunes in enumerate(questions.tuning) if tunes == tuning]


def recombined(folder: Path, client: Client, count: int) -> tuple[list[str], Vectors]:
    """Passages of three to six sentences of the data, and vectors made of those of the sentences."""
    chance = random.Random(7)
    known: list[list[str]] = []
    for language in LANGUAGES:
        texts = [one["text"] for one in lines(folder / f"retrieval_{language}_passages.jsonl")]
        known.append([text[a:b].strip() for text in texts for a, b in sentences(text, 0, len(text))])
    pools = [embedded(client, pool, "passage") for pool in known]
    made: list[str] = []
    rows = np.empty((count, pools[0].shape[1]), np.float32)
    noise = np.random.default_rng(7)
    for place in range(count):
        language = place % len(known)
        chosen = [chance.randrange(len(known[language])) for _ in range(chance.randint(3, 6))]
        made.append(" ".join(known[language][one] for one in chosen))
        rows[place] = pools[language][chosen].mean(axis=0)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows += noise.normal(scale=0.1 / math.sqrt(rows.shape[1]), size=rows.shape).astype(np.float32)
    return made, rows / np.linalg.norm(rows, axis=1, keepdims=True)


def fill(path: Path, texts: Sequence[str], vectors: Vectors) -> float:
    """Put passages in, 100 a document; the seconds it took."""
    began = time.perf_counter()
    file = SqliteFile(path, tables.KIND)
    for begin in range(0, len(texts), 100):
        batch = texts[begin : begin + 100]
        ends = list(itertools.accumulate(len(text) + 2 for text in batch))
        chunks = [Chunk(end - len(text) - 2, end - 2) for text, end in zip(batch, ends, strict=True)]
        whole = "\n\n".join(batch)
        document = Document(
            name=f"document {begin}", title="", kind="text", confidentiality=Confidentiality.PRIVATE,
            characters=len(whole), passages=len(batch), withheld=0, bytes=len(whole), hash="", added=0.0,
        )  # fmt: skip
        with file.changing() as connection:
            tables.put(
                connection, tables.Content(document, whole, chunks, packed(vectors[begin : begin + 100]))
            )
            tables.set_fact(connection, "model", MODEL)
    file.close()
    return time.perf_counter() - began


def latency(folder: Path, count: int, asked: int, policy: str, *, peers_too: bool) -> dict[str, Any]:
    """Milliseconds of searches, each way in turn; recall of the quick first look against all cosines."""
    with tempfile.TemporaryDirectory() as temporary, Client(policy=policy) as client:
        texts, vectors = recombined(folder, client, count)
        path = Path(temporary) / "large.db"
        results: dict[str, Any] = {"fill_seconds": round(fill(path, texts, vectors), 1), "megabytes": 0.0}
        results["megabytes"] = round(path.stat().st_size / 1e6, 1)
        questions = [text for name in LANGUAGES for text in Questions(folder, name).texts[:: 2380 // asked]]
        queries = embedded(client, questions, "query")
        file, ranking = SqliteFile(path, tables.KIND), Ranking()
        peers = exact_peers(Path(temporary), vectors) if peers_too else {}

        def find(place: int, mode: Mode, limit: int = 5) -> list[Any]:
            with file.reading() as connection:
                vector = None if mode == "words" else queries[place]
                return ranking.find(connection, questions[place], vector, rank=RANK, limit=limit, mode=mode)

        began = time.perf_counter()
        find(0, "meaning")
        results["open_seconds"] = round(time.perf_counter() - began, 2)
        results["memory_megabytes"] = round(ranking.memory / 1e6, 1)
        kept = unpacked(packed(vectors))
        recalls: list[float] = []
        for place in range(0, len(questions), 4):
            exact = set((np.argsort(-(kept @ queries[place]))[:DEPTH] + 1).tolist())
            recalls.append(len(exact & {hit.passage for hit in find(place, "meaning", DEPTH)}) / DEPTH)
        results["recall@10 of the quick look"] = round(float(np.mean(recalls)), 4)
        print("asking", flush=True)
        spent: dict[str, list[float]] = {}
        with KnowledgeBase(path, client) as base:
            for place, question in enumerate(questions):
                calls: dict[str, Any] = {mode: lambda mode=mode: find(place, mode) for mode in MODES}  # noqa: B023
                calls["hybrid with the question's embedding"] = lambda: base.search(question, check=False)  # noqa: B023
                calls |= {name: lambda ask=ask: ask(queries[place]) for name, ask in peers.items()}  # noqa: B023
                for name, call in calls.items():
                    began = time.perf_counter()
                    call()
                    spent.setdefault(name, []).append((time.perf_counter() - began) * 1e3)
        file.close()
    results["milliseconds"] = {
        name: {
            "p50": round(float(np.percentile(t, 50)), 1),
            "p95": round(float(np.percentile(t, 95)), 1),
            "n": len(t),
        }
        for name, t in spent.items()
    }
    return results


def main() -> None:
    """Run one part and keep it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=("quality", "latency"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--asked", type=int, default=200)
    parser.add_argument("--policy", default="off", help="policy of the checks on what is embedded")
    parser.add_argument("--alone", action="store_true", help="leave the peers out")
    given = parser.parse_args()
    settings = {"model": MODEL, "policy": given.policy, "part": given.part}
    if given.part == "quality":
        results = quality(given.data, given.policy)
    else:
        settings |= {"passages": given.passages, "asked": given.asked}
        results = latency(given.data, given.passages, given.asked, given.policy, peers_too=not given.alone)
    print(json.dumps(results, indent=1, ensure_ascii=False))
    print(keep(f"retrieval-{given.part}", settings, results))


if __name__ == "__main__":
    main()
