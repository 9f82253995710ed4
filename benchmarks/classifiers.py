"""Small classifiers against TF-IDF with logistic regression: accuracy by examples a class, time, calibration.

    python benchmarks/classifiers.py [--data FOLDER] [--seeds 3] [--examples 8 16 64] [--keep]

Both learn from the same rows and answer the same test rows, which come from the data's own test splits (for
photographs: those that were not drawn); draws repeat by seed. The peer is scikit-learn's TfidfVectorizer
(words and pairs of words; for Chinese character pairs and triples) with LogisticRegressionCV. `card` is what
the training itself said: whether the interval on the card held the accuracy on the test rows. Out-of-scope
rows are those of CLINC150. Without --data it looks for a folder `shared/data` beside the repository.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import time
import warnings
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe, keep
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegressionCV
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from prudent.capabilities.classifiers.calibration import calibration_error
from prudent.capabilities.classifiers.cleaning import RawExample
from prudent.capabilities.classifiers.features import Encoding, image_encoding, text_encoding
from prudent.capabilities.classifiers.predicting import probabilities
from prudent.capabilities.classifiers.training import TrainingOptions, train
from prudent.capabilities.embeddings import EmbeddingModel
from prudent.capabilities.vision.classification import ImageClassifier

DATA = Path(__file__).parents[2] / "shared" / "data"
INTENTS = 20
MOST_TEST_ROWS = 400

PHOTOGRAPHS = {
    "animal": (
        "American lobster", "Asian elephant", "Dalmatian", "Dungeness crab", "Nile crocodile", "ant",
        "badger", "beaver", "bee", "cougar", "crayfish", "dragonfly", "flamingo", "giant panda", "koala",
        "llama", "platypus", "porcupine", "rooster", "scorpion", "starfish", "tick", "tiger", "wallaby",
        "leopard",
    ),
    "food": (
        "Granny Smith apple", "banana", "bell pepper", "burrito", "cabbage", "cucumber", "ice cream", "lemon",
        "mushroom", "orange", "pineapple", "pizza", "pomegranate", "pot pie", "strawberry", "zucchini",
        "bagel",
    ),
    "music": ("French horn", "accordion", "electric guitar", "grand piano", "harmonica", "saxophone"),
    "vehicle": (
        "aircraft carrier", "airliner", "airship", "ambulance", "fire truck", "ocean liner", "schooner",
        "tram", "yawl (boat)",
    ),
}  # fmt: skip
"""Classes of the photographs, out of the names on their labels."""


@dataclass
class Task:
    """Rows to draw from and rows to answer: (content, label). `outside` fits no class."""

    name: str
    encoding: Encoding
    pool: list[tuple[str | bytes, str]]
    test: list[tuple[str | bytes, str]]
    outside: list[str | bytes]
    by_character: bool = False


class Known:
    """Vectors made once, with the time that making them takes at 64 contents together."""

    def __init__(self, encoding: Encoding) -> None:
        self._encode = encoding.encode
        self._vectors: dict[str | bytes, np.ndarray] = {}
        self.seconds = self.made = 0.0
        self.encoding = replace(encoding, encode=self)

    def __call__(self, contents: Any, on_done: Any) -> np.ndarray:
        del on_done
        new = [content for content in dict.fromkeys(contents) if content not in self._vectors]
        if new:
            started = time.perf_counter()
            self._vectors.update(zip(new, self._encode(new, None), strict=True))
            self.seconds += time.perf_counter() - started
            self.made += len(new)
        return np.stack([self._vectors[content] for content in contents])


def rows_of(file: Path) -> list[dict[str, Any]]:
    """The records of a file of JSON lines."""
    data = file.read_bytes()
    text = gzip.decompress(data) if file.suffix == ".gz" else data
    return [json.loads(line) for line in text.decode("utf-8").splitlines() if line]


def text_tasks(data: Path, encoding: Encoding) -> Iterator[Task]:
    """Twenty intents of CLINC150, and offensive or not in English tweets and Chinese posts."""
    topics = rows_of(data / "rai" / "topics.jsonl.gz")
    names = sorted({row["intent"] for row in topics if row["topic"] != "out_of_scope"})
    chosen = set(np.random.default_rng(1).permutation(names)[:INTENTS].tolist())
    pairs = [(row["text"], row["intent"], row["split"]) for row in topics if row["intent"] in chosen]
    outside = [row["text"] for row in topics if row["topic"] == "out_of_scope" and row["split"] == "test"]
    yield Task(
        f"{INTENTS} intents (en)",
        encoding,
        [(text, label) for text, label, split in pairs if split == "train"],
        [(text, label) for text, label, split in pairs if split == "test"],
        list(outside),
    )
    safety = rows_of(data / "rai" / "safety.jsonl.gz")
    for name, source in (("offensive (en)", "davidson_tweets"), ("offensive (zh)", "cold")):
        own = [row for row in safety if row["source"] == source and row["labels"]["offensive"] is not None]
        sides: dict[str, list[tuple[str | bytes, str]]] = defaultdict(list)
        for row in own:
            sides[row["split"]].append((row["text"], "yes" if row["labels"]["offensive"] else "no"))
        yield Task(name, encoding, sides["train"], sides["test"], [], by_character=source == "cold")


def photographs(data: Path, encoding: Encoding) -> Task:
    """Four classes of things; what is not drawn is asked."""
    label_of = {name: label for label, names in PHOTOGRAPHS.items() for name in names}
    folder = data / "media" / "images"
    rows = [row for row in rows_of(folder / "labels.jsonl") if row["name"] in label_of]
    pairs: list[tuple[str | bytes, str]] = [
        ((folder / row["file"]).read_bytes(), label_of[row["name"]]) for row in rows
    ]
    return Task("photographs", encoding, pairs, [], [])


def draw(task: Task, per_class: int, seed: int) -> tuple[list[Any], list[Any]]:
    """Rows to learn from, `per_class` of each, and rows to answer."""
    random = np.random.default_rng([seed, per_class])
    by_label: dict[str, list[Any]] = defaultdict(list)
    for at in random.permutation(len(task.pool)):
        by_label[task.pool[at][1]].append(task.pool[at])
    known = [row for rows in by_label.values() for row in rows[:per_class]]
    rest = task.test or [row for rows in by_label.values() for row in rows[per_class:]]
    # Of the test rows the same ones for every draw.
    order = np.random.default_rng(0).permutation(len(rest))[:MOST_TEST_ROWS]
    return known, [rest[at] for at in order]


def ours(task: Task, known: list[Any], test: list[Any], seed: int) -> dict[str, float]:
    """Accuracy and calibration on the test rows beside what the card promised."""
    examples = [RawExample(content, label, None, at) for at, (content, label) in enumerate(known, 1)]
    task.encoding.vectors([example.content for example in examples])
    started = time.perf_counter()
    made = train("x", task.encoding, examples, TrainingOptions(seed=seed))
    seconds = time.perf_counter() - started
    card = made.record.card
    likely = probabilities(made, task.encoding.vectors([content for content, _ in test]))
    right = np.array([made.record.labels[at] for at in likely.argmax(1)]) == np.array(
        [label for _, label in test]
    )
    found = {
        "accuracy": float(right.mean()),
        "calibration_error": calibration_error(likely.max(1), right),
        "card_accuracy": card.accuracy.value,
        "card_calibration_error": card.calibration_error,
        "card_holds": float(card.accuracy.low <= right.mean() <= card.accuracy.high),
        "answered": float((likely.max(1) >= card.unknown_below).mean()),
        "answered_accuracy": float(right[likely.max(1) >= card.unknown_below].mean()),
        "head_seconds": seconds,
    }
    if task.outside:
        strange = probabilities(made, task.encoding.vectors(task.outside[:MOST_TEST_ROWS]))
        found["outside_unknown"] = float((strange.max(1) < card.unknown_below).mean())
    return found


def tfidf(task: Task, known: list[Any], test: list[Any]) -> dict[str, float]:
    """The peer on the same rows."""
    started = time.perf_counter()
    vectorizer = (
        TfidfVectorizer(analyzer="char", ngram_range=(2, 3), sublinear_tf=True)
        if task.by_character
        else TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        regression = LogisticRegressionCV(Cs=[1, 10, 100], cv=4, max_iter=500, scoring="neg_log_loss")
        peer = make_pipeline(vectorizer, regression).fit(*zip(*known, strict=True))
    seconds = time.perf_counter() - started
    likely = peer.predict_proba([content for content, _ in test])
    right = peer.classes_[likely.argmax(1)] == np.array([label for _, label in test])
    return {
        "accuracy": float(right.mean()),
        "calibration_error": calibration_error(likely.max(1), right),
        "head_seconds": seconds,
    }


def measure(task: Task, examples: list[int], seeds: int) -> dict[str, Any]:
    """Medians over the draws, for each number of examples."""
    remembered = Known(task.encoding)
    task.encoding = remembered.encoding
    results: dict[str, Any] = {}
    for per_class in examples:
        runs: dict[str, list[dict[str, float]]] = defaultdict(list)
        for seed in range(seeds):
            known, test = draw(task, per_class, seed)
            runs["prudent"].append(ours(task, known, test, seed))
            if task.encoding.kind == "text":
                with threadpool_limits(1, user_api="blas"):
                    runs["tfidf"].append(tfidf(task, known, test))
        results[str(per_class)] = {
            who: {name: statistics.median(run[name] for run in of_who) for name in of_who[0]}
            for who, of_who in runs.items()
        }
        held = statistics.mean(run["card_holds"] for run in runs["prudent"])
        results[str(per_class)]["prudent"]["card_holds"] = held
        show(task.name, per_class, results[str(per_class)])
    results["milliseconds_a_vector"] = 1e3 * remembered.seconds / max(1.0, remembered.made)
    print(f"{task.name:16} {results['milliseconds_a_vector']:.1f} ms a vector")
    return results


def show(name: str, per_class: int, found: dict[str, dict[str, float]]) -> None:
    """One line a task and number of examples."""
    own, peer = found["prudent"], found.get("tfidf")
    against = f"tf-idf {peer['accuracy']:.1%}, ECE {peer['calibration_error']:.3f}" if peer else ""
    outside = f", outside unknown {own['outside_unknown']:.0%}" if "outside_unknown" in own else ""
    print(
        f"{name:16} {per_class:3} a class: {own['accuracy']:.1%}, ECE {own['calibration_error']:.3f}, "
        f"card {own['card_accuracy']:.1%} (interval holds {own['card_holds']:.0%}), answered "
        f"{own['answered']:.0%} at {own['answered_accuracy']:.1%}{outside}, "
        f"head {own['head_seconds']:.1f} s; {against}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--examples", type=int, nargs="+", default=[8, 16, 64])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="Write the run to runs/.")
    arguments = parser.parse_args()
    print(describe())
    results: dict[str, Any] = {}
    with EmbeddingModel.load() as encoder:
        for task in text_tasks(arguments.data, text_encoding(encoder)):
            results[task.name] = measure(task, arguments.examples, arguments.seeds)
    with ImageClassifier.load() as classifier:
        few = [number for number in arguments.examples if number <= 16]
        task = photographs(arguments.data, image_encoding(classifier))
        results[task.name] = measure(task, few, arguments.seeds)
    if arguments.keep:
        settings = {"examples": arguments.examples, "seeds": arguments.seeds, "test_rows": MOST_TEST_ROWS}
        print(keep("classifiers", settings, results))


if __name__ == "__main__":
    main()
