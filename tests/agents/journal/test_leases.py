"""Who may run a run: one living process, and after its death at once another, whatever the clock says."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from prudent_agents.errors import JournalError, RunConflictError
from prudent_agents.events import RunStarted, StepDone, StepStarted
from prudent_agents.journal import SqliteJournal
from prudent_agents.values import Value

HOLDER = """
import sys, time
from prudent_agents.events import RunStarted, StepStarted
from prudent_agents.journal import SqliteJournal
journal = SqliteJournal(sys.argv[1])
journal.begin(RunStarted(run="r1", goal="g"))
journal.append("r1", [StepStarted(step="a")])
print("held", flush=True)
time.sleep(60)
"""


def test_a_killed_process_leaves_its_run_to_the_next_at_once(path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        journal = SqliteJournal(path)
        with pytest.raises(RunConflictError, match="is being run"):
            journal.take("r1")
        os.kill(holder.pid, signal.SIGSTOP)  # alive, if not well
        with pytest.raises(RunConflictError):
            journal.take("r1")
        holder.kill()
    assert [event.kind for event in journal.take("r1")] == ["run_started", "step_started"]
    journal.close()
    last = SqliteJournal(path)
    last.take("r1")
    assert len(list(path.with_name("agents.db-owners").iterdir())) == 1, "the dead one's lock is swept away"
    last.close()


def test_of_many_that_resume_at_once_one_does(path: Path) -> None:
    first = SqliteJournal(path)
    first.begin(RunStarted(run="r1", goal="g"))
    first.release("r1")
    start, taken, refused = threading.Barrier(6), [], []

    def take() -> None:
        journal = SqliteJournal(path)
        start.wait()
        try:
            journal.take("r1")
            taken.append(journal)
        except RunConflictError:
            refused.append(journal)

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(taken), len(refused)) == (1, 5)
    with pytest.raises(RunConflictError, match="another process"):
        refused[0].append("r1", [StepStarted(step="a")])
    taken[0].append("r1", [StepStarted(step="a")])


def test_a_jumping_clock_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    holder, other = SqliteJournal(path), SqliteJournal(path)
    holder.begin(RunStarted(run="r1", goal="g"))
    for now in (0.0, 4e9, 1.0):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        with pytest.raises(RunConflictError):
            other.take("r1")
        holder.append("r1", [StepDone(step="a", value=Value(data=now))])
        assert holder.prune() == 0
    assert [event.value.data for event in holder.events("r1")[1:]] == [0.0, 4e9, 1.0]  # type: ignore[union-attr]
    assert holder.verify()[0].ok


def test_a_closed_or_forgotten_journal_gives_its_runs_back(path: Path) -> None:
    journal = SqliteJournal(path)
    journal.begin(RunStarted(run="r1", goal="g"))
    other = SqliteJournal(path)
    journal.close()
    other.take("r1")
    del other
    SqliteJournal(path).take("r1")


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_neither_writes_nor_gives_up_the_lease(path: Path) -> None:
    journal = SqliteJournal(path)
    journal.begin(RunStarted(run="r1", goal="g"))
    child = os.fork()
    if child == 0:
        try:
            journal.append("r1", [StepStarted(step="a")])
        except JournalError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    with pytest.raises(RunConflictError):
        SqliteJournal(path).take("r1")


def test_a_childs_life_does_not_keep_a_dead_parents_lease(path: Path) -> None:
    code = HOLDER.replace("time.sleep(60)", "import os\nif os.fork() == 0: time.sleep(20)\nos._exit(0)")
    held = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.DEVNULL)
    held.wait()
    SqliteJournal(path).take("r1")
