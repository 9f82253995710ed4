"""A file has one reason to exist and fits in the head: the budget is held here, not by good intentions."""

from __future__ import annotations

import ast
from pathlib import Path

FILE_LINES = 500
FUNCTION_LINES = 60


def test_no_file_is_over_five_hundred_lines(root: Path, all_trees: dict[str, ast.Module]) -> None:
    lengths = {name: len((root / name).read_text(encoding="utf-8").splitlines()) for name in all_trees}
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES} == {}


def test_no_function_is_over_sixty_lines(all_trees: dict[str, ast.Module]) -> None:
    lengths = {
        f"{name}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for name, tree in all_trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: lines for name, lines in lengths.items() if lines > FUNCTION_LINES} == {}
