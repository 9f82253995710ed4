"""Files below one folder: what is read, listed and written, and that no path leads out."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent_agents.errors import ToolArgumentsError, ToolDefinitionError, ToolError
from prudent_agents.labels import Confidentiality
from prudent_agents.tool import Effect, Tool, ToolContext
from prudent_agents.tools.files import files_list, files_read, files_write


def call(tool: Tool, **arguments: Any) -> Any:
    return asyncio.run(tool.call(arguments, ToolContext()))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder `root` with files, and a secret beside it that links, dots and devices point to."""
    (tmp_path / "secret.txt").write_text("SECRET")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.txt").write_text("SECRET")
    root = tmp_path / "root"
    (root / "notes").mkdir(parents=True)
    (root / "notes" / "日记.txt").write_text("你好", encoding="utf-8")
    (root / "a.txt").write_text("first\n")
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    (root / "folder-link").symlink_to(tmp_path / "elsewhere")
    (root / "inside-link.txt").symlink_to(root / "a.txt")
    os.mkfifo(root / "pipe")
    return root


def test_text_is_read_below_the_root(root: Path) -> None:
    assert call(files_read(root), path="a.txt") == "first\n"
    assert call(files_read(root), path="notes/日记.txt") == "你好"
    assert call(files_read(root), path=str(root / "a.txt")) == "first\n"


def test_what_is_listed_is_named_with_kind_and_size(root: Path) -> None:
    assert call(files_list(root)) == {
        "entries": [
            {"name": "a.txt", "kind": "file", "bytes": 6},
            {"name": "notes", "kind": "folder", "bytes": None},
        ],
        "more": False,
    }
    assert [entry["name"] for entry in call(files_list(root), path="notes")["entries"]] == ["日记.txt"]


ESCAPES = (
    "../secret.txt",
    "notes/../../secret.txt",
    "link.txt",
    "folder-link/secret.txt",
    "inside-link.txt",
    "/etc/passwd",
    "pipe",
    "notes",
    "",
    ".",
    "no/such/file",
    "a.txt/b",
    "a\0b",
    "/".join(["x"] * 40),
)


@pytest.mark.parametrize("path", ESCAPES)
def test_no_path_reads_outside(root: Path, path: str) -> None:
    with pytest.raises(ToolArgumentsError) as caught:
        call(files_read(root), path=path)
    assert caught.value.param == "path"


@pytest.mark.parametrize("path", [*ESCAPES[:6], "pipe", "notes", "", "a\0b"])
def test_no_path_writes_outside(root: Path, path: str) -> None:
    before = {file: file.read_text() for file in (root.parent / "secret.txt", root / "a.txt")}
    with pytest.raises(ToolArgumentsError):
        call(files_write(root), path=path, text="changed", overwrite=True)
    assert {file: file.read_text() for file in before} == before


@pytest.mark.parametrize("path", ["..", "folder-link", "/", "a.txt", "nowhere"])
def test_no_path_lists_outside(root: Path, path: str) -> None:
    with pytest.raises(ToolArgumentsError):
        call(files_list(root), path=path)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.sampled_from(["..", ".", "notes", "folder-link", "", "a.txt", "~", "secret.txt"]), max_size=6)
)
def test_no_mixture_of_parts_reaches_the_secret(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str]
) -> None:
    outside = tmp_path_factory.getbasetemp() / "mixture"
    inside = outside / "root" / "notes"
    inside.mkdir(parents=True, exist_ok=True)
    (outside / "secret.txt").write_text("SECRET")
    if not (outside / "root" / "folder-link").is_symlink():
        (outside / "root" / "folder-link").symlink_to(outside)
    read = files_read(outside / "root")
    try:
        said = read.function("/".join(parts))
    except ToolError as error:
        said = str(error)
    assert "SECRET" not in said


def test_a_folder_swapped_for_a_link_while_a_path_is_walked_leads_nowhere(root: Path) -> None:
    """The path is walked by open descriptors: what was looked at is what is opened."""
    (root / "notes" / "secret.txt").write_text("mine")
    (root / "notes").rename(root / "old")
    (root / "notes").symlink_to(root.parent / "elsewhere")
    with pytest.raises(ToolArgumentsError):
        call(files_read(root), path="notes/secret.txt")


def test_a_file_is_written_whole_with_its_folders_and_says_so(root: Path) -> None:
    write = files_write(root)
    assert call(write, path="new/deep/b.txt", text="你好") == {
        "path": "new/deep/b.txt",
        "bytes": 6,
        "replaced": False,
    }
    assert (root / "new" / "deep" / "b.txt").read_text(encoding="utf-8") == "你好"
    assert [path.name for path in (root / "new" / "deep").iterdir()] == ["b.txt"], "nothing is left beside it"


def test_a_file_is_only_replaced_where_that_is_said(root: Path) -> None:
    write = files_write(root)
    with pytest.raises(ToolArgumentsError, match="already"):
        call(write, path="a.txt", text="second")
    assert (root / "a.txt").read_text() == "first\n"
    assert call(write, path="a.txt", text="second", overwrite=True)["replaced"] is True
    assert (root / "a.txt").read_text() == "second"


def test_sizes_are_bounded_and_bytes_that_are_no_text_are_told(root: Path) -> None:
    (root / "long.txt").write_text("x" * 101)
    (root / "image.png").write_bytes(b"\x89PNG\xff")
    with pytest.raises(ToolError, match="has 101 bytes; at most 100"):
        call(files_read(root, most_bytes=100), path="long.txt")
    with pytest.raises(ToolError, match=r"no UTF-8 text.*vision\.read"):
        call(files_read(root), path="image.png")
    with pytest.raises(ToolArgumentsError, match="at most 100"):
        call(files_write(root, most_bytes=100), path="c.txt", text="x" * 101)


def test_what_they_promise(root: Path) -> None:
    assert files_write(root).effect is Effect.WRITE
    assert files_write(root).retries == 0
    read = files_read(root)
    assert (read.effect, read.trusted, read.confidentiality) == (Effect.READ, False, Confidentiality.PRIVATE)
    with pytest.raises(ToolDefinitionError, match="no folder"):
        files_read(root / "nowhere")
