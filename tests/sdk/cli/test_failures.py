"""Whatever goes wrong in a command is told in words, with an exit code, and without a traceback."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest
import typer

from prudent.cli.failures import reported
from prudent.errors import ContentFilterError, ModelNotFoundError, PrudentError


def test_an_error_is_its_message_a_hint_and_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, reported():
        raise ModelNotFoundError("There is no model 'qwne'.", hint="Did you mean qwen?")
    assert ended.value.exit_code == ModelNotFoundError.exit_code == 2
    assert capsys.readouterr().err == "error: There is no model 'qwne'.\nhint: Did you mean qwen?\n"


def test_a_refused_request_has_an_exit_code_of_its_own() -> None:
    with pytest.raises(typer.Exit) as ended, reported():
        raise ContentFilterError("A check refused the prompt.")
    assert ended.value.exit_code == 3


def test_an_unplanned_error_does_not_show_what_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, reported():
        raise ValueError("ann@example.org")
    said = capsys.readouterr().err
    assert ended.value.exit_code == 1
    assert "ValueError" in said
    assert "PRUDENT_DEBUG=1" in said
    assert "ann@example.org" not in said
    assert "Traceback" not in said


def test_debug_lets_the_traceback_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRUDENT_DEBUG", "1")
    with pytest.raises(ZeroDivisionError), reported():
        _ = 1 / 0
    with pytest.raises(PrudentError), reported():
        raise PrudentError("It went wrong.")


def test_a_full_disk_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit), reported():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "model.data")
    assert capsys.readouterr().err.startswith("error: The disk is full.")


def test_a_file_error_names_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit), reported():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "keys.txt")
    assert capsys.readouterr().err == "error: No such file or directory: keys.txt.\n"


def test_ctrl_c_ends_with_130() -> None:
    with pytest.raises(typer.Exit) as ended, reported():
        raise KeyboardInterrupt
    assert ended.value.exit_code == 130


def test_an_exit_stays_what_it_is() -> None:
    with pytest.raises(typer.Exit) as ended, reported():
        raise typer.Exit(7)
    assert ended.value.exit_code == 7


def test_a_reader_that_goes_away_is_no_error() -> None:
    """`prudent models list | head -0` must end without a word."""
    with subprocess.Popen(
        [sys.executable, "-m", "prudent", "models", "list", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_the_caller_closed_is_no_fault(closed: str) -> None:
    for command, code in (("models list", 0), ("models info no-such-model", 2)):
        line = f'"$0" -m prudent {command} {closed}'
        done = subprocess.run(["sh", "-c", line, sys.executable], capture_output=True, text=True, timeout=60)
        assert done.returncode == code
        assert "Traceback" not in done.stderr
        assert "should not have" not in done.stderr
