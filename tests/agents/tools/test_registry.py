"""The registry of built-in tools: names, options, and what is said of a wrong one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from prudent_agents.errors import ToolDefinitionError
from prudent_agents.tools import TOOLS, built_in
from prudent_agents.tools.confinement import lacking

NEEDS_MORE = ("knowledge.search",)
"""Tested where its folder of documents is."""


@pytest.mark.parametrize("name", [name for name in TOOLS if name not in NEEDS_MORE])
def test_every_tool_has_the_name_it_is_registered_by_and_a_schema(name: str, tmp_path: Path) -> None:
    if name == "python.run" and lacking():
        pytest.skip("this kernel confines no child")
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("CREATE TABLE t (x)")
    (tmp_path / "examples.csv").write_text("text,label\n")
    options: dict[str, dict[str, Any]] = {
        "http": {"hosts": ["example.com"]},
        "sql": {"database": tmp_path / "a.db"},
        "classifier": {"examples": tmp_path / "examples.csv"},
        **{group: {"root": tmp_path} for group in ("files", "vision", "audio")},
    }
    tool = built_in(name, **options.get(name.partition(".")[0], {}))
    assert tool.name == name
    assert tool.card.endswith(".")
    jsonschema.Draft202012Validator.check_schema(dict(tool.parameters))
    assert [key for key, schema in tool.properties.items() if not schema.get("description")] == []


def test_a_wrong_name_or_option_is_told_with_what_there_is() -> None:
    with pytest.raises(ToolDefinitionError, match=r"Do you mean files\.read\?"):
        built_in("files.raed")
    with pytest.raises(ToolDefinitionError, match="There are: calculator"):
        built_in("x")
    with pytest.raises(ToolDefinitionError, match=r"http\.get cannot be made.*hosts"):
        built_in("http.get")
    with pytest.raises(ToolDefinitionError, match="no folder"):
        built_in("files.read", root="no/such/folder")
