"""How progress looks: bars on a terminal, a few plain lines elsewhere, always on stderr."""

from __future__ import annotations

import io
import re
import sys
import threading

import pytest

from prudent.cli.progress import amount, show_progress
from prudent.types.progress import Progress


def test_without_a_terminal_each_stage_is_two_lines(capsys):
    with show_progress() as tell:
        for done in (0, 40_000_000, 98_400_000):
            tell(Progress("fetch", "smol", done, 98_400_000, "bytes"))
        tell(Progress("compile", "smol", 1, 30))
        tell(Progress("compile", "smol", 30, 30))
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = re.sub(r"in [\d.]+ s", "in T s", captured.err).splitlines()
    assert lines == [
        "smol: fetching",
        "smol: fetching: done, 98.4/98.4 MB in T s",
        "smol: compiling",
        "smol: compiling: done, 30/30 in T s",
    ]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_each_stage_is_a_bar(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with show_progress() as tell:
        tell(Progress("wait", "smol", 0, 1))
        tell(Progress("fetch", "smol", 10_000_000, 98_400_000, "bytes"))
        tell(Progress("fetch", "smol", 98_400_000, 98_400_000, "bytes"))
    shown = terminal.getvalue()
    assert "smol: waiting for another process" in shown
    assert "98.4/98.4 MB" in shown


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (Progress("fetch", "x", 1_500_000, None, "bytes"), "1.5 MB"),
        (Progress("fetch", "x", 0, 2_000_000, "bytes"), "0.0/2.0 MB"),
        (Progress("measure", "x", 3, 7), "3/7"),
        (Progress("measure", "x", 3, None), "3"),
    ],
)
def test_an_amount_is_in_the_unit_of_the_event(event, text):
    assert amount(event) == text


def test_events_may_come_from_any_thread(capsys):
    with show_progress() as tell:
        threads = [
            threading.Thread(target=lambda i=i: [tell(Progress("load", str(i), n, 100)) for n in range(101)])
            for i in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 8
    assert sum("done" in line for line in lines) == 4
