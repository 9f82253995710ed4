"""`prudent say`, with the real voice; through a pipe as a process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import soundfile
from typer.testing import CliRunner

from prudent.cli.main import app
from prudent.runtime.speaker_artifact import SpeakerArtifact


def test_a_text_becomes_a_file_in_the_format_of_its_ending(
    joe_artifact: SpeakerArtifact, tmp_path: Path
) -> None:
    done = CliRunner().invoke(app, ["say", "Dinner is ready.", "-o", str(tmp_path / "dinner.flac")])
    assert (done.exit_code, done.stdout) == (0, ""), done.stderr
    samples, rate = soundfile.read(tmp_path / "dinner.flac")
    assert 0.5 < len(samples) / rate < 3
    assert [path.name for path in tmp_path.iterdir()] == ["dinner.flac"]


def test_a_text_through_a_pipe_comes_out_as_sound(joe_artifact: SpeakerArtifact) -> None:
    command = [sys.executable, "-m", "prudent", "say", "--format", "wav", "--speed", "2"]
    done = subprocess.run(command, input=b"Hello there.", capture_output=True, check=True)
    assert done.stdout.startswith(b"RIFF\xff\xff\xff\xffWAVE")


def test_what_cannot_be_spoken_is_said_in_words(joe_artifact: SpeakerArtifact, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["say", "你好", "-o", str(tmp_path / "x.wav")])
    assert done.exit_code == 2
    assert "Chinese letters" in done.stderr
    assert list(tmp_path.iterdir()) == []
