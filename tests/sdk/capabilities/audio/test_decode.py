"""Files of sound to samples: formats, broken files, limits. What a file is, its bytes say."""

from __future__ import annotations

import io
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from prudent.capabilities.audio.decode import SAMPLE_RATE, AudioLimits, open_recording
from prudent.errors import InvalidRequestError, PrudentError, RequestTooLargeError, UnsupportedMediaError

BAD = Path(__file__).parents[5] / "shared" / "data" / "media" / "bad"
SOUNDS = (".wav", ".flac", ".mp3", ".mp4")
NO_SOUNDS = (".bin", ".docx", ".svg", ".pdf")


def _tone(seconds: float, rate: int, *, channels: int = 1, hertz: float = 440.0) -> np.ndarray:
    wave = 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def _file(samples: np.ndarray, rate: int, **kind: str) -> io.BytesIO:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, **kind)
    return file


def _decode(file: io.BytesIO, limits: AudioLimits | None = None) -> np.ndarray:
    with open_recording(file, limits=limits) as recording:
        blocks = list(recording.blocks())
    return np.concatenate(blocks) if blocks else np.empty(0, np.float32)


@pytest.fixture
def ffmpeg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """ffmpeg on the path, as where it is installed."""
    import imageio_ffmpeg

    (tmp_path / "ffmpeg").symlink_to(imageio_ffmpeg.get_ffmpeg_exe())
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)


@pytest.fixture
def no_ffmpeg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without ffmpeg."""
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.parametrize(
    ("kind", "exact"),
    [
        ({"format": "WAV", "subtype": "PCM_16"}, 1e-4),
        ({"format": "WAV", "subtype": "PCM_24"}, 1e-6),
        ({"format": "WAV", "subtype": "FLOAT"}, 1e-7),
        ({"format": "WAV", "subtype": "ULAW"}, 0.02),
        ({"format": "FLAC", "subtype": "PCM_16"}, 1e-4),
        ({"format": "AIFF", "subtype": "PCM_16"}, 1e-4),
        ({"format": "OGG", "subtype": "VORBIS"}, 0.05),
        ({"format": "MP3", "subtype": "MPEG_LAYER_III"}, 0.6),
    ],
)
def test_formats_of_libsndfile_are_read(kind: dict[str, str], exact: float, no_ffmpeg: None) -> None:
    tone = _tone(0.5, SAMPLE_RATE)
    decoded = _decode(_file(tone, SAMPLE_RATE, **kind))
    assert abs(len(decoded) - len(tone)) <= 1152  # a frame of MP3 at most
    length = min(len(decoded), len(tone))
    assert np.abs(decoded[:length] - tone[:length, 0]).max() < exact


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 48_000, 192_000])
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_any_rate_and_channels_become_mono_at_16_khz(rate: int, channels: int) -> None:
    decoded = _decode(_file(_tone(1.0, rate, channels=channels), rate, format="WAV"))
    assert abs(len(decoded) - SAMPLE_RATE) <= 1
    inner = slice(2000, -2000)  # resampling rings at the ends
    assert np.abs(decoded[inner] - _tone(1.0, SAMPLE_RATE)[: len(decoded)][inner, 0]).max() < 0.01


def test_channels_are_averaged() -> None:
    stereo = np.stack([np.full(1600, 0.5), np.full(1600, -0.3)], axis=1).astype(np.float32)
    assert np.allclose(_decode(_file(stereo, SAMPLE_RATE, format="WAV", subtype="FLOAT")), 0.1, atol=1e-6)


def test_floats_beyond_full_scale_are_scaled_as_a_whole() -> None:
    decoded = _decode(_file(300 * _tone(1.0, SAMPLE_RATE), SAMPLE_RATE, format="WAV", subtype="FLOAT"))
    assert np.abs(decoded).max() == pytest.approx(1.0, abs=1e-5)
    assert np.allclose(decoded, 2 * _tone(1.0, SAMPLE_RATE)[:, 0], atol=1e-4)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_no_number_is_refused_with_its_place(wrong: float) -> None:
    samples = _tone(1.0, SAMPLE_RATE)
    samples[8000] = wrong
    with pytest.raises(InvalidRequestError, match=r"not numbers, the first at 0\.50 s") as caught:
        _decode(_file(samples, SAMPLE_RATE, format="WAV", subtype="FLOAT"))
    assert caught.value.param == "file"


def test_a_recording_over_the_limit_is_refused_by_its_header() -> None:
    file = _file(_tone(2.0, SAMPLE_RATE), SAMPLE_RATE, format="FLAC")
    with pytest.raises(RequestTooLargeError), open_recording(file, limits=AudioLimits(seconds=1.9)):
        pass
    assert len(_decode(file, AudioLimits(seconds=2.0))) == 2 * SAMPLE_RATE


def test_a_damaged_file_is_no_shorter_file() -> None:
    whole = _file(_tone(10.0, SAMPLE_RATE), SAMPLE_RATE, format="FLAC").getvalue()
    with pytest.raises(InvalidRequestError, match="damaged or cut short"):
        _decode(io.BytesIO(whole[: len(whole) // 2]))


def test_formats_of_ffmpeg_are_read_where_it_is_installed(ffmpeg: None, tmp_path: Path) -> None:
    import subprocess

    import imageio_ffmpeg

    wave, movie = tmp_path / "a.wav", tmp_path / "a.m4a"
    wave.write_bytes(_file(_tone(1.0, 44_100), 44_100, format="WAV").getvalue())
    subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", wave, "-c:a", "aac", movie], check=True
    )
    decoded = _decode(io.BytesIO(movie.read_bytes()))
    assert abs(len(decoded) - SAMPLE_RATE) < 2100  # AAC's padding
    spectrum = np.abs(np.fft.rfft(decoded[4000:12000]))
    assert abs(int(spectrum.argmax()) * 2 - 440) <= 2


def test_without_ffmpeg_the_error_says_what_would_help(no_ffmpeg: None) -> None:
    with pytest.raises(UnsupportedMediaError, match="With ffmpeg installed"):
        _decode(io.BytesIO(b"\0\0\0\x18ftypM4A " + bytes(200)))


def test_a_playlist_cannot_make_ffmpeg_read_another_file(ffmpeg: None, tmp_path: Path) -> None:
    """The classic way to steal a file through a converter: an upload that names it."""
    secret = tmp_path / "secret.wav"
    secret.write_bytes(_file(_tone(1.0, SAMPLE_RATE), SAMPLE_RATE, format="WAV").getvalue())
    playlists = (
        f"#EXTM3U\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile {secret}\n",
        f"concat:{secret}",
    )
    for playlist in playlists:
        with pytest.raises(UnsupportedMediaError):
            _decode(io.BytesIO(playlist.encode()))


def _manifest() -> Iterator[dict[str, object]]:
    if BAD.is_dir():
        for line in (BAD / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if Path(row["file"]).suffix in SOUNDS + NO_SOUNDS:
                yield row


@pytest.mark.skipif(not BAD.is_dir(), reason="the shared media are not here")
@pytest.mark.parametrize("with_ffmpeg", [False, True])
def test_every_bad_file_has_an_answer_in_bounded_time_and_memory(
    with_ffmpeg: bool, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("ffmpeg" if with_ffmpeg else "no_ffmpeg")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    wrong: list[str] = []
    for row in _manifest():
        name, should_succeed = str(row["file"]), bool(row["should_succeed"])
        try:
            samples = _decode(io.BytesIO((BAD / name).read_bytes()), AudioLimits(seconds=1800))
        except PrudentError as error:
            if should_succeed or not 400 <= error.http_status < 500:
                wrong.append(f"{name}: {error}")
        else:
            if Path(name).suffix in NO_SOUNDS or not np.isfinite(samples).all():
                wrong.append(f"{name}: decoded to {len(samples)} samples")
    assert wrong == []
    assert time.process_time() - started < 20
    unit = 1 if sys.platform == "darwin" else 1024
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * unit < 200 * 2**20


@pytest.mark.skipif(not BAD.is_dir(), reason="the shared media are not here")
def test_an_hour_of_silence_in_a_small_file_takes_little_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    total = 0
    with (BAD / "silence_61min.flac").open("rb") as file, open_recording(file) as recording:
        for block in recording.blocks():
            total += len(block)
    assert total == 61 * 60 * SAMPLE_RATE
    unit = 1 if sys.platform == "darwin" else 1024
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * unit < 50 * 2**20
