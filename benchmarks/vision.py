"""Classification and image safety, int8 against float32 of the same networks: top-1, false alarms, speed.

    python benchmarks/vision.py --data FOLDER [--model NAME] [--rounds 40] [--threads 1] [--keep]

FOLDER holds labels.jsonl (file, accepted), safe.jsonl (file) and the images. A hit is `top1 in accepted`;
every image of both lists is safe, so each score above a threshold is a false alarm. Both sides are ONNX
Runtime sessions on the same bytes, in turn, and who is first changes. Times are of the session alone:
decoding and scaling are the same for both. Nothing was chosen on the images of labels.jsonl.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
from machine import keep

from prudent.capabilities.vision.classification import ImageClassifier
from prudent.capabilities.vision.decode import decode_image
from prudent.capabilities.vision.image_safety import ImageSafetyModel
from prudent.runtime.artifact import Artifact
from prudent.runtime.classifier_artifact import ClassifierArtifact
from prudent.runtime.image_safety_artifact import ImageSafetyArtifact
from prudent.runtime.session import SessionOptions, Spinning, open_session
from prudent.store import open_model

THRESHOLDS = (0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9)
BINS = 10


def rows(file: Path) -> list[dict[str, Any]]:
    """The lines of a list."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def classes(model: ImageClassifier, images: list[Any], accepted: list[list[int]]) -> dict[str, float]:
    """Top-1, top-5, and how far the probability of the best class is from how often it is right."""
    found = [model.classify(pixels, top_k=5) for pixels in images]
    right = np.array([tags[0].index in wanted for tags, wanted in zip(found, accepted, strict=True)])
    among = [any(tag.index in wanted for tag in tags) for tags, wanted in zip(found, accepted, strict=True)]
    scores = np.array([tags[0].score for tags in found])
    place = np.minimum((scores * BINS).astype(int), BINS - 1)
    gaps = [
        abs(right[place == b].mean() - scores[place == b].mean()) * (place == b).mean() for b in set(place)
    ]
    return {"top1": float(right.mean()), "top5": float(np.mean(among)), "calibration_error": float(sum(gaps))}


def alarms(model: ImageSafetyModel, images: list[Any]) -> dict[str, Any]:
    """The share of safe images above each threshold."""
    scores = np.array([model.assess(pixels)["sexual"].score for pixels in images])
    return {
        "above": {str(limit): float((scores >= limit).mean()) for limit in THRESHOLDS},
        "images": len(images),
    }


def speed(
    graphs: dict[str, Artifact[Any]], size: int, batch: int, threads: int, rounds: int
) -> dict[str, Any]:
    """Milliseconds an image of each graph, in turn, and the ratio of medians."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (batch, 3, size, size), dtype=np.uint8)
    options = SessionOptions(threads=threads, spinning=Spinning.NEVER, arena=True)
    sessions = {name: open_session(graph.graph, options) for name, graph in graphs.items()}
    times: dict[str, list[float]] = {name: [] for name in sessions}
    for turn in range(rounds + 2):
        for name in list(sessions)[:: 1 if turn % 2 else -1]:
            started = time.perf_counter()
            sessions[name].run({"pixels": pixels})
            if turn >= 2:
                times[name].append((time.perf_counter() - started) * 1000 / batch)
    medians = {name: statistics.median(values) for name, values in times.items()}
    return {
        "batch": batch,
        "ms_per_image": {name: round(value, 3) for name, value in medians.items()},
        "best_ms": {name: round(min(values), 3) for name, values in times.items()},
        "ratio": round(medians["float32"] / medians["int8"], 3),
        "ratio_of_bests": round(min(times["float32"]) / min(times["int8"]), 3),
    }


def main() -> None:
    """Measure both sides and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="efficientnet-lite0")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    labelled, safe = rows(options.data / "labels.jsonl"), rows(options.data / "safe.jsonl")
    results: dict[str, Any] = {}
    graphs = {
        kind: ClassifierArtifact(open_model(options.model, "vision.classify", target=kind))
        for kind in ("int8", "float32")
    }
    scorers = {
        kind: ImageSafetyArtifact(open_model("open-nsfw", "vision.safety", target=kind))
        for kind in ("int8", "float32")
    }
    for batch in (1, 8):
        results[f"speed_batch_{batch}"] = speed(
            graphs, graphs["int8"].config.size, batch, options.threads, options.rounds // batch + 4
        )
    results["safety_speed"] = speed(
        scorers, scorers["int8"].config.size, 1, options.threads, options.rounds // 2
    )
    print(json.dumps(results, indent=1), flush=True)
    images = [decode_image((options.data / row["file"]).read_bytes()).pixels for row in [*labelled, *safe]]
    accepted = [row["accepted"] for row in labelled]
    for kind in ("int8", "float32"):
        with ImageClassifier(graphs[kind]) as model:
            results[f"classes_{kind}"] = {
                **classes(model, images[: len(labelled)], accepted),
                "images": len(labelled),
            }
        with ImageSafetyModel(scorers[kind]) as scorer:
            results[f"false_alarms_{kind}"] = alarms(scorer, images)
        print(kind, results[f"classes_{kind}"], results[f"false_alarms_{kind}"], flush=True)
    results["cards"] = {
        "classifier": graphs["int8"].card.accuracy.measures,
        "scorer": scorers["int8"].card.accuracy.measures,
    }  # type: ignore[union-attr]
    if options.keep:
        print(
            keep(
                "vision",
                {"model": options.model, "threads": options.threads, "rounds": options.rounds},
                results,
            )
        )


if __name__ == "__main__":
    main()
