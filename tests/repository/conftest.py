"""What the tests about the repository itself share: its root, its files, and a fresh interpreter."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("sdk/prudent", "agents/prudent_agents", "responsible_ai/prudent_responsible_ai")


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder that holds pyproject.toml."""
    return ROOT


@pytest.fixture(scope="session")
def package_trees() -> dict[str, ast.Module]:
    """Every source file of the three packages, parsed; the key is its path below the root."""
    return {str(path.relative_to(ROOT)): _parse(path) for name in PACKAGES for path in _python(ROOT / name)}


@pytest.fixture(scope="session")
def all_trees(package_trees: dict[str, ast.Module]) -> dict[str, ast.Module]:
    """The packages, the tests, the examples and the benchmarks, parsed."""
    rest = [path for name in ("tests", "examples", "benchmarks") for path in _python(ROOT / name)]
    return package_trees | {str(path.relative_to(ROOT)): _parse(path) for path in rest}


@pytest.fixture(scope="session")
def python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a fresh interpreter, and fail with its output where it fails."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return done

    return run


def _python(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
