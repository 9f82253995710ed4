"""SQLite files of their owner alone: private from the first byte, whole with several connections at once."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from prudent.owned_database import opened

ADD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("INSERT INTO t VALUES (?)", (sys.argv[2],))
print(*(row[0] for row in connection.execute("SELECT x FROM t ORDER BY rowid")))
connection.close()
"""


def _in_another_process(path: Path, value: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", ADD, str(path), value], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


def test_a_second_connection_takes_no_lock_from_the_first(tmp_path: Path) -> None:
    """POSIX drops all locks of a process on a file when it closes any descriptor of it.

    Another process that closes the file then takes itself for the last one and removes the log that the first
    connection goes on writing to (https://www.sqlite.org/howtocorrupt.html, section 2.2).
    """
    path = tmp_path / "kept.db"
    first = opened(path, busy_seconds=5)
    first.execute("PRAGMA journal_mode = WAL")
    first.execute("CREATE TABLE t (x TEXT)")
    second = opened(path, busy_seconds=5)
    assert _in_another_process(path, "other") == "other"
    first.execute("INSERT INTO t VALUES ('first')")
    assert _in_another_process(path, "again") == "other first again"
    assert [row for (row,) in second.execute("SELECT x FROM t ORDER BY rowid")] == ["other", "first", "again"]
    assert first.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    first.close()
    second.close()


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_new_file_is_its_owners_alone_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "kept.db"
    connection = opened(path, busy_seconds=5)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    connection.close()
    assert [one.name for one in path.parent.iterdir()] == ["kept.db"]


def test_a_file_that_is_there_is_opened_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "kept.db"
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE t (x TEXT)")
    connection = opened(path, busy_seconds=5)
    assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)
    connection.close()


def test_a_folder_in_its_place_is_an_error(tmp_path: Path) -> None:
    with pytest.raises((OSError, sqlite3.Error)):
        opened(tmp_path, busy_seconds=1)
