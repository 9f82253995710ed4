"""Speech to text in turn with faster-whisper: errors and speed, clip by clip, in batches, and a long file.

    python benchmarks/transcription.py [--model whisper-tiny.en] [--set english|foreign] [--keep]

Both sides get the same samples, the same float16 weights at int8, beam 1, temperature 0, no time stamps and
no voice activity detection; log-mel counts on both sides. They take turns clip by clip (and batch by batch),
the one that begins changing each time, so that a disturbance of the machine meets them alike; speed is
seconds of sound a second, the ratio is that of total times, and the median ratio that of single turns.
faster-whisper's batched pipeline gets the clips joined, with their bounds. Settings of prudent were chosen on
every second clip ("chosen on"); the others are the test.

Recordings without a word are heard with each side's own defaults (temperatures, limits, time stamps) and
counted: a recording is wrong where any text comes out.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from faster_whisper import BatchedInferencePipeline
from faster_whisper import WhisperModel as FasterWhisper
from machine import describe, keep
from speech_clips import (
    MEDIA,
    SAMPLE_RATE,
    Clip,
    is_english,
    is_foreign,
    is_silent,
    read_clips,
)
from speech_text import Errors, count_errors

from prudent.capabilities.audio.mel import log_mel
from prudent.capabilities.whisper.model import WhisperModel
from prudent.capabilities.whisper.options import DecodeOptions
from prudent.capabilities.whisper.window import WINDOW_FRAMES, Window
from prudent.catalog import Catalog
from prudent.catalog.fetch import fetch
from prudent.runtime.transcriber_artifact import TranscriberArtifact
from prudent.store import open_model

Hear = Callable[[Sequence[Clip]], list[str]]

BATCH = 8
OURS, THEIRS = "prudent", "faster-whisper"


def our_side(model: WhisperModel, **changes: Any) -> Hear:
    """Clips, all of one language, through prudent's core."""

    def hear(clips: Sequence[Clip]) -> list[str]:
        windows = [Window(log_mel(clip.samples)[:, :WINDOW_FRAMES]) for clip in clips]
        settings: dict[str, Any] = {"timestamps": False, "temperatures": (0.0,), "batch": BATCH}
        options = DecodeOptions(language=_language(clips), **(settings | changes))
        return [transcript.text for transcript in model.transcribe(windows, options)]

    return hear


def their_side(model: FasterWhisper) -> Hear:
    """Clips one by one."""

    def hear(clips: Sequence[Clip]) -> list[str]:
        texts: list[str] = []
        for clip in clips:
            segments, _ = model.transcribe(clip.samples, language=_language(clips), **_THEIR_SETTINGS)
            texts.append(" ".join(segment.text.strip() for segment in segments))
        return texts

    return hear


def their_batches(model: FasterWhisper) -> Hear:
    """Clips joined, with their bounds, through the batched pipeline."""
    pipeline = BatchedInferencePipeline(model)

    def hear(clips: Sequence[Clip]) -> list[str]:
        ends = np.cumsum([0, *(len(clip.samples) for clip in clips)]) / SAMPLE_RATE
        bounds = [{"start": a, "end": b} for a, b in itertools.pairwise(ends)]
        segments, _ = pipeline.transcribe(
            np.concatenate([clip.samples for clip in clips]),
            language=_language(clips),
            batch_size=BATCH,
            vad_filter=False,
            clip_timestamps=bounds,
            **_THEIR_SETTINGS,
        )
        # A clip may come out as several segments, or as none: each goes to the clip it begins in.
        texts = ["" for _ in clips]
        for segment in segments:
            place = int(np.searchsorted(ends, segment.start + 1e-3, side="right")) - 1
            place = min(max(place, 0), len(clips) - 1)
            texts[place] = f"{texts[place]} {segment.text.strip()}".strip()
        return texts

    return hear


_THEIR_SETTINGS: dict[str, Any] = {
    "beam_size": 1,
    "temperature": 0,
    "without_timestamps": True,
    "condition_on_previous_text": False,
}


def _language(clips: Sequence[Clip]) -> str:
    return clips[0].language


def take_turns(sides: dict[str, Hear], groups: Sequence[Sequence[Clip]]) -> dict[str, Any]:
    """Times and texts of both sides, group by group."""
    for hear in sides.values():
        hear(groups[0])
    times: dict[str, list[float]] = {name: [] for name in sides}
    texts: dict[str, list[str]] = {name: [] for name in sides}
    for turn, group in enumerate(groups):
        for name in list(sides) if turn % 2 else reversed(sides):
            started = time.perf_counter()
            texts[name] += sides[name](group)
            times[name].append(time.perf_counter() - started)
    return {"times": times, "texts": texts}


def judge(clips: Sequence[Clip], run: dict[str, Any]) -> dict[str, Any]:
    """Errors and speed of a run, on all clips and by half, group and language."""
    seconds = sum(clip.seconds for clip in clips)
    found: dict[str, Any] = {"clips": len(clips), "seconds": round(seconds, 1)}
    for name, texts in run["texts"].items():
        errors = [
            count_errors(clip.text, text, clip.language) for clip, text in zip(clips, texts, strict=True)
        ]
        parts: dict[str, Errors] = {}
        for clip, error in zip(clips, errors, strict=True):
            half = "chosen on" if clip.tuned else "test"
            for part in ("all", half, f"group {clip.group}", f"language {clip.language}"):
                parts[part] = parts.get(part, Errors(0, 0)) + error
        found[name] = {
            "sound a second": round(seconds / sum(run["times"][name]), 2),
            "errors": {
                part: f"{error.rate:.4f} ({error.errors}/{error.units})" for part, error in parts.items()
            },
        }
    ours, theirs = run["times"][OURS], run["times"][THEIRS]
    found["ratio of totals"] = round(sum(theirs) / sum(ours), 2)
    found["median ratio"] = round(statistics.median(a / b for a, b in zip(theirs, ours, strict=True)), 2)
    return found


def by_language(clips: Sequence[Clip], size: int) -> list[list[Clip]]:
    """Groups of at most `size` clips of one language and of like length."""
    ordered = sorted(clips, key=lambda clip: (clip.language, clip.seconds))
    groups: list[list[Clip]] = []
    for clip in ordered:
        if not groups or len(groups[-1]) == size or groups[-1][0].language != clip.language:
            groups.append([])
        groups[-1].append(clip)
    return groups


def count_texts_of_silence(ours: WhisperModel, theirs: FasterWhisper) -> dict[str, Any]:
    """Recordings without a word in which each side hears some, by its own defaults."""
    clips = read_clips(MEDIA, is_silent)
    found: dict[str, Any] = {"recordings": len(clips), OURS: {}, THEIRS: {}}
    for clip in clips:
        window = Window(log_mel(clip.samples)[:, :WINDOW_FRAMES])
        text = ours.transcribe([window], DecodeOptions(language="en"))[0].text
        segments, _ = theirs.transcribe(clip.samples, language="en", beam_size=1)
        for name, words in ((OURS, text), (THEIRS, " ".join(segment.text for segment in segments))):
            if words.strip():
                found[name][clip.file] = words.strip()[:80]
    return found


def show(title: str, found: dict[str, Any]) -> None:
    print(f"{title}: {found['clips']} clips, {found['seconds']} s")
    for name in (THEIRS, OURS):
        side = found[name]
        errors = {k: v for k, v in side["errors"].items() if k in ("all", "chosen on", "test")}
        print(f"  {name:15} {side['sound a second']:7.1f} s of sound a second, errors {errors}")
    print(
        f"  ratio of totals {found['ratio of totals']}, median of turns {found['median ratio']}", flush=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="whisper-tiny.en")
    parser.add_argument("--folder", help="A compiled model's folder instead of the store's.")
    parser.add_argument("--set", choices=("english", "foreign"), default="english")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--every", type=int, default=1, help="Only every so many clips.")
    parser.add_argument("--parts", default="one,many,silence")
    parser.add_argument("--keep", action="store_true", help="Write the run to runs/.")
    arguments = parser.parse_args()
    entry = Catalog.load().get(arguments.model)
    files = fetch(entry)
    folder = arguments.folder or open_model(entry.id, "transcription")
    ours = WhisperModel.load(TranscriberArtifact(Path(folder)), threads=arguments.threads)
    theirs = FasterWhisper(
        str(files), device="cpu", compute_type="int8", cpu_threads=arguments.threads, local_files_only=True
    )
    clips = read_clips(MEDIA, is_english if arguments.set == "english" else is_foreign)[:: arguments.every]
    print(f"{entry.id}, {arguments.set}, {arguments.threads} threads; {describe()}", flush=True)
    results: dict[str, Any] = {}
    for part, size, their_way in (("one", 1, their_side(theirs)), ("many", BATCH, their_batches(theirs))):
        if part in arguments.parts.split(","):
            groups = by_language(clips, size)
            run = take_turns({OURS: our_side(ours), THEIRS: their_way}, groups)
            results[part] = judge([clip for group in groups for clip in group], run)
            show("clip by clip" if size == 1 else f"in batches of {size}", results[part])
    if "silence" in arguments.parts.split(","):
        results["silence"] = count_texts_of_silence(ours, theirs)
        print("texts of recordings without a word:", results["silence"])
    if arguments.keep:
        settings = {key: value for key, value in vars(arguments).items() if key not in ("folder", "keep")}
        print(keep("transcription", settings, results).name)


if __name__ == "__main__":
    main()
