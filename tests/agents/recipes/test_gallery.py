"""The gallery's recipes are right, can be gone through without a model, packed, and written as Python."""

from __future__ import annotations

import ast
import zipfile
from pathlib import Path

import pytest

from prudent.errors import ConfigurationError
from prudent_agents.recipes import Recipe, gallery
from prudent_agents.recipes.bundle import MANIFEST, pack, read_pack, unpack
from prudent_agents.recipes.drawing import mermaid, tree
from prudent_agents.recipes.exporting import as_python
from prudent_agents.recipes.rehearsal import rehearse

LARGEST = 60_000
"""Bytes of a sample."""


@pytest.mark.parametrize("name", gallery())
def test_a_recipe_is_right_and_can_be_gone_through(name: str) -> None:
    recipe = Recipe.load(name)
    assert recipe.name == name
    assert recipe.warnings == ()
    assert recipe.document.tests
    assert recipe.folder is not None
    done = rehearse(recipe, recipe.document.tests[0].given, base=recipe.folder)
    assert done.run.status == "done", done.run.error
    assert set(recipe.document.steps) <= set(done.run.results)
    shown = tree(recipe)
    assert all(f"  {step}: " in shown for step in recipe.document.steps)
    assert mermaid(recipe).startswith("flowchart TD")
    ast.parse(as_python(recipe))
    assert [path for path in recipe.folder.rglob("*") if path.stat().st_size > LARGEST] == []


def test_the_invoice_desk_asks_before_it_drafts() -> None:
    recipe = Recipe.load("invoice-desk")
    done = rehearse(recipe, recipe.document.tests[0].given, base=recipe.folder)
    assert [question.step for question in done.asked] == ["draft"]


def test_the_python_of_a_recipe_has_its_plan_and_its_rules() -> None:
    recipe = Recipe.load("invoice-desk")
    space: dict[str, object] = {"__name__": "exported"}
    exec(compile(as_python(recipe), "exported.py", "exec"), space)
    assert space["PLAN"] == recipe.plan
    assert space["RULES"] == ["ask: sql.execute", "deny: untrusted -> sql.execute.statement"]


def test_a_pack_is_the_same_every_time_and_comes_back(tmp_path: Path) -> None:
    recipe = Recipe.load("receipt-to-expense")
    manifest = pack(recipe, tmp_path / "one.zip")
    pack(recipe, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert set(manifest.files) == {"recipe.yaml", "samples/receipt.png"}
    again, different, _ = read_pack(tmp_path / "one.zip")
    assert (again.digest, different) == (recipe.digest, [])
    assert unpack(tmp_path / "one.zip", tmp_path / "back").digest == recipe.digest
    assert (tmp_path / "back/samples/receipt.png").is_file()


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("samples/receipt.png", b"another", "is not the file that was packed"),
        ("../outside.txt", b"x", "leads out of the pack"),
        ("more.txt", b"x", "is only in the pack"),
    ],
)
def test_a_pack_that_was_changed_is_refused(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    path = tmp_path / "one.zip"
    pack(Recipe.load("receipt-to-expense"), path)
    with zipfile.ZipFile(path) as archive:
        contents = {one: archive.read(one) for one in archive.namelist()}
    contents[name] = data
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        for one, content in contents.items():
            archive.writestr(one, content)
    with pytest.raises(ConfigurationError, match=words):
        read_pack(tmp_path / "two.zip")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"no zip at all" * 100])
def test_what_is_no_pack_is_said(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(ConfigurationError, match="is no recipe's pack"):
        read_pack(tmp_path / "x.zip")
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as archive:
        archive.writestr("recipe.yaml", "x: 1")
    with pytest.raises(ConfigurationError, match=MANIFEST):
        read_pack(tmp_path / "y.zip")
