"""Long recordings in turn with faster-whisper's batched pipeline: speed and errors, from file to text.

    python benchmarks/transcription_long.py [--model whisper-tiny.en] [--rounds 2] [--keep]

Both sides get the file, decode it, find the speech by Silero's detector and hear it in batches of 8, beam 1,
with time stamps (prudent) or as each does by default. Errors are of the whole text.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from contextlib import aclosing
from pathlib import Path
from typing import Any

from faster_whisper import BatchedInferencePipeline
from faster_whisper import WhisperModel as FasterWhisper
from machine import describe, keep
from speech_clips import MEDIA
from speech_text import count_errors

from prudent.capabilities.interface.transcription import HearingOptions, Recording
from prudent.capabilities.transcription import TranscriptionModel
from prudent.catalog import Catalog
from prudent.catalog.fetch import fetch

BATCH = 8
LONGEST = 3600.0
"""Seconds of a recording that prudent takes here."""
OURS, THEIRS = "prudent", "faster-whisper batched"


async def hear(model: TranscriptionModel, path: Path) -> str:
    """The text of a file through prudent."""
    texts: list[str] = []
    with path.open("rb") as file:
        recording = Recording(file, name=path.name, longest=LONGEST)
        async with aclosing(model.transcribe(recording, HearingOptions(language="en"))) as heard:
            async for part in heard:
                texts += [segment.text.strip() for segment in part.segments]
    return " ".join(texts)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="whisper-tiny.en")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--keep", action="store_true", help="write the run to runs/")
    asked = parser.parse_args()
    ours = TranscriptionModel.load(asked.model, threads=asked.threads)
    files = fetch(Catalog.load().get(asked.model))
    theirs = BatchedInferencePipeline(
        FasterWhisper(
            str(files),
            device="cpu",
            compute_type="int8",
            cpu_threads=asked.threads,
            local_files_only=True,
        )
    )

    def their_text(path: Path) -> str:
        segments, _ = theirs.transcribe(str(path), language="en", batch_size=BATCH, beam_size=1)
        return " ".join(segment.text.strip() for segment in segments)

    sides = {OURS: lambda path: asyncio.run(hear(ours, path)), THEIRS: their_text}
    rows = [json.loads(line) for line in (MEDIA / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    results: dict[str, Any] = {}
    print(f"{asked.model}, {asked.threads} threads; {describe()}", flush=True)
    for row in rows:
        if row["group"] != "long":
            continue
        spoken = row["text"] or " ".join(segment["text"] for segment in row["segments"])
        times: dict[str, list[float]] = {name: [] for name in sides}
        errors: dict[str, str] = {}
        for turn in range(asked.rounds):
            for name in list(sides) if turn % 2 else reversed(sides):
                started = time.perf_counter()
                text = sides[name](MEDIA / row["file"])
                times[name].append(time.perf_counter() - started)
                found = count_errors(spoken, text, "en")
                errors[name] = f"{found.rate:.4f} ({found.errors}/{found.units})"
        ratios = [b / a for a, b in zip(times[OURS], times[THEIRS], strict=True)]
        results[row["file"]] = {
            "seconds": row["seconds"],
            "median seconds of work": {
                name: round(statistics.median(each), 2) for name, each in times.items()
            },
            "errors": errors,
            "ratio, median of rounds": round(statistics.median(ratios), 2),
        }
        print(row["file"], json.dumps(results[row["file"]]), flush=True)
    if asked.keep:
        settings = {key: value for key, value in vars(asked).items() if key != "keep"}
        print(keep("transcription-long", settings, results).name)


if __name__ == "__main__":
    main()
