"""What is written is what is read: of any events, across processes, versions and years."""

from __future__ import annotations

import sqlite3
import stat
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent_agents import events as kinds
from prudent_agents.errors import JournalError, RunConflictError, RunNotFoundError
from prudent_agents.events import Event, RunEnded, RunStarted, StepDone, TextDelta, ToolFinished, ToolIntended
from prudent_agents.journal import Retention, SqliteJournal
from prudent_agents.journal.large_values import INLINE, put_together, taken_apart
from prudent_agents.journal.upcasters import upcast
from prudent_agents.labels import UNTRUSTED
from prudent_agents.running.recording import MemoryJournal
from prudent_agents.tool import Effect
from prudent_agents.values import Value

STARTED = RunStarted(run="r1", goal="count the meters")
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""A folder that is not on a disk, where there is one: hundreds of small journals are made."""
TEXT = st.text(max_size=20) | st.sampled_from(["$blob", "$raw", "\ud800", "电表" * 2000, "x" * (INLINE + 1)])
KEYS = TEXT.filter(lambda key: "\ud800" not in key)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def done(data: Any, step: str = "read") -> StepDone:
    return StepDone(step=step, value=Value(data=data, label=UNTRUSTED))


@given(value=JSON)
@settings(deadline=None)
def test_any_value_comes_back_and_no_text_is_long(value: Any) -> None:
    text, blobs = taken_apart({"value": value})
    assert put_together(text, blobs.__getitem__) == {"value": value}
    assert len(text) <= INLINE + len('{"value":}')


@given(items=st.lists(st.lists(JSON, min_size=1, max_size=2), min_size=1, max_size=6), cut=st.integers(0, 6))
@settings(deadline=None, max_examples=25)
def test_a_process_that_ends_between_any_two_appends_has_lost_nothing(
    items: list[list[Any]], cut: int
) -> None:
    """The journal that another process opens afterwards gives the events that one in memory would."""
    memory = MemoryJournal()
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        first, second = SqliteJournal(Path(folder) / "a.db"), SqliteJournal(Path(folder) / "a.db")
        memory.begin(STARTED)
        first.begin(STARTED)
        for number, values in enumerate(items):
            if number == cut:
                first._owner._closing()  # type: ignore[union-attr]
                assert second.take("r1") == memory.events("r1")
                first, second = second, SqliteJournal(Path(folder) / "a.db")
            batch: list[Event] = [done(value) for value in values]
            first.append("r1", batch)
            memory.append("r1", batch)
        assert second.events("r1") == memory.events("r1")
        assert [one.ok for one in second.verify()] == [True]
        first.close()
        second.close()


def test_a_large_value_is_kept_once(journal: SqliteJournal) -> None:
    page = "page " * 200_000
    journal.begin(STARTED)
    for key in map(str, range(5)):
        finished = ToolFinished(step="read", tool="vision.read", key=key, value=Value(data={"text": page}))
        journal.append("r1", [finished, done([{"text": page}, {"text": page}])])
    assert journal.events("r1")[-1] == done([{"text": page}, {"text": page}]).model_copy(
        update={"at": journal.events("r1")[-1].at}
    )
    journal.close()
    assert journal.path.stat().st_size < 1.2 * len(page)


def test_ten_thousand_events_stay_small(journal: SqliteJournal) -> None:
    journal.begin(STARTED)
    for start in range(0, 10_000, 500):
        journal.append(
            "r1",
            [
                ToolFinished(step="a", tool="meter", key=f"{n:064}", value=Value(data={"kwh": n}))
                for n in range(start, start + 500)
            ],
        )
    assert len(journal.events("r1")) == 10_001
    journal.close()
    assert journal.path.stat().st_size < 8e6


def test_what_is_not_kept_is_not_in_it(journal: SqliteJournal) -> None:
    journal.begin(STARTED)
    journal.append("r1", [TextDelta(text="Hel"), done(1), TextDelta(text="lo")])
    assert [event.kind for event in journal.events("r1")] == ["run_started", "step_done"]


def test_events_that_cannot_be_written_are_none_of_them(journal: SqliteJournal) -> None:
    journal.begin(STARTED)
    with pytest.raises(JournalError, match="step_done event cannot be kept"):
        journal.append("r1", [done(1), done(object())])
    assert journal.events("r1") == [STARTED]


def test_unknown_and_doubled_runs(journal: SqliteJournal) -> None:
    journal.begin(STARTED)
    with pytest.raises(RunConflictError):
        journal.begin(STARTED)
    for call in (journal.events, journal.take, journal.verify, journal.find, journal.forget):
        with pytest.raises(RunNotFoundError, match="no run r2"):
            call("r2")
    with pytest.raises(RunNotFoundError, match="no run r2"):
        journal.append("r2", [done(1)])


def test_runs_are_listed_and_found_by_their_beginning(journal: SqliteJournal) -> None:
    for run in ("aa1", "aa2", "b"):
        journal.begin(RunStarted(run=run, goal="g" * 1000, agent="desk"))
    journal.append("aa1", [RunEnded(status="done")])
    journal.release("aa2")
    listed = {one.id: (one.state, one.held, len(one.goal)) for one in journal.runs()}
    assert listed == {
        "aa1": ("done", True, 200),
        "aa2": ("interrupted", False, 200),
        "b": ("running", True, 200),
    }
    assert journal.find("b").id == "b"
    with pytest.raises(RunNotFoundError, match="Several"):
        journal.find("aa")


def test_the_file_is_its_owners_alone(journal: SqliteJournal) -> None:
    journal.begin(STARTED)
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700


def test_old_runs_go_and_those_that_wait_stay(path: Path) -> None:
    journal = SqliteJournal(path)
    long_ago = 1_000_000.0
    for run in ("ended", "waits"):
        journal.begin(RunStarted(run=run, goal="g"))
        journal.append(run, [done("secret" * 2000), kinds.Paused(reason="an answer", at=long_ago)])
    journal.append("ended", [RunEnded(status="done", at=long_ago)])
    assert journal.prune(Retention(days=None, megabytes=None)) == 0
    assert journal.prune() == 1
    assert [one.id for one in journal.runs()] == ["waits"]
    assert journal.events("waits")[1].value.data == "secret" * 2000  # type: ignore[union-attr]
    journal.release("waits")
    journal.forget("waits")
    journal.close()
    assert b"secret" not in path.read_bytes()


def test_the_oldest_runs_go_when_there_is_too_much(path: Path) -> None:
    journal = SqliteJournal(path)
    for number in range(5):
        journal.begin(RunStarted(run=f"r{number}", goal="g"))
        journal.append(f"r{number}", [done(f"{number}" * 500_000), RunEnded(status="done")])
    journal.prune(Retention(megabytes=1.8))
    assert [one.id for one in journal.runs()] == ["r4", "r3", "r2"]
    journal.close()
    assert path.stat().st_size < 1.8e6


def test_events_of_older_versions_are_brought_up() -> None:
    """A form that an older prudent wrote: `name` became `tool` in version 2, `ms` became seconds in 3."""
    upcasters = {
        1: lambda event: {"tool": event.pop("name"), **event},
        2: lambda event: {"seconds": event.pop("ms") / 1000, **event},
    }
    old = {"kind": "tool_finished", "name": "meter", "ms": 250}
    assert upcast(old, 1, 3, upcasters) == {"kind": "tool_finished", "tool": "meter", "seconds": 0.25}
    with pytest.raises(JournalError, match="version 4; this prudent reads up to version 3"):
        upcast({}, 4, 3, upcasters)
    with pytest.raises(JournalError, match="version 2"):
        upcast({}, 2, 3, {})


def test_a_journal_of_a_newer_prudent_is_not_touched(journal: SqliteJournal) -> None:
    journal.begin(STARTED)
    journal.close()
    with sqlite3.connect(journal.path) as connection:
        connection.execute("PRAGMA user_version = 9")
    with pytest.raises(JournalError, match="version 9"):
        SqliteJournal(journal.path).events("r1")


def test_reads_do_not_wait_for_the_disk_and_writes_do(journal: SqliteJournal) -> None:
    """The pragma is the only trace of it that a test without a power failure can see."""
    journal.begin(STARTED)

    def synchronous(effect: Effect) -> list[int]:
        seen: list[int] = []
        intended = ToolIntended(step="a", tool="t", arguments={}, key=effect, effect=effect)
        for event in (intended, ToolFinished(step="a", tool="t", key=effect, value=Value())):
            journal.append("r1", [event])
            seen.append(journal._database._open().execute("PRAGMA synchronous").fetchone()[0])
        return seen

    assert synchronous(Effect.READ) == [1, 1]
    assert synchronous(Effect.IDEMPOTENT) == [2, 2]
    assert synchronous(Effect.WRITE) == [2, 2]
