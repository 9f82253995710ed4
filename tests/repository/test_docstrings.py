"""Every file says why it exists, and every public name what it gives."""

from __future__ import annotations

import ast
from collections.abc import Iterator

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
EXPLAINED_ELSEWHERE = {"overload", "override"}


def test_every_file_opens_with_a_docstring(all_trees: dict[str, ast.Module]) -> None:
    assert [name for name, tree in all_trees.items() if not ast.get_docstring(tree)] == []


def test_every_public_name_has_a_docstring(package_trees: dict[str, ast.Module]) -> None:
    missing = [
        f"{name}:{node.lineno} {node.name}"
        for name, tree in package_trees.items()
        for node in _public(tree)
        if not ast.get_docstring(node)
    ]
    assert missing == []


def _public(owner: ast.Module | ast.ClassDef) -> Iterator[Definition]:
    """Yield the public classes, functions and methods.

    A setter or override is explained by its partner, a property that a protocol declares by its class.
    """
    for node in owner.body:
        if not isinstance(node, Definition) or node.name.startswith("_"):
            continue
        if EXPLAINED_ELSEWHERE & {_last_name(decorator) for decorator in node.decorator_list}:
            continue
        if any(isinstance(d, ast.Attribute) and d.attr == "setter" for d in node.decorator_list):
            continue
        if "property" in map(_last_name, node.decorator_list) and ast.unparse(node.body[-1]) == "...":
            continue
        yield node
        if isinstance(node, ast.ClassDef):
            yield from _public(node)


def _last_name(decorator: ast.expr) -> str:
    return ast.unparse(decorator).split("(")[0].split(".")[-1]
