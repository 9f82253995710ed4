"""Packs a recipe with its samples into a zip, and reads one back, with hashes of all in it."""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, ConfigDict

from prudent.errors import ConfigurationError, ConflictError
from prudent_agents.recipes.recipe import FILE, Recipe
from prudent_agents.tool import Tool

MANIFEST = "prudent-recipe.json"
FORMAT = "recipe-pack/1"
MOST_BYTES = 64 << 20
MOST_FILES = 500
_UNREADABLE = (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError, ValueError)
"""What reading a broken, encrypted or strange zip raises; a manifest that is none is a ValueError."""
_DATE = (1980, 1, 1, 0, 0, 0)
"""The same recipe makes the same zip, byte for byte."""


class Manifest(BaseModel):
    """What a pack holds and what it was made with. Hashes are SHA-256; those of models are the catalog's."""

    model_config = ConfigDict(extra="forbid")

    format: str = FORMAT
    name: str
    version: str
    licence: str | None = None
    files: dict[str, str]
    tools: dict[str, str]
    models: dict[str, dict[str, str]]


def pack(recipe: Recipe, to: Path) -> Manifest:
    """Write the recipe and all files of its folder into a zip. Values of secrets are in none of them.

    Raises:
        ConflictError: the file is there.
        ConfigurationError: the folder holds too much.
    """
    if to.exists():
        raise ConflictError(f"There is a {to} already.", hint="Name another file.")
    contents = {FILE: recipe.text.encode()}
    for path in sorted(recipe.folder.rglob("*")) if recipe.folder is not None else ():
        name = path.relative_to(recipe.folder or path).as_posix()
        if path.is_file() and not path.is_symlink() and name not in (FILE, MANIFEST):
            contents[name] = path.read_bytes()
        if len(contents) > MOST_FILES or sum(map(len, contents.values())) > MOST_BYTES:
            raise ConfigurationError(
                f"The folder {recipe.folder} holds too much for a pack.",
                hint=f"A pack has at most {MOST_FILES} files and {MOST_BYTES >> 20} MiB.",
            )
    document = recipe.document
    manifest = Manifest(
        name=document.name,
        version=document.version,
        licence=document.licence,
        files={name: hashlib.sha256(data).hexdigest() for name, data in contents.items()},
        tools={name: tool.digest for name, tool in recipe.checked.tools.items()},
        models=_models(recipe),
    )
    contents[MANIFEST] = (json.dumps(manifest.model_dump(), indent=2, sort_keys=True) + "\n").encode()
    with zipfile.ZipFile(to, "x", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), data, zipfile.ZIP_DEFLATED)
    return manifest


def _models(recipe: Recipe) -> dict[str, dict[str, str]]:
    from prudent.catalog import Catalog

    entries = {entry.id: entry for entry in Catalog.load().entries}
    model = recipe.document.model
    named = [model] if isinstance(model, str) else [] if model is None else [model.planner, model.worker]
    known = [entries[name] for name in named if name is not None and name in entries]
    return {entry.id: {file.name: file.sha256 for file in entry.files} for entry in known}


def read_pack(path: Path, *, tools: list[Tool] | None = None) -> tuple[Recipe, list[str], dict[str, bytes]]:
    """The recipe of a pack, what is different here from where it was made, and its files.

    Raises:
        ConfigurationError: it is no pack, or a file in it is not the one that was packed.
        RecipeError: the recipe is wrong, or names tools that are not here.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            contents = _contents(path, archive)
            manifest = Manifest.model_validate_json(contents.pop(MANIFEST))
    except KeyError:
        raise ConfigurationError(f"{path} has no {MANIFEST}, so it is no recipe's pack.") from None
    except _UNREADABLE as error:
        raise ConfigurationError(f"{path} is no recipe's pack: {type(error).__name__}.") from error
    if manifest.format != FORMAT:
        raise ConfigurationError(f"{path} is '{manifest.format[:40]}', and '{FORMAT}' can be read here.")
    for name in sorted(contents.keys() ^ manifest.files.keys()):
        raise ConfigurationError(f"{path}: '{name[:80]}' is only in the pack, or only in its list.")
    for name, data in contents.items():
        if hashlib.sha256(data).hexdigest() != manifest.files[name]:
            raise ConfigurationError(f"{path}: '{name[:80]}' is not the file that was packed.")
    recipe = Recipe(contents[FILE].decode("utf-8"), f"{path}/{FILE}", tools=tools or [])
    return recipe, _different(recipe, manifest), contents


def _contents(path: Path, archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Every file of a zip, within bounds, under a plain relative name."""
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > MOST_FILES + 1 or sum(info.file_size for info in infos) > MOST_BYTES:
        raise ConfigurationError(f"{path} holds too much for a recipe's pack.")
    for info in infos:
        parts = PurePosixPath(info.filename)
        if parts.is_absolute() or ".." in parts.parts or "\\" in info.filename or ":" in info.filename:
            raise ConfigurationError(f"{path}: '{info.filename[:80]}' leads out of the pack.")
    return {info.filename: archive.read(info) for info in infos}


def _different(recipe: Recipe, manifest: Manifest) -> list[str]:
    told: list[str] = []
    for name, digest in manifest.tools.items():
        tool = recipe.checked.tools.get(name)
        if tool is not None and tool.digest != digest:
            told.append(f"The tool {name} here is not the one that the recipe was packed with.")
    here: dict[str, Any] = _models(recipe)
    told += [
        f"The model {name} here is not the one that the recipe was packed with."
        for name, files in manifest.models.items()
        if name in here and here[name] != files
    ]
    return told


def unpack(path: Path, folder: Path, *, tools: list[Tool] | None = None) -> Recipe:
    """Check a pack and write it into a new folder. Raises as `read_pack`, and ConflictError."""
    _, _, contents = read_pack(path, tools=tools)
    if folder.exists():
        raise ConflictError(f"There is a {folder} already.", hint="Name a new folder.")
    for name, data in contents.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return Recipe.load(folder, tools=tools or [])
