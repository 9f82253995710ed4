"""Tables below a folder: what is read is what was written, and no cell is a formula."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent_agents.errors import ToolError
from prudent_agents.tool import ToolContext
from prudent_agents.tools.table import table_read, table_write

CELL = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12).map(str.strip)


def read(folder: Path, path: str = "t.csv") -> Any:
    return asyncio.run(table_read(folder).call({"path": path}, ToolContext()))


def write(folder: Path, rows: list[dict[str, Any]]) -> Any:
    arguments = {"path": "t.csv", "rows": rows, "overwrite": True}
    return asyncio.run(table_write(folder).call(arguments, ToolContext()))


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5))
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    """But for rows without anything, and the apostrophe before what a spreadsheet would run."""
    folder = tmp_path_factory.mktemp("t")
    write(folder, [{"a": one, "b": other} for one, other in rows])
    found = read(folder)
    kept = [pair for pair in rows if any(pair)]
    assert found["columns"] == ["a", "b"]
    assert [(row["a"].lstrip("'"), row["b"].lstrip("'")) for row in found["rows"]] == [
        (one.lstrip("'"), other.lstrip("'")) for one, other in kept
    ]


def test_a_cell_is_no_formula(tmp_path: Path) -> None:
    write(tmp_path, [{"x": '=HYPERLINK("http://evil")', "y": -3, "z": "-3.5"}])
    assert (tmp_path / "t.csv").read_text() == 'x,y,z\n"\'=HYPERLINK(""http://evil"")",-3,-3.5\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no rows"),
        ("a,a\n1,2\n", "without a name of its own"),
        ("a,b\n1,2,3\n", "Row 2"),
        ('a,b\n"1,2\n', "is no table"),
    ],
)
def test_what_is_no_table_is_said(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(ToolError, match=words):
        read(tmp_path)


@pytest.mark.parametrize("text", ["a;b\n1,5;2\n", "a\tb\n1,5\t2\n", 'a,b\n"1,5",2\n', "\ufeffa|b\n1,5|2"])
def test_any_usual_delimiter(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    assert read(tmp_path)["rows"] == [{"a": "1,5", "b": "2"}]
