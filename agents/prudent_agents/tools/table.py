"""Reading and writing tables (CSV, TSV) below one folder, as tools. Knows no file but through rooted.py."""

from __future__ import annotations

import csv
import io
import os
from typing import Any

from pydantic import BaseModel

from prudent.types.content import Source
from prudent_agents.errors import ToolArgumentsError, ToolError
from prudent_agents.function_tool import tool_of
from prudent_agents.labels import Confidentiality
from prudent_agents.tool import Effect, Tool
from prudent_agents.tools.rooted import Root

MOST_BYTES = 4 << 20
MOST_ROWS = 5_000
MOST_COLUMNS = 200
_DELIMITERS = (",", ";", "\t", "|")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula at the beginning of a cell (OWASP, CSV injection)."""


class Table(BaseModel):
    """A table: a record a row, texts by the names of columns."""

    columns: list[str]
    rows: list[dict[str, str]]


class WrittenTable(BaseModel):
    """What was written."""

    path: str
    rows: int
    columns: list[str]


def table_read(
    root: str | os.PathLike[str] = ".", *, confidentiality: Confidentiality = Confidentiality.PRIVATE
) -> Tool:
    """The tool `table.read`: the rows of a CSV or TSV file with a header below `root`, untrusted.

    Raises:
        ToolDefinitionError: there is no such folder.
    """
    below = Root(root)

    def read(path: str) -> Table:
        """Read a table from a CSV or TSV file.

        path: where it is, as data/customers.csv
        """
        try:
            text = below.read(path, MOST_BYTES).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ToolError(f"'{path}' is no UTF-8 text.", hint="Save it as CSV in UTF-8.") from error
        return _table(path, csv.reader(io.StringIO(text), delimiter=_delimiter(text), strict=True))

    return tool_of(
        read,
        name="table.read",
        effect=Effect.READ,
        source=Source.DOCUMENT,
        confidentiality=confidentiality,
    )


def _delimiter(text: str) -> str:
    """Of the usual ones that which the header has most of; a comma where it has none."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    return max(_DELIMITERS, key=header.count)


def _table(path: str, lines: Any) -> Table:
    try:
        listed = [[cell.strip() for cell in row] for row in lines if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ToolError(f"'{path}' is no table: {error}.", hint="Save it as CSV with a header.") from error
    if not listed:
        raise ToolError(f"'{path}' has no rows.", hint="The first row names the columns.")
    columns, rows = listed[0], listed[1:]
    if len(set(columns)) < len(columns) or not all(columns):
        raise ToolError(f"'{path}' has a column without a name of its own.", hint="Name every column once.")
    if len(rows) > MOST_ROWS or len(columns) > MOST_COLUMNS:
        raise ToolError(f"'{path}' is larger than {MOST_ROWS:,} rows or {MOST_COLUMNS} columns.")
    for number, row in enumerate(rows, 2):
        if len(row) > len(columns):
            raise ToolError(f"Row {number} of '{path}' has {len(row)} cells for {len(columns)} columns.")
    filled = [row + [""] * (len(columns) - len(row)) for row in rows]
    return Table(columns=columns, rows=[dict(zip(columns, row, strict=True)) for row in filled])


def table_write(root: str | os.PathLike[str] = ".") -> Tool:
    """The tool `table.write`: rows as CSV into a file below `root`, whole or not at all. It is a write.

    A cell that a spreadsheet would take for a formula gets an apostrophe before it.

    Raises:
        ToolDefinitionError: there is no such folder.
    """
    below = Root(root)

    def write(path: str, rows: list[dict[str, Any]], overwrite: bool = False) -> WrittenTable:
        """Write a table to a CSV file.

        path: where to, as data/clean.csv
        rows: a record a row, by the names of columns
        overwrite: whether a file that is there already may be replaced
        """
        columns = list(dict.fromkeys(name for row in rows for name in row))
        if not columns or len(rows) > MOST_ROWS or len(columns) > MOST_COLUMNS:
            raise ToolArgumentsError(
                f"A table has 1 to {MOST_ROWS:,} rows and {MOST_COLUMNS} columns.", param="rows"
            )
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([_cell(name) for name in columns])
        writer.writerows([[_cell(row.get(name)) for name in columns] for row in rows])
        below.write(path, text.getvalue().encode("utf-8", "replace"), overwrite=overwrite)
        return WrittenTable(path=path, rows=len(rows), columns=columns)

    return tool_of(write, name="table.write", effect=Effect.WRITE, retries=0, trusted=True)


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA) and not _is_number(value):
        return f"'{value}"
    return "" if value is None else value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
