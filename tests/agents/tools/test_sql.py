"""SQL tools: what a question may read, that it can change nothing, and that a change is one and counted."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from prudent_agents.errors import ToolArgumentsError, ToolDefinitionError, ToolError
from prudent_agents.tool import Effect, Tool, ToolContext
from prudent_agents.tools.sql import sql_execute, sql_query


def call(tool: Tool, key: str = "k", **arguments: Any) -> Any:
    return asyncio.run(tool.call(arguments, ToolContext(idempotency_key=key)))


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Customers and their orders."""
    path = tmp_path / "shop & more?.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("""
            CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT);
            CREATE TABLE orders
                (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers(id), total REAL);
            INSERT INTO customers VALUES (1, 'Ada'), (2, '小明');
            INSERT INTO orders VALUES (1, 1, 9.5), (2, 1, 20), (3, 2, 5);
        """)
    return path


def test_rows_come_as_records_and_the_card_shows_the_schema(database: Path) -> None:
    tool = sql_query(database)
    assert "customers(id INTEGER, name TEXT)" in tool.card
    assert "orders(id INTEGER, customer INTEGER, total REAL, customer -> customers.id)" in tool.card
    answer = call(
        tool,
        query="SELECT name, SUM(total) AS spent FROM orders JOIN customers ON customer = customers.id "
        "GROUP BY name HAVING spent > :least ORDER BY spent DESC",
        parameters={"least": 1},
    )
    assert answer == {
        "columns": ["name", "spent"],
        "rows": [{"name": "Ada", "spent": 29.5}, {"name": "小明", "spent": 5.0}],
        "more": False,
    }


def test_a_parameter_is_a_value_whatever_stands_in_it(database: Path) -> None:
    evil = "x' OR 1=1; DROP TABLE orders; --"
    answer = call(
        sql_query(database), query="SELECT * FROM customers WHERE name = :name", parameters={"name": evil}
    )
    assert answer["rows"] == []


def test_rows_are_bounded_names_distinct_and_values_json(database: Path) -> None:
    answer = call(sql_query(database, most_rows=2), query="SELECT id, id, x'0011', 9e999 FROM orders")
    assert answer["more"] is True
    assert answer["rows"][0] == {"id": 1, "id_2": 1, "x'0011'": "2 bytes", "9e999": "inf"}
    assert len(answer["rows"]) == 2


WRITES = (
    "INSERT INTO customers VALUES (3, 'Eve')",
    "UPDATE orders SET total = 0",
    "DELETE FROM orders",
    "DROP TABLE orders",
    "CREATE TABLE evil (x)",
    "CREATE TEMP TABLE evil (x)",
    "CREATE TEMP TRIGGER t AFTER INSERT ON orders BEGIN DELETE FROM orders; END",
    "ALTER TABLE orders ADD COLUMN x",
    "REPLACE INTO customers VALUES (1, 'Eve')",
    "WITH x AS (SELECT 1) DELETE FROM orders",
    "INSERT INTO customers SELECT 9, 'x' RETURNING id",
    "PRAGMA writable_schema = ON",
    "PRAGMA query_only = OFF",
    "PRAGMA journal_mode = DELETE",
    "SELECT * FROM pragma_query_only; DELETE FROM orders",
    "ATTACH DATABASE 'evil.db' AS evil",
    "VACUUM",
    "VACUUM INTO 'copy.db'",
    "REINDEX",
    "ANALYZE",
    "BEGIN IMMEDIATE",
    "SAVEPOINT s",
    "DETACH DATABASE main",
    "SELECT load_extension('evil')",
    "SELECT 1; DELETE FROM orders",
    "CREATE VIRTUAL TABLE evil USING fts5(x)",
    "EXPLAIN DELETE FROM orders",
)


@pytest.mark.parametrize("statement", WRITES)
def test_a_question_changes_nothing(database: Path, statement: str) -> None:
    before = hashlib.sha256(database.read_bytes()).digest()
    with pytest.raises(ToolArgumentsError):
        call(sql_query(database), query=statement)
    assert hashlib.sha256(database.read_bytes()).digest() == before
    assert [path.name for path in database.parent.iterdir()] == [database.name]


@pytest.mark.parametrize(
    "query",
    [
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0",
        "SELECT length(zeroblob(2000000000))",
        "SELECT replace(hex(zeroblob(400000)), '0', 'aaaaaaaa')",
        "SELECT " + "(" * 500 + "1" + ")" * 500,
        "SELECT 'a' LIKE '" + "%a" * 500 + "'",
        "SELECT 1 " + "UNION SELECT 1 " * 100,
        "SELECT '" + "x" * 30_000 + "'",
    ],
)
def test_questions_that_would_take_time_or_memory_end(database: Path, query: str) -> None:
    begun = time.monotonic()
    with pytest.raises(ToolError):
        call(sql_query(database, seconds=0.3), query=query)
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT nmae FROM customers", "no such column: nmae"),
        ("SELEC 1", "syntax error"),
        ("", "no rows"),
        ("SELECT :missing", "missing"),
        ("DELETE FROM orders", r"not allowed here.*sql\.query takes one SELECT"),
    ],
)
def test_mistakes_are_told_as_sqlite_tells_them(database: Path, query: str, said: str) -> None:
    with pytest.raises(ToolArgumentsError, match=said):
        call(sql_query(database), query=query)


def test_a_change_is_made_counted_and_bounded(database: Path) -> None:
    tool = sql_execute(database, most_changes=2)
    assert tool.effect is Effect.WRITE
    assert call(tool, statement="UPDATE orders SET total = :t WHERE id = 1", parameters={"t": 1}) == {
        "rows": 1
    }
    with pytest.raises(ToolArgumentsError, match=r"would change 3 rows.*Nothing was"):
        call(tool, statement="DELETE FROM orders")
    totals = call(sql_query(database), query="SELECT total FROM orders ORDER BY id")["rows"]
    assert [row["total"] for row in totals] == [1.0, 20.0, 5.0]
    for statement in (
        "SELECT 1",
        "DROP TABLE orders",
        "PRAGMA writable_schema = ON",
        "ATTACH 'x' AS x",
        "COMMIT",
    ):
        with pytest.raises(ToolArgumentsError):
            call(tool, statement=statement)


def test_with_receipts_a_call_is_done_once_and_known_to_be(database: Path) -> None:
    tool = sql_execute(database, receipts=True)
    assert tool.verify is not None
    assert tool.verify("run-1") is False
    for _ in range(2):
        assert call(tool, "run-1", statement="INSERT INTO customers VALUES (3, 'Eve')") == {"rows": 1}
    assert tool.verify("run-1") is True
    with pytest.raises(ToolArgumentsError):
        call(tool, "run-2", statement="DELETE FROM prudent_calls")
    assert "prudent_calls" not in sql_execute(database).card


def test_what_is_no_database_is_refused_when_the_tool_is_made(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("This is no database, but it is long enough to look like one." * 20)
    for name, said in (("none.db", "no database"), ("text.db", "no SQLite database")):
        with pytest.raises(ToolDefinitionError, match=said):
            sql_query(tmp_path / name)
    assert not (tmp_path / "none.db").exists()
