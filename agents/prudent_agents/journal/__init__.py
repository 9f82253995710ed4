"""Runs that outlive their process: the journal on SQLite and its readers. Knows no loop and no tool."""

from __future__ import annotations

from prudent_agents.journal.approvals import Approval, ApprovalState
from prudent_agents.journal.chain import Verification
from prudent_agents.journal.retention import Retention
from prudent_agents.journal.sqlite_journal import RunSummary, SqliteJournal, journal_file

__all__ = [
    "Approval",
    "ApprovalState",
    "Retention",
    "RunSummary",
    "SqliteJournal",
    "Verification",
    "journal_file",
]
