"""A model's speed on this machine in about a minute: what `prudent bench` shows. Prints nothing."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from prudent.diagnosis.facts import stored_as
from prudent.diagnosis.trial import Trial
from prudent.runtime.artifact import DecoderArtifact
from prudent.types.progress import Progress, ProgressListener

PROMPT = 512
SHORT_PROMPT = 32
STREAMS = (4, 8)
_DECODE = 48
_ROUNDS = 5
_WANTED_SECONDS = 50.0
"""No further round begins that would end later; one is always made."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One thing that was measured, once a round; `unit` is "tokens/s" or "s"."""

    name: str
    unit: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)


@dataclass(frozen=True, slots=True)
class BenchReport:
    """A model's figures. `precision` counts the matrices that are stored in some way.

    `resident_bytes` is the whole process after the last round; None is not known.
    """

    model: str
    target: str
    precision: dict[str, int]
    threads: int
    load_seconds: float
    resident_bytes: int | None
    measurements: tuple[Measurement, ...]


def run_bench(
    artifact: DecoderArtifact, *, threads: int, progress: ProgressListener | None = None
) -> BenchReport:
    """Measure a compiled model: every figure once a round, so that a disturbance meets all alike.

    Raises:
        PrudentError: the model cannot be loaded or run.
    """
    prompt = min(PROMPT, artifact.config.context_length // 2)

    def tell(done: int, total: int) -> None:
        if progress is not None:
            progress(Progress("time", artifact.card.id, done, total))

    with Trial(artifact, streams=max(STREAMS), threads=threads) as trial:
        trial.prompt_and_stream(SHORT_PROMPT, 4)  # a warm-up
        figures: dict[tuple[str, str], list[float]] = {}
        jobs = _jobs(trial, prompt)
        total = len(jobs) * _ROUNDS
        started = time.perf_counter()
        for number in range(_ROUNDS):
            if number and _next_ends_late(started, number):
                break
            for index, job in enumerate(jobs):
                tell(number * len(jobs) + index, total)
                for key, value in job().items():
                    figures.setdefault(key, []).append(value)
        tell(total, total)
        return BenchReport(
            model=artifact.card.id,
            target=artifact.card.target,
            precision=stored_as(artifact.card),
            threads=threads,
            load_seconds=trial.load_seconds,
            resident_bytes=resident_bytes(),
            measurements=tuple(Measurement(*key, tuple(values)) for key, values in figures.items()),
        )


def resident_bytes(status: Path = Path("/proc/self/status")) -> int | None:
    """Memory of this process that is in RAM, as Linux states it; None elsewhere."""
    try:
        lines = status.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        words = line.split()
        if len(words) == 3 and words[0] == "VmRSS:" and words[1].isdecimal():
            return int(words[1]) * 1024
    return None


_Figures = dict[tuple[str, str], float]


def _jobs(trial: Trial, prompt: int) -> list[Callable[[], _Figures]]:
    def single() -> _Figures:
        prefill, decode = trial.prompt_and_stream(prompt, _DECODE)
        return {
            (f"prompt of {prompt} tokens", "tokens/s"): prefill,
            ("answer, 1 stream", "tokens/s"): decode,
        }

    def several(count: int) -> Callable[[], _Figures]:
        lengths = [SHORT_PROMPT + row for row in range(count)]
        return lambda: {(f"answers, {count} streams", "tokens/s"): trial.streams(lengths, _DECODE)}

    def first() -> _Figures:
        return {(f"first token, prompt of {SHORT_PROMPT}", "s"): trial.first_token(SHORT_PROMPT)}

    return [single, *(several(count) for count in STREAMS), first]


def _next_ends_late(started: float, rounds_done: int) -> bool:
    spent = time.perf_counter() - started
    return spent * (rounds_done + 1) / rounds_done > _WANTED_SECONDS
