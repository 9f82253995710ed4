"""A disk that is full, a file that is damaged or locked away: said in words, and nothing half written."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from prudent_agents.errors import JournalError
from prudent_agents.events import RunStarted, StepDone
from prudent_agents.journal import SqliteJournal
from prudent_agents.values import Value

FULL = """
import resource, sys
from prudent_agents.errors import JournalError
from prudent_agents.events import RunStarted, StepDone
from prudent_agents.journal import SqliteJournal
from prudent_agents.values import Value
path, limit = sys.argv[1], int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
journal = SqliteJournal(path)
try:
    journal.begin(RunStarted(run="r1", goal="g"))
    for number in range(10_000):
        journal.append("r1", [StepDone(step="a", value=Value(data=number))] * 2)
        print(number, flush=True)
except JournalError as error:
    print(error, file=sys.stderr)
    sys.exit(3)
"""


def written(journal: SqliteJournal) -> list[object]:
    return [event.value.data for event in journal.events("r1")[1:]]  # type: ignore[union-attr]


@pytest.mark.parametrize("kilobytes", [300, 333])
def test_a_full_disk_is_said_and_what_was_kept_stays(path: Path, kilobytes: int) -> None:
    """No file of the process may grow beyond a size, so that writing fails where it stands."""
    command = [sys.executable, "-c", FULL, str(path), str(kilobytes << 10)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert "cannot be written" in done.stderr
    assert "Free disk space, then resume the run" in done.stderr
    acknowledged = [int(number) for number in done.stdout.split()]
    assert acknowledged
    journal = SqliteJournal(path)
    assert [one.ok for one in journal.verify()] == [True]
    kept = written(journal)
    assert kept[::2] == kept[1::2], "an append is kept whole or not at all"
    assert kept[::2] == acknowledged
    journal.take("r1")
    journal.append("r1", [StepDone(step="a", value=Value(data="there is room again"))])
    assert written(journal)[-1] == "there is room again"


def test_a_full_disk_is_survived_by_the_same_process(journal: SqliteJournal) -> None:
    journal.begin(RunStarted(run="r1", goal="g"))
    connection = journal._database._open()
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(JournalError, match="is full"):
        journal.append("r1", [StepDone(step="a", value=Value(data="x" * 100_000))])
    assert written(journal) == []
    journal.append("r1", [StepDone(step="a", value=Value(data=1))])
    assert written(journal) == [1]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(JournalError, match="Permission denied"):
        SqliteJournal(tmp_path / "a.db").begin(RunStarted(run="r1", goal="g"))


def test_a_path_that_is_a_folder(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be"):
        SqliteJournal(tmp_path).events("r1")


def test_a_file_that_is_something_else_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("the shopping list " * 100)
    with pytest.raises(JournalError, match="not a database") as caught:
        SqliteJournal(path).begin(RunStarted(run="r1", goal="g"))
    assert "move it away" in str(caught.value)
    assert path.read_text().startswith("the shopping list")


def damaged(path: Path, statement: str) -> SqliteJournal:
    journal = SqliteJournal(path)
    journal.begin(RunStarted(run="r1", goal="g"))
    for number in range(5):
        journal.append("r1", [StepDone(step="a", value=Value(data=str(number) * 9000))])
    journal.begin(RunStarted(run="r2", goal="g"))
    journal.close()
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()
    return SqliteJournal(path)


@pytest.mark.parametrize(
    ("statement", "seq", "problem"),
    [
        (
            "UPDATE events SET body = replace(body, '\"a\"', '\"b\"') WHERE run = 'r1' AND seq = 3",
            3,
            "changed",
        ),
        ("UPDATE events SET at = at + 1 WHERE run = 'r1' AND seq = 2", 2, "changed"),
        ("DELETE FROM events WHERE run = 'r1' AND seq = 3", 4, "removed"),
        ("DELETE FROM events WHERE run = 'r1' AND seq = 6", 6, "at the end are missing"),
        ("DELETE FROM blobs WHERE rowid = 4", 5, "missing or was changed"),
        ("UPDATE blobs SET data = replace(data, '2', '9') WHERE rowid = 3", 4, "missing or was changed"),
    ],
)
def test_changes_behind_its_back_are_found(path: Path, statement: str, seq: int, problem: str) -> None:
    journal = damaged(path, statement)
    first, second = journal.verify()
    assert (first.ok, first.seq, second.ok) == (False, seq, True)
    assert problem in str(first.problem)
    for read in (journal.events, journal.take):
        with pytest.raises(JournalError, match="damaged"):
            read("r1")
    assert len(journal.events("r2")) == 1


def test_bytes_that_rot_are_found(path: Path) -> None:
    damaged(path, "SELECT 1").close()
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 4096] = bytes(range(256)) * 16
    path.write_bytes(data)
    with pytest.raises(JournalError, match=r"damaged|malformed"):
        assert all(one.ok for one in SqliteJournal(path).verify()), "damaged"
