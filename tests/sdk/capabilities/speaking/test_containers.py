"""Files of sound: read back by soundfile, their marks by mutagen and soundfile."""

from __future__ import annotations

import io
from typing import Any, get_args

import mutagen
import numpy as np
import pytest
import soundfile
from mutagen.id3 import ID3

from prudent.capabilities.speaking.containers import SpeechFormat, open_writer
from prudent.capabilities.speaking.fingerprint import Fingerprinting, distance
from prudent.capabilities.speaking.marks import SOURCE_TYPE, Marks

RATE = 22_050
WAYS = [
    (kind, whole) for kind in get_args(SpeechFormat) for whole in (True, False) if whole or kind != "flac"
]
MARKS = Marks("piper-en-us-joe-medium")


def _chirp(seconds: float = 2.0, pitch: float = 300.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    loudness = 0.3 + 0.2 * np.sin(2 * np.pi * 1.7 * time)
    return (loudness * np.sin(2 * np.pi * (pitch + 400 * time) * time)).astype(np.float32)


def _file(kind: Any, samples: np.ndarray, *, whole: bool) -> bytes:
    writer = open_writer(kind, RATE, MARKS, whole=whole)
    pieces = [writer.write(samples[start : start + 5000]) for start in range(0, len(samples), 5000)]
    if whole and kind not in ("pcm",):
        assert not any(pieces)
    return b"".join([*pieces, writer.finish()])


def _read(kind: str, data: bytes) -> tuple[np.ndarray, int]:
    if kind == "pcm":
        return np.frombuffer(data, "<i2").astype(np.float32) / 32767, 24_000
    return soundfile.read(io.BytesIO(data), dtype="float32")


@pytest.mark.parametrize(("kind", "whole"), WAYS)
def test_what_is_written_can_be_read(kind: str, whole: bool) -> None:
    samples = _chirp()
    read, rate = _read(kind, _file(kind, samples, whole=whole))
    assert rate == (24_000 if kind in ("pcm", "opus") else RATE)
    assert len(read) / rate == pytest.approx(2.0, abs=0.2)
    loud = np.sqrt((read**2).mean()) / np.sqrt((samples**2).mean())
    assert loud == pytest.approx(1.0, abs=0.15)
    if kind in ("wav", "flac"):
        assert np.abs(read - samples).max() < 1e-4


@pytest.mark.parametrize(("kind", "whole"), [way for way in WAYS if way[0] in ("wav", "flac", "opus")])
def test_the_file_says_that_it_is_synthetic_and_by_which_model(kind: str, whole: bool) -> None:
    file = soundfile.SoundFile(io.BytesIO(_file(kind, _chirp(), whole=whole)))
    assert file.title == "Synthetic speech"
    assert file.software.startswith("prudent ")
    assert "model=piper-en-us-joe-medium" in file.comment
    assert SOURCE_TYPE in file.comment


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "streamed"])
def test_an_mp3_says_it_in_id3(whole: bool) -> None:
    data = _file("mp3", _chirp(), whole=whole)
    tags = ID3(io.BytesIO(data))
    assert str(tags["TIT2"]) == "Synthetic speech"
    assert str(tags["TXXX:DigitalSourceType"]) == SOURCE_TYPE
    assert "model=piper-en-us-joe-medium" in str(tags["COMM::eng"])
    parsed: Any = mutagen.File(io.BytesIO(data))
    assert parsed.info.length == pytest.approx(2.0, abs=0.3)


def test_a_whole_wav_has_its_sizes_and_a_streamed_one_says_that_it_has_none() -> None:
    whole, streamed = (_file("wav", _chirp(), whole=flag) for flag in (True, False))
    assert int.from_bytes(whole[4:8], "little") == len(whole) - 8
    assert streamed[4:8] == b"\xff\xff\xff\xff"


def _babble(seed: int) -> np.ndarray:
    """Three seconds of tones in all bands whose loudness comes and goes."""
    random = np.random.default_rng(seed)
    time = np.arange(3 * RATE) / RATE
    sound = np.zeros_like(time)
    for pitch in np.geomspace(320, 3800, 24):
        swell = np.sin(2 * np.pi * (random.uniform(0.5, 2.0) * time + random.uniform()))
        sound += 10 ** (random.uniform(-1, 0) + 0.7 * swell) * np.sin(2 * np.pi * pitch * time)
    return (0.5 * sound / np.abs(sound).max()).astype(np.float32)


@pytest.mark.parametrize("kind", ["mp3", "opus"])
def test_the_robust_fingerprint_survives_a_lossy_format(kind: str) -> None:
    samples = _babble(0)
    read, rate = _read(kind, _file(kind, samples, whole=True))
    assert distance(_fingerprint(samples, RATE), _fingerprint(read, rate)) <= 16
    others = [
        distance(_fingerprint(samples, RATE), _fingerprint(_babble(seed), RATE)) for seed in range(1, 9)
    ]
    assert min(others) >= 40


def test_the_fingerprint_does_not_depend_on_how_the_sound_came() -> None:
    samples = _chirp()
    once, often = Fingerprinting(RATE), Fingerprinting(RATE)
    once.add(samples)
    for start in range(0, len(samples), 777):
        often.add(samples[start : start + 777])
    assert once.finish() == often.finish()


def _fingerprint(samples: np.ndarray, rate: int) -> str:
    made = Fingerprinting(rate)
    made.add(samples)
    return made.finish().robust
