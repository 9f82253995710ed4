"""Clips of speech with what is said in them, as samples. Knows no recogniser.

They lie in a folder with a manifest.jsonl (file, text, language, seconds, group, speech). Settings are chosen
on every second clip of the manifest, beginning with the first ("chosen on"); the others are the test.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prudent.capabilities.audio.decode import open_recording

MEDIA = Path(__file__).resolve().parents[2] / "shared" / "data" / "media" / "speech"
LONGEST = 28.0
SAMPLE_RATE = 16_000


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording: mono float32 samples at 16 kHz, the words in it ("" for none), where it comes from."""

    file: str
    group: str
    language: str
    text: str
    samples: NDArray[np.float32]
    tuned: bool

    @property
    def seconds(self) -> float:
        return len(self.samples) / SAMPLE_RATE


def read_samples(path: Path) -> NDArray[np.float32]:
    """All of a recording."""
    with path.open("rb") as file, open_recording(file, name=path.name) as recording:
        return np.concatenate(list(recording.blocks()))


def read_clips(folder: Path, wanted: Callable[[dict[str, Any]], bool]) -> list[Clip]:
    """The clips whose manifest row is wanted; `tuned` says whether settings were chosen on it."""
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if wanted(row)]
    return [
        Clip(
            row["file"],
            row["group"],
            row.get("language") or "none",
            row["text"] or "",
            read_samples(folder / row["file"]),
            tuned=place % 2 == 0,
        )
        for place, row in enumerate(rows)
    ]


def is_english(row: dict[str, Any]) -> bool:
    """Clean and noisy English speech, each recording once, no longer than a window."""
    left_out = ("fmt", "long", "vad")
    return row.get("language") == "en" and row["group"] not in left_out and row["seconds"] < LONGEST


def is_foreign(row: dict[str, Any]) -> bool:
    """Speech in other languages."""
    return row.get("language") not in ("en", "none", None) and row["seconds"] < LONGEST


def is_silent(row: dict[str, Any]) -> bool:
    """Recordings without a word: silence, noise, music."""
    return row["group"] == "nospeech" and row["seconds"] < LONGEST and not row["text"]
