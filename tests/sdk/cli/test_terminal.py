"""What reaches a terminal, and what is read from a pipe."""

from __future__ import annotations

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prudent.cli.terminal import STDIN_BYTES, note, read_piped_text, visible, write_answer
from prudent.errors import InvalidRequestError


class Piped(io.StringIO):
    """A stdin that is no terminal and holds bytes."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.buffer = io.BytesIO(content)


def test_an_answer_cannot_drive_the_terminal() -> None:
    assert visible("a\x1b]0;title\x07b\x9b2Jc\r\x08d\x7f") == "a]0;titleb2Jcd"
    assert visible("one\n\ttwo 好 é") == "one\n\ttwo 好 é"


@given(st.text())
def test_what_is_visible_stays_so(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    assert all(character in "\n\t" or ord(character) >= 0x20 for character in shown)


def test_a_pipe_gets_the_answer_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    write_answer("a\x1b[1mb")
    assert capsys.readouterr().out == "a\x1b[1mb"


def test_remarks_go_to_stderr_and_are_plain_where_it_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    note("secrets: redacted")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "secrets: redacted\n")


def test_text_is_read_from_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Piped("naïve 好".encode()))
    assert read_piped_text() == "naïve 好"


def test_a_pipe_that_is_not_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Piped(b"abc\xff\xfe"))
    with pytest.raises(InvalidRequestError, match=r"not UTF-8 text \(byte 3\)"):
        read_piped_text()


def test_a_pipe_is_not_read_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Piped(b"x" * (STDIN_BYTES + 1)))
    with pytest.raises(InvalidRequestError, match="More than 4 MiB"):
        read_piped_text()


def test_a_closed_stdin_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert read_piped_text() is None
