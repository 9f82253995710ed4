"""Text to speech: speed against piper-tts's own runtime, time to the first sound, and what Whisper base
hears.

    python benchmarks/speech.py [--threads 2] [--rounds 3] [--keep]

Both sides speak the same sentences with the same voice, sentence by sentence in turn: piper-tts as its
package runs it, prudent whole (its normalisation, phonemes, int8 network and files included but for the
file). The real-time factor is seconds of work a second of sound. What both said is heard by faster-whisper
(base, int8, beam 5) and compared after Whisper's own normaliser of English. On a machine with other work
look at the ratio of each sentence's best rounds. Time to the first sound is measured over HTTP, from
sending the request to the first bytes of 16-bit samples. Needs `pip install 'prudent[bench,speech]'`.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

import httpx
import jiwer
import machine
import numpy as np
import soxr
from faster_whisper import WhisperModel
from numpy.typing import NDArray
from piper import PiperVoice
from speech_sentences import SENTENCES
from whisper_normalizer.english import EnglishTextNormalizer

from prudent.capabilities.speech import SpeakerModel
from prudent.catalog import Catalog
from prudent.catalog.fetch import fetch
from prudent.server.app import create_app
from prudent.server.settings import Settings
from prudent.testing import RunningServer

VOICE = "piper-en-us-joe-medium"
LONG = " ".join(SENTENCES[:20])
HEARING_RATE = 16_000


def main() -> None:
    """Measure, print, and keep the run where that is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="write the run to benchmarks/runs")
    asked = parser.parse_args()
    folder = fetch(Catalog.load().get(VOICE))
    piper = PiperVoice.load(next(folder.glob("*.onnx")))
    with SpeakerModel.load(VOICE, threads=asked.threads) as prudent:
        results = speed(prudent, piper, asked.rounds)
        results["measured_by_the_compiler"] = (
            prudent.card.accuracy.measures if prudent.card.accuracy else None
        )
        results["bytes"] = {
            "prudent": prudent.card.weight_bytes,
            "piper": prudent.card.sources[0].bytes,
        }
    results["first_sound"] = first_sound(asked.threads)
    for name, value in results.items():
        print(f"{name}: {value}")
    if asked.keep:
        print(machine.keep("speech", vars(asked), results))


def speed(prudent: SpeakerModel, piper: PiperVoice, rounds: int) -> dict[str, Any]:
    """Both sides in turn; what they said in the first round is heard."""
    sides = {
        "prudent": lambda text: np.concatenate(list(prudent.samples(text, early=False))),
        "piper": lambda text: np.concatenate([part.audio_float_array for part in piper.synthesize(text)]),
    }
    factors: dict[str, list[float]] = {name: [] for name in sides}
    ratios: list[float] = []
    best: dict[str, dict[str, float]] = {name: {} for name in sides}
    said: dict[str, list[NDArray[np.float32]]] = {name: [] for name in sides}
    for speak in sides.values():
        speak(SENTENCES[0])  # the first run allocates
    for turn in range(rounds):
        for text in SENTENCES:
            pair: dict[str, float] = {}
            for name in sorted(sides, reverse=turn % 2 == 0):
                started = time.perf_counter()
                samples = sides[name](text)
                pair[name] = (time.perf_counter() - started) / (len(samples) / prudent.sample_rate)
                factors[name].append(pair[name])
                best[name][text] = min(pair[name], best[name].get(text, float("inf")))
                if turn == 0:
                    said[name].append(samples)
            ratios.append(pair["piper"] / pair["prudent"])
    whisper = WhisperModel(str(fetch(Catalog.load().get("whisper-base"))), compute_type="int8", cpu_threads=2)
    return {
        "real_time_factor": {name: round(statistics.median(values), 4) for name, values in factors.items()},
        "piper_over_prudent": {
            "median_of_pairs": round(statistics.median(ratios), 3),
            "of_totals": round(sum(factors["piper"]) / sum(factors["prudent"]), 3),
            "of_best_rounds": round(sum(best["piper"].values()) / sum(best["prudent"].values()), 3),
        },
        "sentences": len(SENTENCES),
        "word_error_rate": {
            name: word_errors(whisper, spoken, prudent.sample_rate) for name, spoken in said.items()
        },
    }


def word_errors(whisper: WhisperModel, spoken: list[NDArray[np.float32]], rate: int) -> float:
    """The share of words that Whisper base hears wrongly."""
    normalize = EnglishTextNormalizer()
    heard: list[str] = []
    for samples in spoken:
        segments, _ = whisper.transcribe(soxr.resample(samples, rate, HEARING_RATE), language="en")
        heard.append(normalize(" ".join(segment.text for segment in segments)))
    return round(jiwer.wer([normalize(text) for text in SENTENCES], heard), 4)


def first_sound(threads: int) -> dict[str, dict[str, float]]:
    """Milliseconds to the first bytes of sound over HTTP, of single sentences and of a text of twenty."""
    app = create_app(Settings(preload=False, threads=threads))
    with RunningServer(app) as server, httpx.Client(base_url=server.base_url, timeout=60) as client:
        _first_bytes(client, SENTENCES[0])  # loads the voice
        single = [_first_bytes(client, text) for text in SENTENCES]
        long = [_first_bytes(client, LONG) for _ in range(10)]
    return {"sentences": _summary(single), "twenty sentences at once": _summary(long)}


def _first_bytes(client: httpx.Client, text: str) -> float:
    started = time.perf_counter()
    body = {"input": text, "response_format": "pcm"}
    with client.stream("POST", "/v1/audio/speech", json=body) as answer:
        answer.raise_for_status()
        next(answer.iter_raw())
        return 1000 * (time.perf_counter() - started)


def _summary(milliseconds: list[float]) -> dict[str, float]:
    return {
        "median_ms": round(statistics.median(milliseconds), 1),
        "p95_ms": round(float(np.percentile(milliseconds, 95)), 1),
    }


if __name__ == "__main__":
    main()
