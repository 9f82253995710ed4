"""A shop as a backend: a database behind SQL, and a folder of files. Knows no task."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from agent_tasks.sums import calculator, convert
from agent_tasks.task import World
from prudent_agents.errors import ToolError
from prudent_agents.function_tool import tool_of
from prudent_agents.tool import Effect

_TABLES = {
    "products": (
        "id INTEGER, name TEXT, category TEXT, price REAL, stock INTEGER",
        [
            (1, "desk", "office", 210.0, 5),
            (2, "chair", "office", 80.0, 12),
            (3, "lamp", "office", 25.0, 40),
            (4, "kettle", "kitchen", 35.0, 0),
            (5, "mug", "kitchen", 8.5, 150),
            (6, "teapot", "kitchen", 19.0, 7),
            (7, "rug", "home", 120.0, 3),
            (8, "candle", "home", 4.0, 90),
        ],
    ),
    "customers": (
        "id INTEGER, name TEXT, city TEXT",
        [
            (1, "Ana", "Lisbon"),
            (2, "Ben", "Berlin"),
            (3, "Chen", "Beijing"),
            (4, "Dina", "Lisbon"),
            (5, "Emil", "Oslo"),
        ],
    ),
    "orders": (
        "id INTEGER, customer TEXT, product TEXT, quantity INTEGER, day TEXT",
        [
            (1, "Ana", "mug", 6, "2026-03-02"),
            (2, "Ben", "desk", 1, "2026-03-03"),
            (3, "Dina", "mug", 12, "2026-03-05"),
            (4, "Ana", "lamp", 2, "2026-03-06"),
            (5, "Chen", "teapot", 1, "2026-03-07"),
        ],
    ),
}
_FILES = {
    "budget.txt": "Office furniture. The budget for this quarter is 1850 euros.",
    "delivery.txt": "Deliveries come every Tuesday at 7:45. The gate code is 4471.",
    "todo.txt": "Water the plants. Count the candles. Call Emil.",
}
MOST_ROWS = 50


def database(tables: dict[str, tuple[str, list[tuple[Any, ...]]]]) -> sqlite3.Connection:
    """Tables in memory, for several threads, that nobody can write to."""
    made = sqlite3.connect(":memory:", check_same_thread=False)
    for name, (columns, rows) in tables.items():
        made.execute(f'CREATE TABLE "{name}" ({columns})')
        made.executemany(f'INSERT INTO "{name}" VALUES ({",".join("?" * len(rows[0]))})', rows)
    made.commit()
    made.execute("PRAGMA query_only = ON")
    return made


def queried(connection: sqlite3.Connection, query: str) -> list[dict[str, Any]]:
    """The rows of a query. Raises ToolError."""
    try:
        cursor = connection.execute(query)
        names = [one[0] for one in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchmany(MOST_ROWS)]
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise ToolError(f"SQL error: {error}.") from error


def described(tables: Iterable[str]) -> str:
    """What the tool that asks the database says of itself."""
    return f"Ask the database with one SQLite SELECT query. Tables: {'; '.join(tables)}."


def shop() -> World:
    """A fresh shop."""
    connection = database(_TABLES)
    files = dict(_FILES)

    def sql(query: str) -> list[dict[str, Any]]:
        return queried(connection, query)

    names = {table: ", ".join(one.split()[0] for one in _TABLES[table][0].split(", ")) for table in _TABLES}
    card = described(f"{table}({columns})" for table, columns in names.items())
    sql.__doc__ = f"{card}\n\nArgs:\n    query: the SELECT query\n"

    def list_files() -> list[str]:
        """The names of the files in the folder."""
        return sorted(files)

    def read_file(name: str) -> str:
        """The text of a file in the folder.

        Args:
            name: name of the file
        """
        if name not in files:
            raise ToolError(f"There is no file {name}; there are {', '.join(sorted(files))}.")
        return files[name]

    def write_file(name: str, text: str) -> str:
        """Write a text to a file in the folder.

        Args:
            name: name of the file
            text: the whole text
        """
        files[name] = text
        return f"{name} is written."

    reads = [tool_of(one) for one in (sql, list_files, read_file, calculator, convert)]
    return World([*reads, tool_of(write_file, effect=Effect.WRITE)], {"files": files})
