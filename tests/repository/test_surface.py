"""The public names are one list, and the list is true."""

from __future__ import annotations

import ast
from collections.abc import Callable

import prudent


def test_all_names_what_the_package_offers(package_trees: dict[str, ast.Module]) -> None:
    """What a type checker sees (imports in the file), what runs (`dir`), and `__all__` are the same names."""
    tree = package_trees["sdk/prudent/__init__.py"]
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("prudent.") and node in _top(tree)
        for alias in node.names
    }
    assert set(prudent.__all__) == imported
    assert dir(prudent) == sorted(prudent.__all__)


def test_every_name_can_be_imported() -> None:
    assert [name for name in prudent.__all__ if getattr(prudent, name, None) is None] == []


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(prudent, "Cleint")


def test_star_import_works(python: Callable[..., object]) -> None:
    python("-c", "from prudent import *; Client, AsyncClient, PrudentError")


def _top(tree: ast.Module) -> list[ast.stmt]:
    """The statements of a module, those under `if TYPE_CHECKING` included."""
    return [*tree.body, *(node for block in tree.body if isinstance(block, ast.If) for node in block.body)]
