"""Where prudent keeps its files, and whether it may use the network. Knows nothing of models."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from prudent.errors import ConfigurationError

_YES = frozenset({"1", "true", "yes"})


def home() -> Path:
    """Folder of everything that prudent stores: PRUDENT_HOME, else the platform's cache folder.

    The environment is read at every call; the folder is not created.

    Raises:
        ConfigurationError: the user has no home folder and PRUDENT_HOME is not set.
    """
    try:
        given = os.environ.get("PRUDENT_HOME")
        return Path(given).expanduser().absolute() if given else _cache_folder()
    except RuntimeError as error:
        raise ConfigurationError(
            "There is no home folder to keep models in.", hint="Set PRUDENT_HOME to a folder."
        ) from error


def offline() -> bool:
    """Whether PRUDENT_OFFLINE forbids the network."""
    return os.environ.get("PRUDENT_OFFLINE", "").strip().lower() in _YES


def model_folder(model_id: str) -> Path:
    """Folder of a fetched model's files; it may not exist."""
    return home() / "models" / model_id


def compiled_folder(model_id: str) -> Path:
    """Folder of everything compiled from a model, one folder a target inside; it may not exist."""
    return home() / "compiled" / model_id


def lock_file(name: str) -> Path:
    """File that processes lock to take turns on `name`. It is never removed: that would split the queue."""
    return home() / "locks" / f"{name}.lock"


def _cache_folder() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "prudent"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "prudent" / "Cache"
    xdg = os.environ.get("XDG_CACHE_HOME")
    # The specification says that a relative path in XDG_CACHE_HOME is to be ignored.
    return (Path(xdg) if xdg and Path(xdg).is_absolute() else Path.home() / ".cache") / "prudent"
