"""SQL on a SQLite file, as tools: questions that can change nothing, and single changes. Knows no schema.

A question is held in three ways: the file is opened for reading only, an authorizer refuses every statement
but SELECT and every function that reaches out, and a progress handler ends what takes too long.
"""

from __future__ import annotations

import math
import os
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from prudent_agents.errors import ToolArgumentsError, ToolDefinitionError, ToolError
from prudent_agents.function_tool import tool_of
from prudent_agents.labels import Confidentiality
from prudent_agents.tool import Effect, Tool, ToolContext

MOST_ROWS = 200
MOST_CHANGES = 1_000
SECONDS = 5.0

_CARD: Final = 2_000
_CHECK_EVERY: Final = 10_000
"""Steps of SQLite's virtual machine between two looks at the clock: well under a millisecond."""
_LIMITS: Final = {
    sqlite3.SQLITE_LIMIT_LENGTH: 1 << 20,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 20_000,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 20,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 200,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_READING: Final = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
_CHANGING: Final = _READING | {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}
_FORBIDDEN: Final = frozenset({"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"})
_RECEIPTS: Final = "prudent_calls"

Scalar = str | int | float | bool | None


class Rows(BaseModel):
    """What a question gave, a record a row; `more` where there are more rows than are given."""

    columns: list[str]
    rows: list[dict[str, Any]]
    more: bool = False


class Changed(BaseModel):
    """How many rows a change touched."""

    rows: int


def sql_query(
    database: str | os.PathLike[str],
    *,
    most_rows: int = MOST_ROWS,
    seconds: float = SECONDS,
    confidentiality: Confidentiality = Confidentiality.PRIVATE,
) -> Tool:
    """The tool `sql.query`: one SELECT on a SQLite file. Its card shows the tables and their columns.

    Raises:
        ToolDefinitionError: there is no such file, or it is no SQLite database.
    """
    path = Path(database).expanduser().resolve()

    def query(query: str, parameters: dict[str, Scalar] | None = None) -> Rows:
        """Ask.

        query: one SELECT; :name stands for a parameter
        parameters: the values of :names in the query
        """
        with closing(_connection(path, "ro", seconds)) as connection:
            connection.set_authorizer(_allowing(_READING))
            with closing(_executed(connection, query, parameters, seconds)) as cursor:
                if cursor.description is None:
                    raise ToolArgumentsError("The query gives no rows: write a SELECT.", param="query")
                try:
                    rows = cursor.fetchmany(most_rows + 1)
                except sqlite3.Error as error:
                    raise _told(error, seconds) from error
                columns = _distinct([str(column[0]) for column in cursor.description])
        records = [dict(zip(columns, map(_plain, row), strict=True)) for row in rows[:most_rows]]
        return Rows(columns=columns, rows=records, more=len(rows) > most_rows)

    return tool_of(
        query,
        name="sql.query",
        card=f"Ask the SQLite database {path.name} with one SELECT. {_schema(path)}",
        effect=Effect.READ,
        confidentiality=confidentiality,
        timeout=seconds + 1,
    )


def sql_execute(
    database: str | os.PathLike[str],
    *,
    most_changes: int = MOST_CHANGES,
    seconds: float = SECONDS,
    receipts: bool = False,
) -> Tool:
    """The tool `sql.execute`: one INSERT, UPDATE or DELETE, undone where it touches too many rows. A write.

    With `receipts` the call's idempotency key is kept in the table `prudent_calls` of the same database, in
    the same transaction: the same call changes nothing a second time, and after a crash it is known whether
    it was done.

    Raises:
        ToolDefinitionError: there is no such file, or it is no SQLite database.
    """
    path = Path(database).expanduser().resolve()

    def execute(statement: str, context: ToolContext, parameters: dict[str, Scalar] | None = None) -> Changed:
        """Change.

        statement: one INSERT, UPDATE or DELETE; :name stands for a parameter
        parameters: the values of :names in the statement
        """
        key = context.idempotency_key if receipts else ""
        with closing(_connection(path, "rw", seconds)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
                if key and (before := _receipt(connection, key)) is not None:
                    return Changed(rows=before)
                changed = _change(connection, statement, parameters, seconds, most_changes)
                if key:
                    connection.execute(f"INSERT INTO {_RECEIPTS} VALUES (?, ?)", (key, changed))  # noqa: S608
            except sqlite3.Error as error:
                raise ToolError(f"SQLite says: {error}. Nothing was changed.") from error
            connection.execute("COMMIT")
            return Changed(rows=changed)

    def done(key: str) -> bool:
        with closing(_connection(path, "rw", seconds)) as connection:
            return _receipt(connection, key) is not None

    return tool_of(
        execute,
        name="sql.execute",
        card=f"Change the SQLite database {path.name} with one INSERT, UPDATE or DELETE. {_schema(path)}",
        effect=Effect.WRITE,
        retries=0,
        timeout=seconds + 1,
        trusted=True,
        verify=done if receipts else None,
    )


def _change(
    connection: sqlite3.Connection,
    statement: str,
    parameters: Mapping[str, Scalar] | None,
    seconds: float,
    most: int,
) -> int:
    """Make the change and say how many rows it touched; the transaction stays open."""
    connection.set_authorizer(_allowing(_CHANGING))
    with closing(_executed(connection, statement, parameters, seconds, "statement")) as cursor:
        changed = cursor.rowcount
    connection.set_authorizer(None)
    if changed < 0:
        raise ToolArgumentsError("The statement changes nothing: see sql.query.", param="statement")
    if changed > most:
        raise ToolArgumentsError(
            f"It would change {changed:,} rows, and at most {most:,} may be changed. Nothing was.",
            hint="Add a WHERE.",
            param="statement",
        )
    return changed


def _connection(path: Path, mode: str, seconds: float) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(
            f"{path.as_uri()}?mode={mode}", uri=True, timeout=seconds, isolation_level=None
        )
        connection.execute("PRAGMA trusted_schema = OFF")
        if mode == "ro":
            connection.execute("PRAGMA query_only = ON")
    except sqlite3.Error as error:
        raise ToolError(f"The database {path.name} cannot be opened: {error}.") from error
    for limit, most in _LIMITS.items():
        connection.setlimit(limit, most)
    return connection


def _allowing(actions: frozenset[int]) -> Any:
    """An authorizer for these kinds of actions; it is asked for every part of a statement."""

    def decide(action: int, first: str | None, second: str | None, *_: object) -> int:
        if action not in actions:
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _FORBIDDEN:
            return sqlite3.SQLITE_DENY
        if action not in _READING and (first or "").lower().startswith(("sqlite_", _RECEIPTS)):
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    return decide


def _executed(
    connection: sqlite3.Connection,
    query: str,
    parameters: Mapping[str, Scalar] | None,
    seconds: float,
    param: str = "query",
) -> sqlite3.Cursor:
    ends = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > ends, _CHECK_EVERY)
    try:
        return connection.execute(query, dict(parameters or {}))
    except (sqlite3.Error, ValueError, OverflowError) as error:
        raise _told(error, seconds, param) from error


def _told(error: Exception, seconds: float, param: str = "query") -> ToolError:
    """SQLite's message with what to do."""
    said = str(error)
    if "not authorized" in said or "prohibited" in said or "readonly" in said:
        return ToolArgumentsError(
            f"That is not allowed here: {said}.",
            hint="sql.query takes one SELECT; sql.execute one INSERT, UPDATE or DELETE.",
            param=param,
        )
    if said == "interrupted":
        return ToolError(f"The query took longer than {seconds:g} s.", hint="Ask for less, or add a WHERE.")
    return ToolArgumentsError(f"SQLite says: {said}.", param=param)


def _receipt(connection: sqlite3.Connection, key: str) -> int | None:
    """How many rows the call with this key changed, or None where it was never done."""
    connection.execute(f"CREATE TABLE IF NOT EXISTS {_RECEIPTS} (key TEXT PRIMARY KEY, rows INTEGER)")
    found = connection.execute(f"SELECT rows FROM {_RECEIPTS} WHERE key = ?", (key,)).fetchone()  # noqa: S608
    return None if found is None else int(found[0])


def _schema(path: Path) -> str:
    """Tables with their columns and where they lead, in one line."""
    if not path.is_file():
        raise ToolDefinitionError(f"There is no database {path}.", param="database")
    tables: list[str] = []
    try:
        with closing(_connection(path, "ro", SECONDS)) as connection:
            found = connection.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' "
                "AND name != ? ORDER BY name",
                (_RECEIPTS,),
            )
            for (name,) in found.fetchall():
                columns = connection.execute("SELECT name, type FROM pragma_table_info(?)", (name,))
                keys = connection.execute(
                    'SELECT "from", "table", "to" FROM pragma_foreign_key_list(?)', (name,)
                )
                parts = [" ".join(filter(None, column)) for column in columns]
                parts += [f"{own} -> {table}.{other or own}" for own, table, other in keys]
                tables.append(f"{name}({', '.join(parts)})")
    except sqlite3.Error as error:
        raise ToolDefinitionError(f"{path.name} is no SQLite database: {error}.", param="database") from error
    line = " ".join(f"Tables: {'; '.join(tables) or 'none'}.".split())
    return line if len(line) <= _CARD else f"{line[:_CARD]}…"


def _distinct(names: list[str]) -> list[str]:
    """Column names, those that repeat with a number."""
    seen: dict[str, int] = {}
    for index, name in enumerate(names):
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            names[index] = f"{name}_{seen[name]}"
    return names


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
