"""Keys from a file, never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from prudent.cli.keys import read_keys
from prudent.errors import ConfigurationError


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    path.touch(mode=0o600)
    return path


def test_keys_stand_one_a_line(key_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key_file.write_text("# ours\nfirst\n\n  second \n")
    assert read_keys(key_file) == ("first", "second")
    assert capsys.readouterr().err == ""


def test_a_file_that_others_can_read_is_warned_of(key_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key_file.write_text("hunter2\n")
    key_file.chmod(0o644)
    read_keys(key_file)
    said = capsys.readouterr().err
    assert "chmod 600" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"\xff\xfe\n"])
def test_a_file_without_a_key_is_refused(key_file: Path, content: bytes) -> None:
    key_file.write_bytes(content)
    with pytest.raises(ConfigurationError, match="key file"):
        read_keys(key_file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_keys(tmp_path / "none")
