"""The layout: what lies where, who may import whom, and what must never be in a tracked file."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import prudent

SOURCE_ROOTS = ("sdk", "agents", "responsible_ai", "examples")
MACHINE_PATHS = re.compile(r"/(?:work|root|home/\w+)/[\w.]|/tmp/[a-z]\w*/|/Users/\w")
"""Folders that exist on one machine only. Placeholders such as `/home/you/` would be found as well."""


def test_the_source_roots_are_no_packages(root: Path) -> None:
    """A package called `agents` would shadow the one of OpenAI's Agents SDK."""
    assert [name for name in SOURCE_ROOTS if (root / name / "__init__.py").exists()] == []


def test_nothing_is_called_utils(root: Path) -> None:
    names = ("utils.py", "util.py", "helpers.py", "common.py", "misc.py")
    assert [path for source in SOURCE_ROOTS for name in names for path in (root / source).rglob(name)] == []


def test_the_layers_hold() -> None:
    """import-linter's contracts of pyproject.toml."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-cache"], capture_output=True, text=True, timeout=120, check=False, cwd=_root()
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_tracked_file_names_a_place_on_one_machine(root: Path) -> None:
    found: list[str] = []
    for path in _tracked_files(root):
        text = path.read_bytes().decode("utf-8", errors="ignore")
        found += [f"{path.relative_to(root)}: {match[0]}" for match in MACHINE_PATHS.finditer(text)]
    assert found == []


def test_the_changelog_tells_of_this_version(root: Path) -> None:
    assert f"## {prudent.__version__}" in (root / "CHANGELOG.md").read_text(encoding="utf-8")


def test_hooks_run_from_this_machine_only(root: Path) -> None:
    """A hook from a repository elsewhere would be code that nobody here has read."""
    import yaml

    hooks = yaml.safe_load((root / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert {repository["repo"] for repository in hooks["repos"]} == {"local"}


def test_every_package_is_typed_and_shipped(root: Path) -> None:
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    packages = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert [name for name in packages if not (root / name / "py.typed").exists()] == []
    assert {Path(name).parent.name for name in packages} == {"sdk", "agents", "responsible_ai"}


def _root() -> Path:
    return Path(__file__).parents[2]


def _tracked_files(root: Path) -> list[Path]:
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        pytest.skip("not a checkout: there are no tracked files to read")
    done = subprocess.run([git, "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True)
    return [root / name for name in done.stdout.split("\0") if name and (root / name).is_file()]
