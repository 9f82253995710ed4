"""A journal in a folder of its own."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from prudent_agents.journal import SqliteJournal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal's file will be."""
    return tmp_path / "home" / "agents.db"


@pytest.fixture
def journal(path: Path) -> Generator[SqliteJournal]:
    """A journal with nothing in it."""
    journal = SqliteJournal(path)
    yield journal
    journal.close()
